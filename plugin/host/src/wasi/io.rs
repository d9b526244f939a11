//! Streams: standard input has ended, standard output and standard error take everything, and nothing is waited for.

use wasmtime::{
    StoreContextMut,
    component::{ComponentType, Lift, LinkerInstance, Lower},
};

use super::{Held, OTHER, STDERR, STDOUT};
use crate::state::GuestState;

/// `wasi:io/streams.stream-error`
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    LastOperationFailed(Held),
    #[component(name = "closed")]
    Closed,
}

/// What a stream says of some work.
type Done<T> = Result<T, StreamError>;

/// Bytes that a stream takes at a time.
const ROOM: u64 = 64 * 1024;

type Store<'a> = StoreContextMut<'a, GuestState>;

pub(super) fn define(
    inside: &mut LinkerInstance<'_, GuestState>,
    interface: &str,
    name: &str,
) -> wasmtime::Result<bool> {
    match interface {
        "wasi:io/poll" => wait(inside, name),
        "wasi:io/error" => {
            inside.func_wrap(name, |_, (_,): (Held,)| Ok((String::new(),)))?;
            Ok(true)
        }
        "wasi:io/streams" => {
            let Some((stream, function)) =
                name.strip_prefix("[method]").and_then(|name| name.split_once('.'))
            else {
                return Ok(false);
            };
            match (stream, function) {
                (_, "subscribe") => {
                    inside.func_wrap(name, |_, (_,): (Held,)| Ok((Held::new_own(OTHER),)))?;
                    Ok(true)
                }
                ("input-stream", function) => input(inside, name, function),
                ("output-stream", function) => output(inside, name, function),
                _ => Ok(false),
            }
        }
        _ => Ok(false),
    }
}

/// Everything has come to pass.
fn wait(inside: &mut LinkerInstance<'_, GuestState>, name: &str) -> wasmtime::Result<bool> {
    match name {
        "[method]pollable.ready" => inside.func_wrap(name, |_, (_,): (Held,)| Ok((true,)))?,
        "[method]pollable.block" => inside.func_wrap(name, |_, (_,): (Held,)| Ok(()))?,
        "poll" => inside.func_wrap(name, |_, (all,): (Vec<Held>,)| {
            Ok(((0..).take(all.len()).collect::<Vec<u32>>(),))
        })?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn input(
    inside: &mut LinkerInstance<'_, GuestState>,
    name: &str,
    function: &str,
) -> wasmtime::Result<bool> {
    match function {
        "read" | "blocking-read" => inside.func_wrap(name, |_, (_, _): (Held, u64)| {
            Ok((Done::<Vec<u8>>::Err(StreamError::Closed),))
        })?,
        "skip" | "blocking-skip" => inside.func_wrap(name, |_, (_, _): (Held, u64)| {
            Ok((Done::<u64>::Err(StreamError::Closed),))
        })?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn output(
    inside: &mut LinkerInstance<'_, GuestState>,
    name: &str,
    function: &str,
) -> wasmtime::Result<bool> {
    match function {
        "check-write" => {
            inside.func_wrap(name, |_, (_,): (Held,)| Ok((Done::Ok(ROOM),)))?;
        }
        "write" | "blocking-write-and-flush" => {
            inside.func_wrap(name, |store: Store<'_>, (stream, bytes): (Held, Vec<u8>)| {
                print(store, &stream, &bytes);
                Ok((Done::Ok(()),))
            })?;
        }
        "flush" | "blocking-flush" => {
            inside.func_wrap(name, |_, (_,): (Held,)| Ok((Done::Ok(()),)))?;
        }
        // Nobody prints zeroes to be read.
        "write-zeroes" | "blocking-write-zeroes-and-flush" => {
            inside.func_wrap(name, |_, (_, _): (Held, u64)| Ok((Done::Ok(()),)))?;
        }
        "splice" | "blocking-splice" => {
            inside.func_wrap(name, |_, (_, _, _): (Held, Held, u64)| {
                Ok((Done::<u64>::Err(StreamError::Closed),))
            })?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn print(mut store: Store<'_>, stream: &Held, bytes: &[u8]) {
    let console = &mut store.data_mut().console;
    match stream.rep() {
        STDOUT => console.print(bytes),
        STDERR => console.complain(bytes),
        _ => {}
    }
}
