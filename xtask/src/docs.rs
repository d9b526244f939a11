//! `cargo xtask docs [--check]`: the help texts in the reference are what the plugin prints.
//!
//! A block to fill is a comment line `<!-- kubectl pods check --help -->` with a fenced block right after it.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, bail};

use crate::{cargo::plugin, command::output, workspace::root};

/// Files that hold such blocks.
const FILES: [&str; 1] = ["docs/reference.md"];

/// Rewrites the blocks, or with `check` only compares them.
///
/// # Errors
///
/// When a block differs (`check`), or the plugin cannot be built or asked.
pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    let plugin = plugin(false)?;
    for file in FILES {
        let path = root().join(file);
        let text = fs::read_to_string(&path).with_context(|| file.to_owned())?;
        let fresh = filled(&text, |command| help(&plugin, command))?;
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
    }
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
        assert!(filled("<!-- kubectl pods x --help -->\ntext\n", |_| Ok(String::new())).is_err());
    }
}
