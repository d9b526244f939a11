//! What surrounds a program: words, variables, folders, the terminal, the time. There is none of it but the time of the run.

use wasmtime::{
    StoreContextMut, bail,
    component::{ComponentType, Lift, LinkerInstance, Lower},
};

use super::{Held, OTHER, STDERR, STDIN, STDOUT};
use crate::state::GuestState;

/// `wasi:clocks/wall-clock.datetime`
#[derive(ComponentType, Lift, Lower)]
#[component(record)]
struct DateTime {
    seconds: u64,
    nanoseconds: u32,
}

const NANOSECONDS: u64 = 1_000_000;

pub(super) fn define(
    inside: &mut LinkerInstance<'_, GuestState>,
    interface: &str,
    name: &str,
) -> wasmtime::Result<bool> {
    match (interface, name) {
        ("wasi:cli/environment", "get-environment") => {
            inside.func_wrap(name, |_, ()| Ok((Vec::<(String, String)>::new(),)))?;
        }
        ("wasi:cli/environment", "get-arguments") => {
            inside.func_wrap(name, |_, ()| Ok((Vec::<String>::new(),)))?;
        }
        ("wasi:cli/environment", "initial-cwd") => {
            inside.func_wrap(name, |_, ()| Ok((None::<String>,)))?;
        }
        ("wasi:filesystem/preopens", "get-directories") => {
            inside.func_wrap(name, |_, ()| Ok((Vec::<(Held, String)>::new(),)))?;
        }
        ("wasi:cli/stdin", "get-stdin") => stream(inside, name, STDIN)?,
        ("wasi:cli/stdout", "get-stdout") => stream(inside, name, STDOUT)?,
        ("wasi:cli/stderr", "get-stderr") => stream(inside, name, STDERR)?,
        (
            "wasi:cli/terminal-stdin" | "wasi:cli/terminal-stdout" | "wasi:cli/terminal-stderr",
            _,
        ) => inside.func_wrap(name, |_, ()| Ok((None::<Held>,)))?,
        ("wasi:cli/exit", "exit") => {
            inside.func_wrap(name, |_, (_,): (Result<(), ()>,)| ended())?;
        }
        ("wasi:cli/exit", "exit-with-code") => {
            inside.func_wrap(name, |_, (_,): (u8,)| ended())?;
        }
        ("wasi:clocks/wall-clock" | "wasi:clocks/monotonic-clock", _) => {
            return time(inside, interface, name);
        }
        ("wasi:sockets/instance-network", "instance-network") => {
            inside.func_wrap(name, |_, ()| Ok((Held::new_own(OTHER),)))?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn stream(
    inside: &mut LinkerInstance<'_, GuestState>,
    name: &str,
    which: u32,
) -> wasmtime::Result<()> {
    inside.func_wrap(name, move |_, ()| Ok((Held::new_own(which),)))
}

fn ended() -> wasmtime::Result<()> {
    bail!("it ended its program itself (exit)")
}

/// Time stands still while a guest runs. Whoever waits for a moment has waited already.
fn time(
    inside: &mut LinkerInstance<'_, GuestState>,
    interface: &str,
    name: &str,
) -> wasmtime::Result<bool> {
    let millis = |store: &StoreContextMut<'_, GuestState>| {
        u64::try_from(store.data().now_millis).unwrap_or_default()
    };
    match (interface, name) {
        ("wasi:clocks/wall-clock", "now") => inside.func_wrap(name, move |store, ()| {
            let (seconds, rest) = (millis(&store) / 1_000, millis(&store) % 1_000);
            let nanoseconds = u32::try_from(rest * NANOSECONDS).unwrap_or_default();
            Ok((DateTime { seconds, nanoseconds },))
        })?,
        ("wasi:clocks/wall-clock", "resolution") => {
            inside
                .func_wrap(name, |_, ()| Ok((DateTime { seconds: 0, nanoseconds: 1_000_000 },)))?;
        }
        ("wasi:clocks/monotonic-clock", "now") => inside
            .func_wrap(name, move |store, ()| Ok((millis(&store).saturating_mul(NANOSECONDS),)))?,
        ("wasi:clocks/monotonic-clock", "resolution") => {
            inside.func_wrap(name, |_, ()| Ok((NANOSECONDS,)))?;
        }
        ("wasi:clocks/monotonic-clock", "subscribe-instant" | "subscribe-duration") => {
            inside.func_wrap(name, |_, (_,): (u64,)| Ok((Held::new_own(OTHER),)))?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
