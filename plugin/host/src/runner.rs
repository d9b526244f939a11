//! Calls into a guest: the clock is set before, and whatever ended the call is put into plain words after.

use std::time::{Duration, Instant};

use wasmtime::{Store, Trap};

use super::{
    bindings::types,
    engine::TICK,
    failure::{GuestFailure, Stage, Why},
    limits::{Exceeded, Limits},
    load::Guest,
    state::GuestState,
};
use table::sanitize;

/// One running guest. After a failure it must not be called again, and is not: the failure ends the session.
pub(super) struct Runner {
    label: String,
    pub(super) limits: Limits,
    pub(super) store: Store<GuestState>,
    spent: Duration,
}

impl Runner {
    /// For a run at this time, in Unix milliseconds.
    pub(super) fn new(guest: &Guest, now_millis: i64) -> Self {
        let state = GuestState::new(&guest.limits, &guest.options, now_millis);
        let mut store = Store::new(&guest.engine, state);
        store.limiter(|state| &mut state.meter);
        store.set_hostcall_fuel(guest.limits.handover);
        Self {
            label: guest.label.clone(),
            limits: guest.limits.clone(),
            store,
            spent: Duration::ZERO,
        }
    }

    /// Calls into the guest, and stops it when its time is up.
    pub(super) fn call<T>(
        &mut self,
        stage: Stage,
        call: impl FnOnce(&mut Store<GuestState>) -> wasmtime::Result<T>,
    ) -> Result<T, GuestFailure> {
        let (limit, what) = self.limit(stage);
        let ticks = limit.as_millis().div_ceil(TICK.as_millis());
        self.store.set_epoch_deadline(u64::try_from(ticks).unwrap_or(u64::MAX).max(1));
        let start = Instant::now();
        let result = call(&mut self.store);
        let after = start.elapsed();
        self.spent += after;
        result.map_err(|error| {
            self.failure(stage, self.why(&error, Why::Time { after, limit, what }))
        })
    }

    /// The failure that a guest returned by itself.
    pub(super) fn returned(&self, stage: Stage, failure: types::Failure) -> GuestFailure {
        let clean = |text: String| sanitize::line(&text).into_owned();
        let why = Why::Returned {
            code: clean(failure.code),
            message: clean(failure.message),
            row: failure.row,
        };
        GuestFailure { hint: failure.hint.map(clean), ..self.failure(stage, why) }
    }

    pub(super) fn failure(&self, stage: Stage, why: Why) -> GuestFailure {
        let hint = matches!(why, Why::Time { what: "one call", .. })
            .then(|| "it may be in an endless loop".to_owned());
        GuestFailure { guest: self.label.clone(), stage, why, hint }
    }

    /// The time for this call, and the name of the limit that it comes from.
    fn limit(&self, stage: Stage) -> (Duration, &'static str) {
        let call = match stage {
            Stage::Start | Stage::Describe | Stage::Open | Stage::Plan => self.limits.short_call,
            Stage::Push | Stage::Finish => self.limits.batch,
        };
        let left = self.limits.session.saturating_sub(self.spent);
        if left < call { (left, "a session") } else { (call, "one call") }
    }

    fn why(&self, error: &wasmtime::Error, time: Why) -> Why {
        if let Some(exceeded) = error.downcast_ref::<Exceeded>() {
            return Why::Memory(exceeded.to_string());
        }
        if is_out_of_memory(error) {
            return Why::Memory(self.limits.not_to_be_had());
        }
        let last_words = self.store.data().last_words();
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => time,
            Some(trap) => {
                Why::Trap { reason: plain_words(*trap, last_words.is_some()), last_words }
            }
            None => unnamed(error, &self.limits, last_words),
        }
    }
}

/// Whether this machine, not a limit of ours, refused memory.
fn is_out_of_memory(error: &wasmtime::Error) -> bool {
    let refused = |error: &std::io::Error| error.kind() == std::io::ErrorKind::OutOfMemory;
    error.chain().any(|cause| {
        let errno = cause.downcast_ref::<rustix::io::Errno>();
        errno == Some(&rustix::io::Errno::NOMEM) || cause.downcast_ref().is_some_and(refused)
    })
}

/// A trap in words that need no knowledge of WebAssembly.
fn plain_words(trap: Trap, has_last_words: bool) -> String {
    match trap {
        Trap::UnreachableCodeReached if has_last_words => "it gave up".into(),
        Trap::UnreachableCodeReached => "it gave up without a word (a panic or an abort)".into(),
        Trap::StackOverflow => "its stack overflowed, which is most often endless recursion".into(),
        Trap::MemoryOutOfBounds => {
            "it used memory that it does not have, most often by endless recursion".into()
        }
        Trap::IntegerDivisionByZero => "it divided by zero".into(),
        trap => trap.to_string().replace("wasm trap: ", "it was stopped: "),
    }
}

/// Errors that wasmtime gives no type; the tests keep their wording.
fn unnamed(error: &wasmtime::Error, limits: &Limits, last_words: Option<String>) -> Why {
    let text = error.root_cause().to_string();
    if text.contains("fuel allocated for hostcalls") {
        let limit = limits.handover / 1024 / 1024;
        return Why::Output(format!(
            "it gave back too much at once, the limit for one call is {limit} MiB"
        ));
    }
    Why::Trap { reason: sanitize::line(&text).into_owned(), last_words }
}
