//! One table or document: open, plan, push batches of rows, finish.

use table::{columns::Value, grid};
use wasmtime::component::ResourceAny;

use super::{
    bindings::types,
    convert,
    exports::Exports,
    failure::{GuestFailure, Stage, Why},
    load::Guest,
    plan,
    runner::Runner,
    shape::{Output, Plan, Planned},
};

/// What a guest is told about the run.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Where the rows come from: `get`, `check`.
    pub command: String,
    /// What else there is to know: `all-namespaces`. Unknown words mean nothing to a guest.
    pub features: Vec<String>,
    /// Columns of the terminal; `None`: not a terminal.
    pub width: Option<u32>,
    /// Whether roles will be shown in colour.
    pub rich: bool,
    /// Now, in Unix milliseconds. A guest has no other clock.
    pub now_millis: i64,
}

/// A guest at work.
pub struct Session {
    runner: Runner,
    exports: Exports,
    /// The guest's own session.
    handle: ResourceAny,
    plan: Plan,
    output: Output,
    /// Bytes of output so far.
    size: usize,
}

impl Guest {
    /// Starts the guest and asks for its plan.
    ///
    /// # Errors
    ///
    /// When the guest fails, or plans what cannot be had.
    pub fn open(&self, context: &Context) -> Result<Session, GuestFailure> {
        let mut runner = Runner::new(self, context.now_millis);
        let exports = Exports::start(self, &mut runner)?;
        let context = self.context(context);
        let session = runner.call(Stage::Open, |mut store| match &exports {
            Exports::Table(guest) => {
                guest.kpods_guest_table().session().call_open(&mut store, &context)
            }
            Exports::Document(guest) => {
                guest.kpods_guest_document().session().call_open(&mut store, &context)
            }
        })?;
        let session = session.map_err(|failure| runner.returned(Stage::Open, failure))?;
        let plan = plan::ask(&mut runner, &exports, session)?;
        let output = match &plan.output {
            Planned::Table(columns) => {
                Output::Table { columns: columns.clone(), lines: Vec::new() }
            }
            Planned::Document(media_type) => {
                Output::Document { media_type: media_type.clone(), bytes: Vec::new() }
            }
        };
        Ok(Session { runner, exports, handle: session, plan, output, size: 0 })
    }

    fn context(&self, context: &Context) -> types::Context {
        types::Context {
            host_version: env!("CARGO_PKG_VERSION").into(),
            features: context.features.clone(),
            command: context.command.clone(),
            options: self.options.clone(),
            width: context.width,
            rich: context.rich,
            locale: "C".into(),
            now_millis: context.now_millis,
            total_hint: None,
        }
    }
}

impl Session {
    /// What the guest wants to know, and will give.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Gives rows to the guest, in batches of the size it asked for. Each has the values of [`Plan::needs`], in order.
    ///
    /// # Errors
    ///
    /// When the guest fails; the session is over then.
    pub fn push(&mut self, rows: impl IntoIterator<Item = Vec<Value>>) -> Result<(), GuestFailure> {
        let mut rows =
            rows.into_iter().map(|row| row.into_iter().map(convert::value).collect()).peekable();
        while rows.peek().is_some() {
            let batch: Vec<Vec<types::Value>> = rows.by_ref().take(self.plan.batch).collect();
            self.step(Stage::Push, Some(&batch))?;
        }
        Ok(())
    }

    /// Has the guest give what it kept back.
    ///
    /// # Errors
    ///
    /// When the guest fails.
    pub fn finish(&mut self) -> Result<(), GuestFailure> {
        self.step(Stage::Finish, None)?;
        if let Output::Table { columns, lines } = &self.output {
            // Beside the text itself, which was counted as it came.
            self.size = 0;
            let drawn = grid::drawn_size(columns, lines);
            self.count(Stage::Finish, drawn)?;
        }
        Ok(())
    }

    /// Everything the guest made, be it whole or what was ready before it failed.
    #[must_use]
    pub fn into_made(mut self) -> Made {
        Made { output: self.output, notes: self.runner.store.data_mut().take_notes() }
    }

    fn step(
        &mut self,
        stage: Stage,
        batch: Option<&[Vec<types::Value>]>,
    ) -> Result<(), GuestFailure> {
        let session = self.handle;
        match &self.exports {
            Exports::Table(guest) => {
                let guest = guest.kpods_guest_table().session();
                let lines = self.runner.call(stage, |store| match batch {
                    Some(rows) => guest.call_push(store, session, rows),
                    None => guest.call_finish(store, session),
                })?;
                let lines = lines.map_err(|failure| self.runner.returned(stage, failure))?;
                self.keep_lines(stage, &lines)
            }
            Exports::Document(guest) => {
                let guest = guest.kpods_guest_document().session();
                let bytes = self.runner.call(stage, |store| match batch {
                    Some(rows) => guest.call_push(store, session, rows),
                    None => guest.call_finish(store, session),
                })?;
                let bytes = bytes.map_err(|failure| self.runner.returned(stage, failure))?;
                self.keep_bytes(stage, &bytes)
            }
        }
    }

    fn keep_lines(&mut self, stage: Stage, new: &[types::Line]) -> Result<(), GuestFailure> {
        let spans = new.iter().flat_map(|line| &line.cells).flat_map(|cell| &cell.spans);
        self.count(stage, spans.map(|span| span.text.len() + 1).sum::<usize>() + new.len())?;
        if let Output::Table { columns, lines } = &mut self.output {
            for line in new {
                let line = convert::line(line, columns.len(), &self.runner.limits);
                lines.push(line.map_err(|wrong| self.runner.failure(stage, Why::Contract(wrong)))?);
            }
        }
        Ok(())
    }

    fn keep_bytes(&mut self, stage: Stage, new: &[u8]) -> Result<(), GuestFailure> {
        self.count(stage, new.len())?;
        if let Output::Document { bytes, .. } = &mut self.output {
            bytes.extend_from_slice(new);
        }
        Ok(())
    }

    fn count(&mut self, stage: Stage, bytes: usize) -> Result<(), GuestFailure> {
        self.size += bytes;
        let limit = self.runner.limits.output;
        if self.size > limit {
            let why = Why::Output(format!(
                "it made more output than the limit of {} MiB",
                limit / 1024 / 1024
            ));
            return Err(self.runner.failure(stage, why));
        }
        Ok(())
    }
}

/// What is left of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// Everything the guest made.
    pub output: Output,
    /// What it wants the user to know, one line each, safe to print.
    pub notes: Vec<String>,
}
