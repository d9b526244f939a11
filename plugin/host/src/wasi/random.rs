//! Randomness, of which every run has the same.

use wasmtime::{StoreContextMut, bail, component::LinkerInstance};

use crate::state::GuestState;

/// Bytes that are given at a time.
const AT_ONCE: u64 = 64 * 1024;

pub(super) fn define(
    inside: &mut LinkerInstance<'_, GuestState>,
    interface: &str,
    name: &str,
) -> wasmtime::Result<bool> {
    type Store<'a> = StoreContextMut<'a, GuestState>;
    match (interface, name) {
        ("wasi:random/random", "get-random-u64")
        | ("wasi:random/insecure", "get-insecure-random-u64") => {
            inside.func_wrap(name, |mut store: Store<'_>, ()| {
                Ok((store.data_mut().random.next(),))
            })?;
        }
        ("wasi:random/random", "get-random-bytes")
        | ("wasi:random/insecure", "get-insecure-random-bytes") => {
            inside.func_wrap(name, |mut store: Store<'_>, (count,): (u64,)| {
                let Some(count) = usize::try_from(count.min(AT_ONCE + 1))
                    .ok()
                    .filter(|&count| count as u64 <= AT_ONCE)
                else {
                    bail!("it asked for {count} random bytes at once, the limit is {AT_ONCE}");
                };
                Ok((store.data_mut().random.bytes(count),))
            })?;
        }
        ("wasi:random/insecure-seed", _) => {
            inside.func_wrap(name, |mut store: Store<'_>, ()| {
                let random = &mut store.data_mut().random;
                Ok(((random.next(), random.next()),))
            })?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
