//! A guest that misbehaves on purpose, for the host's tests: option `do` says how, option `in` says in which call
//! (`open`, `push` or `finish`; without it `push`). Built for WASI too, where it can ask its surroundings for more.

#[cfg(target_os = "wasi")]
mod surroundings;

use kpods_guest::{
    About, Cell, Column, Context, Failure, Line, OptionSpec, Role, Span, Table, host,
};

kpods_guest::row! {
    /// Enough to have rows at all.
    pub struct Pod {
        name: String = "pod.name",
    }
}

/// The format.
pub struct Hostile {
    deed: String,
    call: String,
    /// Of the terminal.
    width: Option<u32>,
}

impl Table for Hostile {
    type Row = Pod;
    const ABOUT: About = About::new("hostile", env!("CARGO_PKG_VERSION"), "Misbehaves on purpose")
        .options(&[
            OptionSpec::new("do", "The misdeed", "nothing"),
            OptionSpec {
                choices: &["plan", "open", "push", "finish"],
                ..OptionSpec::new("in", "The call to do it in", "push")
            },
        ]);

    fn open(context: &Context) -> Result<Self, Failure> {
        let option = |key| context.option(key).unwrap_or_default().to_owned();
        let hostile = Self { deed: option("do"), call: option("in"), width: context.width };
        hostile.misbehave("open")?;
        Ok(hostile)
    }

    fn columns(&self) -> Vec<Column> {
        match self.deed.as_str() {
            "same-columns" => vec![Column::new("name", "NAME"), Column::new("name", "NAME")],
            "no-columns" => Vec::new(),
            "wide" => vec![Column { min: u16::MAX, ..Column::new("name", "NAME") }],
            "evil-title" => vec![Column::new("name", "NA\u{1b}[2JME\u{202e}")],
            _ => vec![Column::new("name", "NAME")],
        }
    }

    fn push(&mut self, rows: Vec<Pod>) -> Result<Vec<Line>, Failure> {
        let mut lines: Vec<_> =
            rows.into_iter().map(|pod| Line::new([Cell::from(pod.name)])).collect();
        lines.extend(self.misbehave("push")?);
        Ok(lines)
    }

    fn finish(self) -> Result<Vec<Line>, Failure> {
        self.misbehave("finish")
    }
}

impl Hostile {
    /// Does the deed if this is the call for it.
    fn misbehave(&self, call: &str) -> Result<Vec<Line>, Failure> {
        if call != self.call {
            return Ok(Vec::new());
        }
        match self.deed.as_str() {
            "loop" => endless(),
            "memory" => bomb(),
            "panic" => panic!("out of ideas\u{1b}[31m"),
            "recursion" => Ok(vec![Line::new([Cell::from(deep(1).to_string())])]),
            "failure" => Err(Failure::new("no-\u{1b}idea", "I will not\u{1b}[2J do this")
                .hint("ask\u{202e} nicely")),
            "row" => Err(Failure::new("no-row", "no second row for me").at_row(1)),
            "warn" => {
                (0..1_000).for_each(|index| {
                    host::warn(&format!("note {index}\u{1b}[2J {}", "x".repeat(1_000)));
                });
                Ok(Vec::new())
            }
            #[cfg(target_os = "wasi")]
            deed if surroundings::DEEDS.contains(&deed) => Ok(surroundings::ask(deed)),
            // No misdeed: what it was told, for the host's tests.
            "width" => Ok(vec![Line::new([Cell::from(format!("{:?}", self.width))])]),
            deed => Ok(lines(deed)),
        }
    }
}

/// Lines that a host should not print as they are.
fn lines(deed: &str) -> Vec<Line> {
    match deed {
        "flood" => vec![Line::new([Cell::from("x".repeat(1 << 20))]); 20],
        "trickle" => vec![Line::new([Cell::from("x".repeat(32 * 1024))]); 64],
        "large-cell" => vec![Line::new([Cell::from("x".repeat(100_000))])],
        "cells" => vec![Line::new([Cell::from("one"), Cell::from("two")])],
        "spans" => {
            let spans = vec![Span { text: "x".into(), role: 1 }; 5_000];
            vec![Line::new([Cell { spans, link: None, sort: None }])]
        }
        "escapes" => {
            let texts = [
                "\u{1b}]0;owned\u{7}title",
                "\u{1b}]52;c;b3duZWQ=\u{1b}\\clipboard",
                "\u{1b}[2J\u{1b}[Hclear",
                "\u{9b}31mC1",
                "bidi\u{202e}gpj",
                "two\nlines\r\u{2028}more",
                "nul\0bell\u{7}back\u{8}",
            ];
            let line = |text: &str| {
                Line::new([Cell::styled(text, Role::Bad)]).in_group(format!("of {text}"))
            };
            texts.map(line).into()
        }
        _ => Vec::new(),
    }
}

fn endless() -> ! {
    let mut count = 0_u64;
    loop {
        count = std::hint::black_box(count.wrapping_add(1));
    }
}

fn bomb() -> ! {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(std::hint::black_box(vec![1; 1 << 20]));
    }
}

#[expect(unconditional_recursion, reason = "that is what it is for")]
fn deep(depth: u64) -> u64 {
    let ballast = std::hint::black_box([depth; 64]);
    deep(depth + 1) + ballast[0]
}

kpods_guest::export_table!(Hostile);
