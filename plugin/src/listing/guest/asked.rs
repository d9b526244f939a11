//! What the user asks of a guest's table: which of its columns, by which of them sorted, and which lines of it.
//!
//! A name that the guest has a column of is the guest's; every other one is of the pod, and decides which rows the guest is
//! given, and in which order.

use anyhow::{Result, bail};

use host::{GuestColumn, GuestFailure, GuestLine, Planned, Session};
use table::{
    columns::{Filter, SortKey, Tabular, UnknownColumn, Value, order},
    grid,
};

use crate::cli::GetArgs;

/// What is asked of a guest's columns.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The columns to show, by their ids; none: those that are not hidden.
    columns: Vec<String>,
    sort: Vec<SortKey<String>>,
    keep: Vec<Filter<String>>,
}

impl Asked {
    /// Takes from the arguments what is meant for the guest, and gives the others back.
    ///
    /// # Errors
    ///
    /// When a column is asked for that the guest does not have.
    pub(super) fn of(
        args: &GetArgs,
        opened: &Result<Session, GuestFailure>,
    ) -> Result<(Self, GetArgs)> {
        let mut ours = GetArgs { columns: Vec::new(), ..args.clone() };
        let columns = match opened.as_ref().map(|session| &session.plan().output) {
            Ok(Planned::Table(columns)) => columns,
            Ok(Planned::Document(_)) if !args.columns.is_empty() => {
                bail!("--columns works with tables, and this guest writes a document")
            }
            Ok(Planned::Document(_)) => return Ok((Self::default(), ours)),
            // Nobody knows whose they were; a failed guest is said all the same, and every pod is shown.
            Err(_) => {
                ours.sort.retain(|key| key.contains(['.', '[']));
                ours.filter.retain(|filter| filter.contains(['.', '[']));
                return Ok((Self::default(), ours));
            }
        };
        let known = |id: &str| columns.iter().any(|column| column.id == id);
        if let Some(unknown) = args.columns.iter().find(|id| !known(id)) {
            let ids: Vec<&str> = columns.iter().map(|column| column.id.as_str()).collect();
            bail!("this guest has no column {unknown:?}; its columns are {}", ids.join(", "));
        }
        let mut asked = Self { columns: args.columns.clone(), ..Self::default() };
        ours.sort.retain(|text| match SortKey::parse::<Line<'_>>(text) {
            Ok(key) if known(&key.column) => {
                asked.sort.push(key);
                false
            }
            _ => true,
        });
        ours.filter.retain(|text| match Filter::parse::<Line<'_>>(text) {
            Ok(filter) if known(&filter.column) => {
                asked.keep.push(filter);
                false
            }
            _ => true,
        });
        Ok((asked, ours))
    }

    /// The columns and lines that are shown, in their order. Lines of a group stay together, and groups in their order.
    ///
    /// # Errors
    ///
    /// When a value cannot be compared with what was asked for.
    pub(super) fn arrange(
        &self,
        columns: &[GuestColumn],
        mut lines: Vec<GuestLine>,
    ) -> Result<(Vec<grid::Column>, Vec<grid::Line>)> {
        for filter in &self.keep {
            let mut kept = Vec::with_capacity(lines.len());
            for line in lines {
                if filter.holds(&Line { columns, line: &line }.value(&filter.column))? {
                    kept.push(line);
                }
            }
            lines = kept;
        }
        if !self.sort.is_empty() {
            self.order(columns, &mut lines);
        }
        let shown = self.shown(columns);
        let pick = |line: GuestLine| {
            let mut cells: Vec<Option<grid::Cell>> =
                line.drawn.cells.into_iter().map(Some).collect();
            let cells = shown.iter().map(|&place| cells[place].take().unwrap_or_default());
            grid::Line { cells: cells.collect(), group: line.drawn.group }
        };
        let lines = lines.into_iter().map(pick).collect();
        Ok((shown.iter().map(|&place| columns[place].drawn.clone()).collect(), lines))
    }

    fn order(&self, columns: &[GuestColumn], lines: &mut Vec<GuestLine>) {
        let mut groups: Vec<Option<String>> = Vec::new();
        let mut keyed: Vec<(usize, Vec<Value>, GuestLine)> = Vec::with_capacity(lines.len());
        for line in lines.drain(..) {
            let group = groups.iter().rposition(|group| *group == line.drawn.group);
            let group = group.unwrap_or_else(|| {
                groups.push(line.drawn.group.clone());
                groups.len() - 1
            });
            let row = Line { columns, line: &line };
            let values = self.sort.iter().map(|key| row.value(&key.column)).collect();
            keyed.push((group, values, line));
        }
        keyed.sort_by(|(group, values, _), (other_group, others, _)| {
            group.cmp(other_group).then_with(|| order(&self.sort, values, others))
        });
        lines.extend(keyed.into_iter().map(|(_, _, line)| line));
    }

    /// Places of the columns that are shown. A column that is asked for twice is shown once.
    fn shown(&self, columns: &[GuestColumn]) -> Vec<usize> {
        let places = 0..columns.len();
        if self.columns.is_empty() {
            return places.filter(|&place| !columns[place].hidden).collect();
        }
        let mut shown = Vec::new();
        for id in &self.columns {
            let place = places.clone().find(|&place| columns[place].id == *id);
            shown.extend(place.filter(|place| !shown.contains(place)));
        }
        shown
    }
}

/// A line, by the ids of its columns.
struct Line<'l> {
    columns: &'l [GuestColumn],
    line: &'l GuestLine,
}

impl Tabular for Line<'_> {
    type Column = String;

    /// Every name may be one: which there are is known from a guest's plan.
    fn column(path: &str) -> Result<String, UnknownColumn> {
        Ok(path.to_owned())
    }

    fn value(&self, column: &String) -> Value {
        let place = self.columns.iter().position(|known| known.id == *column);
        place.map_or(Value::Missing, |place| self.line.value(place))
    }
}
