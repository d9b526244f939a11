//! A report as a table in kubectl's layout.

use kubectl_pods_report::{Judgement, Protocol, Report, TargetReport};
use table::{
    columns::{Named, draw},
    grid::Look,
};

use super::columns::{COLUMNS, ReportColumn, Reported, Says};

/// The report as lines: of what failed the cause, and a second one on a second line. `wide` with phases, counts and source
/// too, and with what was seen in the place of causes: those stand with the chains.
#[must_use]
pub(super) fn table(report: &Report, wide: bool, look: Look) -> String {
    let repeated = report.targets.iter().any(|target| target.counts.total() > 1);
    // What a resolver says is all that was asked of it.
    let is_told = |target: &TargetReport| {
        target.judgement != Judgement::Held || target.protocol == Some(Protocol::Dns)
    };
    let told = report.targets.iter().any(is_told);
    let is_shown = |named: &&Named<ReportColumn>| match named.column {
        ReportColumn::Held => repeated || wide,
        ReportColumn::From => report.sources.len() > 1 || wide,
        ReportColumn::Message => told || wide,
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
    let rows: Vec<_> =
        report.targets.iter().flat_map(|target| rows(report, target, wide)).collect();
    draw(&rows, &columns, look)
}

fn rows<'r>(report: &'r Report, target: &'r TargetReport, wide: bool) -> Vec<Reported<'r>> {
    let row = |says| Reported { report, target, says };
    if wide {
        return vec![row(Says::Seen)];
    }
    let further = target.causes.iter().skip(1).map(Says::Further);
    [Says::Cause].into_iter().chain(further).map(row).collect()
}
