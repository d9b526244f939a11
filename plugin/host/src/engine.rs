//! One engine per process: how guests are compiled, and the clock that can stop them.

use std::{thread, time::Duration};

use wasmtime::{Config, Engine};

/// One step of the clock against which time limits are measured.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// Stack of a guest in bytes. Threads of Rust's tests and of tokio have 2 MiB, so that the host keeps three quarters.
const STACK: usize = 512 * 1024;

/// Makes an engine and starts its clock, which stops when the engine is gone.
///
/// # Errors
///
/// When this machine cannot run wasmtime at all, for instance because executable memory is forbidden.
pub(super) fn start() -> wasmtime::Result<Engine> {
    let engine = Engine::new(&config())?;
    let weak = engine.weak();
    thread::Builder::new().name("guest-clock".into()).spawn(move || {
        while let Some(engine) = weak.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    })?;
    Ok(engine)
}

/// Settings under which the output of a guest depends on nothing but the guest and its rows.
fn config() -> Config {
    let mut config = Config::new();
    config
        // Costs a few per cent; fuel, the alternative, costs twice that.
        .epoch_interruption(true)
        .max_wasm_stack(STACK)
        // The bits of a NaN differ between processors.
        .cranelift_nan_canonicalization(true);
    config
}
