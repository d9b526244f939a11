//! A report as a table in kubectl's layout.

use kubectl_pods_report::{Judgement, Report};
use table::{
    columns::{Named, draw},
    grid::Look,
};

use super::columns::{COLUMNS, Column, Reported};

/// The report as lines; `wide` with phases, counts and source too.
#[must_use]
pub(super) fn table(report: &Report, wide: bool, look: Look) -> String {
    let repeated = report.targets.iter().any(|target| target.counts.total() > 1);
    let failed = report.targets.iter().any(|target| target.judgement != Judgement::Held);
    let is_shown = |named: &&Named<Column>| match named.column {
        Column::Held => repeated || wide,
        Column::From => report.sources.len() > 1 || wide,
        Column::Message => failed || wide,
        Column::Target
        | Column::Address
        | Column::Verdict
        | Column::Code
        | Column::Connect
        | Column::Rtt
        | Column::Total => true,
        _ => wide,
    };
    let columns: Vec<_> = COLUMNS.iter().filter(is_shown).copied().collect();
    let rows: Vec<_> = report.targets.iter().map(|target| Reported { report, target }).collect();
    draw(&rows, &columns, look)
}
