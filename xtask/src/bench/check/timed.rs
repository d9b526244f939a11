//! A command, its answer, its end, and when each came.

use std::{
    io::Read as _,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;

use crate::command;

/// What a command did, and when.
pub(super) struct Timed {
    /// From its start until its output had all of the answer; none if it never did.
    pub(super) answer: Option<Duration>,
    /// From its start to its end.
    pub(super) end: Duration,
    /// How it ended.
    pub(super) status: ExitStatus,
    /// Its standard output.
    pub(super) output: String,
}

/// Runs `command`, whose answer is there as soon as its output has `answer` in it.
///
/// # Errors
///
/// When it cannot be started or read.
pub(super) fn run(command: &mut Command, answer: &str) -> anyhow::Result<Timed> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let begun = Instant::now();
    let mut child =
        command.spawn().with_context(|| format!("cannot start `{}`", command::shown(command)))?;
    let mut stdout = child.stdout.take().context("no standard output")?;
    let (mut output, mut piece, mut answered) = (String::new(), [0; 16 << 10], None);
    loop {
        let length = stdout.read(&mut piece)?;
        if length == 0 {
            break;
        }
        output.push_str(&String::from_utf8_lossy(&piece[..length]));
        if answered.is_none() && output.contains(answer) {
            answered = Some(begun.elapsed());
        }
    }
    let status = child.wait()?;
    Ok(Timed { answer: answered, end: begun.elapsed(), status, output })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_comes_before_the_end() {
        let mut command = Command::new("sh");
        let timed = run(command.args(["-c", "echo no; echo yes; sleep 0.2; exit 3"]), "yes");
        let timed = timed.expect("a shell");
        let answer = timed.answer.expect("an answer");
        assert!(answer + Duration::from_millis(100) < timed.end, "{answer:?} {:?}", timed.end);
        assert_eq!((timed.output.as_str(), timed.status.code()), ("no\nyes\n", Some(3)));
        let never = run(Command::new("sh").args(["-c", "echo no"]), "yes").expect("a shell");
        assert_eq!(never.answer, None);
    }
}
