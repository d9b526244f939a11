//! Running other programs, with errors that say what was run and what it said.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};

use anyhow::{Context, Result, anyhow, bail};

/// How many lines of a failed program's output an error quotes.
const QUOTED_LINES: usize = 15;

/// Runs `command` to its end and discards its output.
///
/// # Errors
///
/// When it cannot be started or fails; then the end of what it wrote is part of the error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    finished(command).map(drop)
}

/// Runs `command` to its end and returns its standard output, without trailing white space.
///
/// # Errors
///
/// As [`run`], or when the output is not UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = finished(command)?;
    let text = String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` wrote something other than UTF-8", shown(command)))?;
    Ok(text.trim_end().to_owned())
}

/// Runs `command` with our own streams.
///
/// # Errors
///
/// When it cannot be started or fails. What it said was seen already.
pub(crate) fn show(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs `command` and returns its standard output; its standard error is ours, for progress.
///
/// # Errors
///
/// As [`show`].
pub(crate) fn watched_output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", shown(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs `command` to its end, gives each line of its standard error to `on_line` as it comes and writes it to `log`, and
/// returns its standard output.
///
/// # Errors
///
/// As [`output`], and the error names the log.
pub(crate) fn follow(
    command: &mut Command,
    log: &Path,
    mut on_line: impl FnMut(&str),
) -> Result<String> {
    let mut file = create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let mut stdout = child.stdout.take().context("no standard output")?;
    let stderr = child.stderr.take().context("no standard error")?;
    // Both at once: a program that fills one pipe while we read the other would wait forever.
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let mut said = Vec::new();
    for line in BufReader::new(stderr).lines() {
        let line = line?;
        on_line(&line);
        writeln!(file, "{line}")?;
        said.push(line);
    }
    let status = child.wait()?;
    if !status.success() {
        let error = failure(command, status, &said.join("\n"));
        return Err(error.context(format!("all that was said is in {}", log.display())));
    }
    Ok(reader.join().expect("reading does not panic")?)
}

fn create(log: &Path) -> io::Result<File> {
    fs::create_dir_all(log.parent().unwrap_or(log))?;
    File::create(log)
}

/// Whether `command` ran and succeeded. For polling: what it said is of no interest.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn finished(command: &mut Command) -> Result<Output> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if !output.status.success() {
        let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        return Err(failure(command, output.status, &String::from_utf8_lossy(&said)));
    }
    Ok(output)
}

fn failure(command: &Command, status: ExitStatus, said: &str) -> anyhow::Error {
    anyhow!("`{}` failed ({status}): {}", shown(command), last_lines(said, QUOTED_LINES))
}

/// The last `count` lines of `text`.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// The command line as a user would type it, for messages only.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_names_command_and_its_words() {
        let error = run(Command::new("sh").args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("sh -c") && text.contains("exit status: 3"), "{text}");
        assert!(text.ends_with("why"), "{text}");
    }

    #[test]
    fn followed_failure_names_its_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let (log, mut lines) = (folder.path().join("logs/build.log"), 0);
        let mut command = Command::new("sh");
        command.args(["-c", "for i in $(seq 100); do echo line $i >&2; done; exit 1"]);
        let error = follow(&mut command, &log, |_| lines += 1).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains(&log.display().to_string()) && text.ends_with("line 100"), "{text}");
        let logged = fs::read_to_string(&log).expect("a log");
        assert_eq!((lines, logged.lines().count()), (100, 100));
        assert!(logged.starts_with("line 1\n"), "{logged}");
    }

    #[test]
    fn last_lines_of() {
        let cases = [("", 2, ""), ("a\n", 2, "a"), ("a\nb\nc\n\n", 2, "b\nc")];
        for (text, count, expected) in cases {
            assert_eq!(last_lines(text, count), expected, "{text:?}");
        }
    }
}
