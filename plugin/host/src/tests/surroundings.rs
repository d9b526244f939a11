//! A guest built for WASI: what its standard library finds is nothing, and the same in every run.

use std::path::Path;

use super::load;
use crate::{Context, Guest, GuestFailure, Made, Output};
use table::columns::Value;

/// 2026-11-28T10:00:00Z
const NOW: i64 = 1_795_860_000_000;

fn guest(deed: &str) -> Guest {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wasm-guests/prebuilt/hostile-wasi.wasm");
    let guest = load(&path.display().to_string()).expect("a guest that imports WASI loads");
    let options = [("do", deed), ("in", "push")].map(|(key, value)| (key.into(), value.into()));
    Guest { options: options.into(), ..guest }
}

fn run(deed: &str, now_millis: i64) -> Result<Made, GuestFailure> {
    let mut session = guest(deed).open(&Context { now_millis, ..Context::default() })?;
    session.push([vec![Value::Text("pod".into())]])?;
    session.finish()?;
    Ok(session.into_made())
}

fn lines(made: &Made) -> Vec<String> {
    let Output::Table { lines, .. } = &made.output else { panic!("it makes a table") };
    lines
        .iter()
        .map(|line| line.drawn.cells[0].spans.iter().map(|span| span.text.as_str()).collect())
        .collect()
}

#[test]
fn a_standard_library_finds_nothing_and_always_the_same() {
    let made = run("ask", NOW).expect("it works");
    let found = lines(&made);
    assert_eq!(
        run("ask", NOW).map(|made| lines(&made)),
        Ok(found.clone()),
        "a function of its inputs"
    );
    insta::assert_snapshot!(found.join("\n"));
    let later = lines(&run("ask", NOW + 1).expect("it works"));
    let differ: Vec<&String> =
        found.iter().zip(&later).filter(|(one, other)| one != other).map(|(one, _)| one).collect();
    assert_eq!(differ, ["now 1795860000000, slept 0ns"]);
}

#[test]
fn what_it_prints_is_a_note() {
    let made = run("print", NOW).expect("it works");
    assert_eq!(made.notes, ["to [31mstdout", "to stderr, without an end"]);
}

#[test]
fn its_last_complaint_is_its_last_words() {
    let cases = [
        ("exit", "guest FILE failed in push: it ended its program itself (exit)"),
        (
            "complain",
            "guest FILE failed in push: it gave up: Traceback: / in push / ValueError: no [2Jnode",
        ),
        ("panic", "guest FILE failed in push: it gave up: panicked at"),
    ];
    for (deed, expected) in cases {
        let failure = run(deed, NOW).expect_err("it gives up");
        let told = failure.to_string().replace(&failure.guest, "FILE");
        assert!(told.starts_with(expected), "{told}");
    }
}
