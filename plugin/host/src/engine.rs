//! One engine per process: how guests are compiled, and the clock that can stop them.

use std::{thread, time::Duration};

use wasmtime::{Config, Engine};

/// One step of the clock against which time limits are measured.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// Stack of a guest in bytes. Threads of Rust's tests and of tokio have 2 MiB, so that the host keeps three quarters.
const STACK: usize = 512 * 1024;

/// Makes an engine for guests of at most so many bytes of memory, and starts its clock, which stops when the engine is
/// gone.
///
/// # Errors
///
/// When this machine cannot run wasmtime at all, for instance because executable memory is forbidden.
pub(super) fn start(memory: usize) -> wasmtime::Result<Engine> {
    let engine = Engine::new(&config(memory))?;
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

/// Address space beyond a memory that no access may reach: it spares small offsets their check.
const GUARD: u64 = 64 * 1024;

/// Settings under which the output of a guest depends on nothing but the guest and its rows.
fn config(memory: usize) -> Config {
    let mut config = Config::new();
    config
        // Costs a few per cent; fuel, the alternative, costs twice that.
        .epoch_interruption(true)
        .max_wasm_stack(STACK)
        // Of address space, wasmtime would take 4 GiB for each memory, whatever the guest may use: too much where that is
        // limited too (`ulimit -v`, batch systems). So much as the guest may have is enough; it never moves while it grows.
        .memory_reservation(memory as u64)
        .memory_reservation_for_growth(0)
        .memory_guard_size(GUARD)
        // The bits of a NaN differ between processors.
        .cranelift_nan_canonicalization(true);
    config
}
