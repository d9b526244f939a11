//! The mistakes of `tests/fixtures/causes.yaml`: who names them.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{kubernetes::Kubernetes, popeye};
use crate::workspace;

pub(super) const NAMESPACE: &str = "bench-mistakes";

/// Until so long after they were made, mistakes are waited for: a second crash, a first failed probe.
const LIMIT: Duration = Duration::from_mins(2);

/// Makes them, waits until ours names as many as it will, and prints a line for each.
pub(super) fn show(kubernetes: &Kubernetes<'_>) -> Result<()> {
    let fixtures = workspace::root().join("tests/fixtures");
    let read = |file: &str| {
        let path = fixtures.join(file);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let expected = read("causes.json")?.replace("NS", NAMESPACE);
    let expected: Vec<Value> = serde_json::from_str(&expected)?;
    kubernetes.create(NAMESPACE, &read("causes.yaml")?)?;
    let targets: Vec<String> = expected.iter().map(|mistake| text(&mistake["target"])).collect();
    let begun = Instant::now();
    let rows = loop {
        let rows = kubernetes.check(NAMESPACE, &targets)?;
        let all = expected.iter().zip(&rows).all(|(mistake, row)| is_named(mistake, row));
        if all || begun.elapsed() > LIMIT {
            break rows;
        }
        thread::sleep(Duration::from_secs(2));
    };
    print(&expected, &rows, &kubernetes.popeye(NAMESPACE)?);
    Ok(())
}

/// Whether the first cause is of the kind that the mistake is.
fn is_named(mistake: &Value, row: &Value) -> bool {
    row["causes"][0]["kind"] == mistake["kind"]
}

fn print(expected: &[Value], rows: &[Value], report: &Value) {
    let (mut ours, mut theirs) = (0, 0);
    println!("\n| target | our first cause | errors of popeye at the object or its pods |");
    println!("|---|---|---|");
    for (mistake, row) in expected.iter().zip(rows) {
        let target = text(&mistake["target"]);
        let named = is_named(mistake, row);
        let errors = popeye::errors(report, NAMESPACE, object(&target));
        ours += usize::from(named);
        theirs += usize::from(!errors.is_empty());
        let not = if named { "" } else { "NOT the mistake: " };
        println!(
            "| `{target}` | {not}{} | {} |",
            text(&row["causes"][0]["kind"]),
            errors.join("; ")
        );
    }
    let all = expected.len();
    println!("\nof {all} mistakes: ours names {ours}; popeye has an error at {theirs}");
}

/// The name of the object that a target speaks of.
fn object(target: &str) -> &str {
    let name = target.rsplit("://").next().unwrap_or(target);
    let name = name
        .split_once('/')
        .map_or(name, |(kind, rest)| if ["svc", "deploy"].contains(&kind) { rest } else { kind });
    name.split([':', '/', '.']).next().unwrap_or(name)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("none").to_owned()
}

#[cfg(test)]
mod tests {
    use super::object;

    #[test]
    fn the_object_of_a_target() {
        let cases = [
            ("svc/web", "web"),
            ("front:80/nowhere", "front"),
            ("http://front.ns.svc.cluster.lan/", "front"),
            ("deploy/idl", "idl"),
            ("ended", "ended"),
        ];
        for (target, expected) in cases {
            assert_eq!(object(target), expected, "{target}");
        }
    }
}
