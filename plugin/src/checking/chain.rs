//! Below the wide table: of each target that is not as expected its causes, and every step to it.

use kubectl_pods_report::{Link, LinkState, Report, TargetReport};
use table::{
    grid::{self, Cell, Column, Line, Look, Role},
    sanitize,
};

/// The chains of `report`, each with a heading; nothing where there are none.
#[must_use]
pub(super) fn chains(report: &Report, look: Look) -> String {
    let mut text = String::new();
    for target in report.targets.iter().filter(|target| !target.chain.is_empty()) {
        text.extend(["\n", &heading(report, target), &links(&target.chain, look)]);
    }
    text
}

/// The target, and under it one line for each cause.
fn heading(report: &Report, target: &TargetReport) -> String {
    let node = report.source_of(target).and_then(|source| source.node.as_deref());
    let from = match node {
        Some(node) if report.sources.len() > 1 => format!(" from {node}"),
        _ => String::new(),
    };
    let title = format!("{}{from}: {}", target.target, target.verdict);
    let causes = target.causes.iter().map(|cause| format!("  {}", cause.line()));
    let lines: Vec<String> = [title].into_iter().chain(causes).collect();
    lines.iter().map(|line| sanitize::line(line).into_owned() + "\n").collect()
}

fn links(chain: &[Link], look: Look) -> String {
    // As wide as the longest word of each, so that all chains stand alike.
    let column = |title, min| Column { min, ..Column::text(title) };
    let columns = [column("LINK", 11), column("STATE", 13), column("NOTE", 0)];
    let line = |link: &Link| Line {
        cells: vec![
            Cell::new(&format!("  {}", link.what.as_str()), Role::Plain),
            Cell::new(link.state.as_str(), role(link.state)),
            Cell::new(&link.note, Role::Plain),
        ],
        group: None,
    };
    let lines: Vec<Line> = chain.iter().map(line).collect();
    grid::draw(&columns, &lines, Look { no_headers: true, ..look })
}

const fn role(state: LinkState) -> Role {
    match state {
        LinkState::Held => Role::Good,
        LinkState::Broken => Role::Bad,
        LinkState::NotLookedAt => Role::Warn,
    }
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Cause, CauseKind, LinkKind, Observation};

    use super::*;

    #[test]
    fn every_target_that_failed_has_its_causes_and_its_links() {
        let mut target =
            TargetReport::settled("svc/web", &[], Observation::Stopped, "it has ended");
        let link = |what, state, note: &str| Link { what, state, note: note.to_owned() };
        target.chain = vec![
            link(LinkKind::Service, LinkState::Held, "its address is 10.96.0.7"),
            link(LinkKind::Selector, LinkState::Broken, "app=web: 0 pods"),
            link(LinkKind::Direct, LinkState::NotLookedAt, "no endpoint"),
        ];
        target.causes.push(Cause {
            kind: CauseKind::SelectorMatchesNothing,
            message: "svc/web selects app=web".to_owned(),
            next: Some("run kubectl".to_owned()),
            object: None,
        });
        let held = TargetReport::settled("fine", &[], Observation::Stopped, "");
        let text = chains(&Report::new(Vec::new(), vec![held, target]), Look::default());
        let expected = "
svc/web: stopped
  svc/web selects app=web; run kubectl
  service     held            its address is 10.96.0.7
  selector    broken          app=web: 0 pods
  direct      not looked at   no endpoint
";
        assert_eq!(text, expected);
    }
}
