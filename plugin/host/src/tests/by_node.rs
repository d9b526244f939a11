//! The built-in guest `by-node`, through the very path that `kubectl pods -o guest:by-node` takes.

use std::{borrow::Cow, sync::OnceLock};

use table::{
    columns::{Need, PodColumn, PodReader, Tabular as _, Value},
    grid::{self, Look},
    row::{ColumnDefinition, Row},
};

use crate::{Context, Guest, Made, Output, Session};

const CELLS: [&str; 7] = ["Name", "Ready", "Status", "Restarts", "Age", "IP", "Node"];

/// `count` pods on three nodes; every seventh is broken.
fn rows(session: &Session, count: usize) -> Vec<Vec<Value>> {
    let needs = &session.plan().needs;
    let named = |name: &str| ColumnDefinition { name: name.to_owned(), ..Default::default() };
    let reader = PodReader::new(needs, &CELLS.map(named));
    let row = |index: usize| {
        let broken = index % 7 == 3;
        let (ready, status, restarts) = if broken {
            ("0/1", "CrashLoopBackOff", "12 (5m30s ago)")
        } else {
            ("1/1", "Running", "0")
        };
        let cells =
            [format!("web-{index}"), ready.into(), status.into(), restarts.into(), "3d4h".into()];
        let place = ["10.0.0.1".to_owned(), format!("node{}", index % 3)];
        let cells = cells.into_iter().chain(place).map(Cow::Owned).collect();
        let row = Row { cells, namespace: None, object: None };
        let pod = reader.read(&row).expect("it has no object that could be wrong");
        needs.iter().map(|need| pod.value(need)).collect()
    };
    (0..count).map(row).collect()
}

/// Compiled once for all tests.
fn load() -> Guest {
    static COMPILED: OnceLock<Guest> = OnceLock::new();
    COMPILED.get_or_init(|| super::load("by-node").expect("by-node is built in")).clone()
}

fn run(guest: &Guest, count: usize, batch: Option<usize>) -> Made {
    let mut session = guest.open(&Context::default()).expect("by-node opens");
    let rows = rows(&session, count);
    for rows in rows.chunks(batch.unwrap_or(usize::MAX)) {
        session.push(rows.to_vec()).expect("by-node takes rows");
    }
    session.finish().expect("by-node finishes");
    session.into_made()
}

fn text(finished: &Made) -> String {
    let Output::Table { columns, lines } = &finished.output else {
        panic!("by-node makes a table")
    };
    grid::draw(columns, lines, Look::default())
}

#[test]
fn prints_pods_by_node() {
    let guest = load();
    insta::assert_snapshot!(text(&run(&guest, 4, None)), @r"
      NAME    READY   STATUS             RESTARTS         AGE
    node0: 2 pods, 1 unhealthy
      web-0   1/1     Running            0                3d4h
      web-3   0/1     CrashLoopBackOff   12 (5m30s ago)   3d4h
    node1: 1 pod
      web-1   1/1     Running            0                3d4h
    node2: 1 pod
      web-2   1/1     Running            0                3d4h
    ");
    insta::assert_snapshot!(text(&run(&guest, 0, None)), @"NAME   READY   STATUS   RESTARTS   AGE");
}

#[test]
fn batches_do_not_change_lines() {
    let guest = load();
    let whole = run(&guest, 257, None);
    assert!(text(&whole).starts_with("  NAME      READY"), "{}", text(&whole));
    assert!(text(&whole).contains("node0: 86 pods, 13 unhealthy\n  web-0 "), "{}", text(&whole));
    assert_eq!(text(&whole).lines().count(), 1 + 3 + 257);
    for batch in [1, 64, 256] {
        assert_eq!(run(&guest, 257, Some(batch)), whole, "batches of {batch}");
    }
}

#[test]
fn runs_are_identical() {
    let again = super::load("by-node").expect("by-node is built in");
    assert_eq!(run(&load(), 257, None), run(&again, 257, None));
}

#[test]
fn asks_only_for_cells_and_namespaces() {
    let guest = load();
    let session = guest.open(&Context::default()).expect("by-node opens");
    let need = session.plan().needs.iter().map(PodColumn::need).max();
    assert_eq!(need, Some(Need::Namespace));
}

#[test]
fn other_uses_are_refused() {
    let guest = super::load("by-node,top=3").expect("by-node is built in");
    let misuse = guest.fit("pods").err().expect("by-node has no options");
    assert_eq!(
        misuse.to_string(),
        r#"guest by-node cannot be used like this: it has no option "top"; it has none"#
    );
    let misuse = load().fit("probe").err().expect("by-node is for pods");
    assert_eq!(
        misuse.to_string(),
        "guest by-node cannot be used like this: it takes pods, not probe"
    );
}
