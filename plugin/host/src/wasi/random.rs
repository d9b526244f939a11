//! Numbers that look random and are the same in every run.

use wasmtime::{StoreContextMut, bail, component::LinkerInstance};

use crate::state::GuestState;

/// Bytes that are given at a time.
const AT_ONCE: u64 = 64 * 1024;

/// `SplitMix64` (Steele, Lea and Flood, 2014): every seed is as good as any other, and there is no state to be got wrong.
#[derive(Debug, Default)]
pub(crate) struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 7);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}

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

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        // From the reference implementation, seed 0: <https://prng.di.unimi.it/splitmix64.c>.
        let mut random = Random::default();
        let expected = [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f];
        assert_eq!([random.next(), random.next(), random.next()], expected);
        assert_eq!(Random::default().bytes(11)[..8], expected[0].to_le_bytes());
        assert_eq!(Random::default().bytes(11).len(), 11);
    }
}
