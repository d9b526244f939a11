//! `cargo xtask docs [--check]`: the help texts in the reference are what the plugin prints, and links lead somewhere.
//!
//! A block to fill is a comment line `<!-- kubectl pods check --help -->` with a fenced block right after it.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, bail, ensure};

use crate::{
    cargo::{self, Part},
    command::output,
    links,
    workspace::root,
};

/// Files that hold such blocks.
const FILES: [&str; 1] = ["docs/reference.md"];

/// Rewrites the blocks, or with `check` only compares them, and follows the links.
///
/// # Errors
///
/// When a link leads nowhere or a block differs (both with `check`), when a file has no block, and when the plugin cannot
/// be built or asked.
pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    if check {
        links::check()?;
    }
    let built = cargo::build(Part::Plugin)?;
    let plugin = built.plugin()?;
    for file in FILES {
        let path = root().join(file);
        let text = fs::read_to_string(&path).with_context(|| file.to_owned())?;
        let fresh =
            filled(&text, |command| help(plugin, command)).with_context(|| file.to_owned())?;
        if fresh == text {
            continue;
        }
        if check {
            bail!(
                "the help texts in {file} are not what the plugin prints: run `cargo xtask docs`"
            );
        }
        fs::write(&path, fresh).with_context(|| file.to_owned())?;
        println!("rewrote {file}");
    }
    Ok(())
}

/// What `command`, a line like `kubectl pods check --help`, prints.
fn help(plugin: &Path, command: &str) -> anyhow::Result<String> {
    let words = command
        .strip_prefix("kubectl pods")
        .context("a block's command starts with `kubectl pods`")?;
    output(Command::new(plugin).args(words.split_whitespace()).env("COLUMNS", "100"))
}

/// `text` with every marked block replaced by what `print` gives for its command.
fn filled(text: &str, print: impl Fn(&str) -> anyhow::Result<String>) -> anyhow::Result<String> {
    let mut fresh = String::new();
    let mut lines = text.lines();
    let mut blocks = 0;
    while let Some(line) = lines.next() {
        fresh.push_str(line);
        fresh.push('\n');
        let Some(command) =
            line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" --help -->"))
        else {
            continue;
        };
        let Some(fence) = lines.next().filter(|line| line.starts_with("```")) else {
            bail!("`{line}` has no fenced block after it");
        };
        if !lines.by_ref().any(|line| line == "```") {
            bail!("the block after `{line}` does not end");
        }
        let printed = print(&format!("{command} --help"))?;
        fresh.extend([fence, "\n", printed.trim_end(), "\n```\n"]);
        blocks += 1;
    }
    // Otherwise a comparison would pass that compared nothing.
    ensure!(blocks > 0, "no block is marked `<!-- kubectl pods … --help -->`");
    Ok(fresh)
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn marked_blocks_are_filled_and_nothing_else() {
        let text = "a\n<!-- kubectl pods x --help -->\n```text\nold\n```\n```\nkept\n```\n";
        let fresh = filled(text, |command| Ok(format!("new: {command}\n"))).unwrap();
        assert_eq!(
            fresh,
            "a\n<!-- kubectl pods x --help -->\n```text\nnew: kubectl pods x --help\n```\n```\nkept\n```\n"
        );
    }

    #[test]
    fn text_in_which_nothing_can_be_filled_is_an_error() {
        let cases = [
            ("<!-- kubectl pods x --help -->\ntext\n", "has no fenced block after it"),
            ("<!-- kubectl pods x --help -->\n```text\nold\n", "does not end"),
            ("```text\nunmarked\n```\n", "no block is marked"),
            ("", "no block is marked"),
        ];
        for (text, expected) in cases {
            let error = filled(text, |_| Ok(String::new())).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }
}
