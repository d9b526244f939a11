//! A report as a table in kubectl's layout.

use kubectl_pods_report::{Judgement, Report};
use table::{
    columns::{Named, draw},
    grid::Look,
};

use super::columns::{COLUMNS, ReportColumn, Reported};

/// The report as lines; `wide` with phases, counts and source too.
#[must_use]
pub(super) fn table(report: &Report, wide: bool, look: Look) -> String {
    let repeated = report.targets.iter().any(|target| target.counts.total() > 1);
    let failed = report.targets.iter().any(|target| target.judgement != Judgement::Held);
    let is_shown = |named: &&Named<ReportColumn>| match named.column {
        ReportColumn::Held => repeated || wide,
        ReportColumn::From => report.sources.len() > 1 || wide,
        ReportColumn::Message => failed || wide,
        ReportColumn::Target
        | ReportColumn::Address
        | ReportColumn::Verdict
        | ReportColumn::Code
        | ReportColumn::Connect
        | ReportColumn::Rtt
        | ReportColumn::Total => true,
        _ => wide,
    };
    let columns: Vec<_> = COLUMNS.iter().filter(is_shown).copied().collect();
    let rows: Vec<_> = report.targets.iter().map(|target| Reported { report, target }).collect();
    draw(&rows, &columns, look)
}
