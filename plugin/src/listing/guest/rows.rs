//! Gives rows to a guest while they arrive, and keeps those that it has not made lines of: should it fail, they are shown
//! by the built-in table.

use std::mem;

use anyhow::Result;

use host::{GuestFailure, Made, Session, Why};
use table::{
    columns::{PodReader, Tabular as _, Value},
    row::{ColumnDefinition, Row},
    sanitize,
};

use crate::listing::{Change, ListVersion, Sink, printers::PodTable};

/// Rows on their way to a guest.
pub(super) struct Rows {
    work: Work,
    reader: PodReader,
    /// Rows for the next call, each with the values that the guest needs.
    batch: Vec<Vec<Value>>,
    /// The names of their pods.
    names: Vec<String>,
    name: Option<usize>,
    /// The rows that are not in what the guest made, where the built-in table may have to show them.
    rest: Option<PodTable>,
}

/// How far the guest is.
enum Work {
    Going(Box<Session>),
    Ended(Box<Ended>),
    /// Only while it is being called.
    Between,
}

/// What came of a guest.
pub(super) struct Ended {
    /// What it made, be it all or only what was ready when it failed.
    pub(super) made: Option<Made>,
    /// Why it failed, and at which pods. The first failure is the last: the guest is not called again.
    pub(super) failure: Option<(GuestFailure, String)>,
    /// The rows that are not in what it made, if they are to be shown.
    pub(super) rest: Option<PodTable>,
}

impl Work {
    fn ended(made: Option<Made>, failure: Option<(GuestFailure, String)>) -> Self {
        Self::Ended(Box::new(Ended { made, failure, rest: None }))
    }
}

impl Rows {
    /// For a guest that was opened; `rest` is an empty table for what it does not make lines of, if somebody wants that.
    pub(super) fn new(opened: Result<Session, GuestFailure>, rest: Option<PodTable>) -> Self {
        let failed = |failure| Work::ended(None, Some((failure, String::new())));
        let work = opened.map_or_else(failed, |session| Work::Going(Box::new(session)));
        let reader = PodReader::default();
        Self { work, reader, batch: Vec::new(), names: Vec::new(), name: None, rest }
    }

    /// What came of it, once the list has ended.
    pub(super) fn ended(self) -> Option<Ended> {
        match self.work {
            Work::Ended(ended) => Some(Ended { rest: self.rest, ..*ended }),
            Work::Going(_) | Work::Between => None,
        }
    }

    /// Calls the guest with what waits for it.
    fn push(&mut self) {
        let batch = mem::take(&mut self.batch);
        self.call(|session| session.push(batch));
        if let Work::Going(session) = &self.work
            && !session.plan().whole_set
            && let Some(rest) = &mut self.rest
        {
            // It has made lines of these, and what it made is shown even if it fails later.
            rest.forget();
        }
        self.names.clear();
    }

    fn keep(&mut self, change: Change, row: Row<'_>) -> Result<()> {
        self.rest.as_mut().map_or(Ok(()), |rest| rest.row(change, row))
    }

    fn call(&mut self, call: impl FnOnce(&mut Session) -> Result<(), GuestFailure>) {
        self.work = match mem::replace(&mut self.work, Work::Between) {
            Work::Going(mut session) => match call(&mut session) {
                Ok(()) => Work::Going(session),
                Err(failure) => {
                    let place = place(&failure, &self.names);
                    Work::ended(Some(session.into_made()), Some((failure, place)))
                }
            },
            work => work,
        };
    }
}

/// At which pods it was: the row that a guest names, or the ends of the batch that it was given.
fn place(failure: &GuestFailure, names: &[String]) -> String {
    let row = match &failure.why {
        Why::Returned { row, .. } => row.and_then(|row| usize::try_from(row).ok()),
        _ => None,
    };
    match (row.and_then(|row| names.get(row)), names) {
        (Some(name), _) | (None, [name]) => format!(", at pod {}", sanitize::line(name)),
        (None, [first, .., last]) => {
            let (first, last) = (sanitize::line(first), sanitize::line(last));
            format!(", between the pods {first} and {last}")
        }
        (None, []) => String::new(),
    }
}

impl Sink for Rows {
    fn columns(&mut self, columns: &[ColumnDefinition]) -> Result<()> {
        if let Work::Going(session) = &self.work {
            self.reader = PodReader::new(&session.plan().needs, columns);
            self.name = columns.iter().position(|cell| cell.name.eq_ignore_ascii_case("name"));
        }
        self.rest.as_mut().map_or(Ok(()), |rest| rest.columns(columns))
    }

    fn row(&mut self, change: Change, row: Row<'_>) -> Result<()> {
        if let Work::Going(session) = &self.work {
            let pod = self.reader.read(&row)?;
            self.batch.push(session.plan().needs.iter().map(|need| pod.value(need)).collect());
            let name = self.name.and_then(|name| row.cells.get(name));
            self.names.push(name.map(|name| name.clone().into_owned()).unwrap_or_default());
            let is_full = self.batch.len() >= session.plan().batch;
            self.keep(change, row)?;
            if is_full {
                self.push();
            }
            return Ok(());
        }
        self.keep(change, row)
    }

    fn end(&mut self, versions: &[ListVersion]) -> Result<()> {
        if !self.batch.is_empty() {
            self.push();
        }
        self.call(Session::finish);
        self.work = match mem::replace(&mut self.work, Work::Between) {
            Work::Going(session) => Work::ended(Some(session.into_made()), None),
            work => work,
        };
        self.rest.as_mut().map_or(Ok(()), |rest| rest.end(versions))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use host::{Choice, Context, Guest, Limits, Output, Places};

    use super::*;
    use crate::listing::{TableOptions, View};

    /// Sends `count` rows to the guest that does this.
    fn rows(deed: &str, call: &str, count: usize) -> Rows {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../wasm-guests/prebuilt/hostile.wasm");
        let choice: Choice = format!("{},do={deed},in={call}", path.display()).parse().unwrap();
        let guest = Guest::load(&choice, &Places::default(), Limits::default()).unwrap();
        let rest = PodTable::new(&View::default(), TableOptions::default());
        let mut rows = Rows::new(guest.open(&Context::default()), Some(rest));
        let name = ColumnDefinition { name: "Name".to_owned(), ..ColumnDefinition::default() };
        rows.columns(&[name]).unwrap();
        for index in 0..count {
            let row = format!(r#"{{"cells":["web-{index}"]}}"#);
            rows.row(Change::Listed, Row::parse(row.as_bytes()).unwrap()).unwrap();
        }
        rows
    }

    /// Lines that it made, and where it failed.
    fn ended(mut rows: Rows) -> (usize, Option<String>) {
        rows.end(&[]).unwrap();
        let ended = rows.ended().expect("the list has ended");
        let made = ended.made.expect("it was opened");
        let Output::Table { lines, .. } = made.output else { panic!("it makes a table") };
        (lines.len(), ended.failure.map(|(_, place)| place))
    }

    #[test]
    fn a_guest_is_given_rows_before_the_list_ends() {
        let has_ended = |rows: &Rows| matches!(rows.work, Work::Ended(_));
        assert!(has_ended(&rows("panic", "push", 256)), "a whole batch is there: it is given");
        let begun = rows("panic", "push", 255);
        assert!(!has_ended(&begun), "less than a batch waits");
        let place = ", between the pods web-0 and web-254".to_owned();
        assert_eq!(ended(begun), (0, Some(place)), "the rest is given at the end");
        assert_eq!(ended(rows("nothing", "push", 600)), (600, None));
    }

    #[test]
    fn what_was_made_before_a_failure_is_kept() {
        let place = Some(String::new());
        assert_eq!(ended(rows("panic", "finish", 300)), (300, place));
    }
}
