//! What guests may do to their host: nothing. Every attack ends in a failure that says who, where and why, in time,
//! and the next guest works.

use std::{
    path::Path,
    sync::OnceLock,
    time::{Duration, Instant},
};

use super::load;
use table::{
    columns::Value,
    grid::{self, Look},
};

use crate::{Context, Guest, GuestFailure, Made, Output, Why};

/// The hostile guest with a deed to do, and limits small enough for tests.
fn hostile(deed: &str, call: &str) -> Guest {
    static COMPILED: OnceLock<Guest> = OnceLock::new();
    let compiled = COMPILED.get_or_init(|| {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wasm-guests/prebuilt/hostile.wasm");
        let mut guest = load(&path.display().to_string()).expect("hostile loads");
        guest.label = "hostile".into();
        guest.limits.memory = 64 << 20;
        // For machines with other work: only loops are to run into the clock.
        guest.limits.short_call = Duration::from_secs(10);
        guest.limits.batch = Duration::from_secs(10);
        guest
    });
    let option = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    Guest { options: vec![option("do", deed), option("in", call)], ..compiled.clone() }
}

fn run(guest: &Guest, rows: usize) -> Result<Made, GuestFailure> {
    let mut session = guest.open(&Context::default())?;
    session.push((0..rows).map(|index| vec![Value::Text(format!("pod-{index}"))]))?;
    session.finish()?;
    Ok(session.into_made())
}

#[track_caller]
fn failure(deed: &str, call: &str) -> GuestFailure {
    let failure = run(&hostile(deed, call), 3).expect_err("the attack must fail");
    let next = run(&hostile("nothing", "push"), 3).expect("the host lives on");
    let Output::Table { lines, .. } = next.output else { panic!("hostile makes a table") };
    assert_eq!(lines.len(), 3);
    failure
}

#[test]
fn attacks_end_in_plain_words() {
    let cases = [
        ("memory", "push", "it asked for 65 MiB of memory, the limit is 64 MiB (--guest-memory)"),
        (
            "recursion",
            "push",
            "it used memory that it does not have, most often by endless recursion",
        ),
        ("flood", "push", "it gave back too much at once, the limit for one call is 16 MiB"),
        ("large-cell", "push", "a cell has 100000 bytes, the limit is 65536"),
        ("cells", "push", "a line has 2 cells, its plan has 1 columns"),
        ("spans", "push", "a line has 5000 spans, the limit is 4096"),
        ("failure", "push", "I will not[2J do this; ask nicely"),
        ("same-columns", "plan", r#"its plan has two columns "name""#),
        ("no-columns", "plan", "its plan has 0 columns, it must be 1 to 1000"),
        ("memory", "open", "it asked for 65 MiB of memory, the limit is 64 MiB (--guest-memory)"),
        ("memory", "finish", "it asked for 65 MiB of memory, the limit is 64 MiB (--guest-memory)"),
    ];
    for (deed, call, why) in cases {
        let expected = format!("guest hostile failed in {call}: {why}");
        assert_eq!(failure(deed, call).to_string(), expected, "{deed} in {call}");
    }
}

#[test]
fn endless_loops_are_stopped_in_time() {
    for call in ["open", "push", "finish"] {
        let mut guest = hostile("loop", call);
        guest.limits.short_call = Duration::from_millis(300);
        guest.limits.batch = Duration::from_millis(300);
        let begun = Instant::now();
        let failure = run(&guest, 3).expect_err("a loop has no end");
        assert!(matches!(failure.why, Why::Time { .. }), "{failure}");
        let text = failure.to_string();
        let expected = format!("guest hostile failed in {call}: stopped after 0.");
        assert!(text.starts_with(&expected), "{text}");
        assert!(
            text.ends_with("s, the limit for one call is 0.3 s; it may be in an endless loop"),
            "{text}"
        );
        // Generous, for machines with other work; the clock itself ticks every 10 ms.
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    }
}

#[test]
fn a_session_has_a_limit_of_its_own() {
    let mut guest = hostile("loop", "push");
    guest.limits.session = Duration::from_millis(100);
    let failure = run(&guest, 1).expect_err("a loop has no end");
    assert!(failure.to_string().contains("the limit for a session is 0.1 s"), "{failure}");
}

#[test]
fn panics_keep_their_message() {
    for call in ["open", "push", "finish"] {
        let failure = failure("panic", call).to_string();
        let expected = format!("guest hostile failed in {call}: it gave up: panicked at ");
        assert!(failure.starts_with(&expected), "{failure}");
        // The escape byte is gone, and so is every path of the machine that built it.
        assert!(failure.ends_with(" out of ideas[31m"), "{failure}");
        assert!(failure.contains("wasm-guests/hostile/src/lib.rs"), "{failure}");
    }
}

#[test]
fn output_is_limited_in_sum() {
    let mut guest = hostile("trickle", "push");
    guest.limits.output = 1 << 20;
    let failure = run(&guest, 1).expect_err("2 MiB are more than 1 MiB");
    assert_eq!(
        failure.to_string(),
        "guest hostile failed in push: it made more output than the limit of 1 MiB"
    );
}

#[test]
fn small_answers_cannot_have_huge_drawings() {
    let mut guest = hostile("wide", "push");
    guest.limits.output = 1 << 20;
    let failure = run(&guest, 100).expect_err("100 lines of 64 KiB are more than 1 MiB");
    assert_eq!(
        failure.to_string(),
        "guest hostile failed in finish: it made more output than the limit of 1 MiB"
    );
}

#[test]
fn no_control_character_gets_out() {
    let finished = run(&hostile("escapes", "finish"), 0).expect("escapes are no failure");
    let Output::Table { columns, lines } = finished.output else { panic!("hostile makes a table") };
    let plain = grid::draw(&columns, &lines, Look::default());
    insta::assert_snapshot!(plain, @r"
      NAME
    of ]0;ownedtitle
      ]0;ownedtitle
    of ]52;c;b3duZWQ=\clipboard
      ]52;c;b3duZWQ=\clipboard
    of [2J[Hclear
      [2J[Hclear
    of 31mC1
      31mC1
    of bidigpj
      bidigpj
    of two lines  more
      two lines  more
    of nulbellback
      nulbellback
    ");
    let harmless = |text: &str| {
        text.chars()
            .all(|c| c == '\n' || !(c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c)))
    };
    assert!(harmless(&plain));
    // In colour, the only escapes are our own.
    let rich = grid::draw(&columns, &lines, Look { rich: true, ..Look::default() });
    assert!(rich.contains("\u{1b}[31m[2J[Hclear\u{1b}[0m"), "{rich:?}");
    let ours = ["\u{1b}[1m", "\u{1b}[31m", "\u{1b}[0m"];
    assert!(harmless(&ours.iter().fold(rich, |text, sgr| text.replace(sgr, ""))));
}

#[test]
fn titles_are_cleaned_too() {
    let session =
        hostile("evil-title", "push").open(&Context::default()).expect("a title is no failure");
    let crate::Planned::Table(columns) = &session.plan().output else {
        panic!("hostile makes a table")
    };
    assert_eq!(columns[0].drawn.title, "NA[2JME");
}

#[test]
fn notes_are_few_short_and_clean() {
    let finished = run(&hostile("warn", "push"), 1).expect("warnings are no failure");
    assert_eq!(finished.notes.len(), 200);
    assert!(finished.notes[7].starts_with("note 7[2J xxx"), "{}", finished.notes[7]);
    assert!(finished.notes.iter().all(|note| note.chars().count() <= 401));
}
