//! One command line, run in a clean environment, and what came of it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    pty::{Winsize, openpty},
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// A command line to be run. Every run has its own empty HOME, which is also the working directory unless
/// [`Command::current_dir`] says otherwise.
#[must_use = "it is not run yet"]
pub struct Command {
    program: PathBuf,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    stdin: Vec<u8>,
    current_dir: Option<PathBuf>,
    home: tempfile::TempDir,
}

/// What a finished command left.
#[derive(Debug)]
pub struct Run {
    /// The command line, for failure messages.
    pub command: String,
    /// Standard output; bytes that are no UTF-8 are replaced.
    pub stdout: String,
    /// Standard output as it came.
    pub stdout_bytes: Vec<u8>,
    /// Standard error.
    pub stderr: String,
    /// Exit code; 128 + signal when a signal ended it.
    pub code: i32,
    /// Wall-clock time.
    pub took: Duration,
}

impl Command {
    /// With no words yet.
    pub fn new(program: impl AsRef<Path>) -> Self {
        Self {
            program: program.as_ref().to_path_buf(),
            args: Vec::new(),
            env: BTreeMap::new(),
            stdin: Vec::new(),
            current_dir: None,
            home: tempfile::tempdir().expect("a temporary HOME"),
        }
    }

    /// With these words, after those before.
    pub fn args<I: IntoIterator<Item: Into<String>>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// With this variable in its environment, which is otherwise clean.
    pub fn env(mut self, key: &str, value: impl Into<String>) -> Self {
        self.env.insert(key.to_owned(), value.into());
        self
    }

    /// With these bytes to read.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    /// In this folder.
    pub fn current_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.current_dir = Some(dir.as_ref().to_path_buf());
        self
    }

    /// The HOME this command will see.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The command for `std::process`, with a clean environment and piped streams.
    pub fn std(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command
            .args(&self.args)
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.home.path())
            .envs(&self.env)
            .current_dir(self.current_dir.as_deref().unwrap_or(self.home.path()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts it and gives the child, for tests that send signals. The caller keeps `self` for its HOME.
    pub fn spawn(&self) -> Child {
        self.std().spawn().unwrap_or_else(|error| panic!("cannot start {}: {error}", self.line()))
    }

    /// Starts it, signals it after a while, and gives how it ended and how long after the signal. It may have been
    /// quicker: then there is nobody to signal.
    pub fn signalled(&self, signal: Signal, after: Duration) -> (ExitStatus, Duration) {
        let child = self.spawn();
        thread::sleep(after);
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
        // Nobody has waited for it yet, so the pid is still its own.
        let _ = kill(pid, signal);
        let begun = Instant::now();
        let status = child.wait_with_output().expect("it ends").status;
        (status, begun.elapsed())
    }

    /// Runs it to its end.
    pub fn run(self) -> Run {
        let begun = Instant::now();
        let mut child = self.spawn();
        let mut stdin = child.stdin.take().expect("stdin is piped");
        let input = self.stdin.clone();
        // A child that does not read its input may close it: that is its right.
        let writer = thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("the child can be waited for");
        writer.join().expect("the writer does not panic");
        Run::new(self.line(), output, begun.elapsed())
    }

    /// Runs it to its end with a terminal of so many columns as its standard output.
    pub fn run_on_terminal(self, columns: u16) -> Run {
        let begun = Instant::now();
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let terminal = openpty(Some(&size), None).expect("a terminal");
        let mut command = self.std();
        command.stdin(Stdio::null()).stdout(terminal.slave).env("TERM", "xterm");
        let child = command.spawn().expect("it starts");
        // Our copy of the terminal would keep it open.
        drop(command);
        let mut stdout = Vec::new();
        // Its end is an error: nobody holds the other side any more.
        let _ = File::from(terminal.master).read_to_end(&mut stdout);
        let mut output = child.wait_with_output().expect("the child can be waited for");
        output.stdout = String::from_utf8_lossy(&stdout).replace("\r\n", "\n").into_bytes();
        Run::new(self.line(), output, begun.elapsed())
    }

    /// The command line, for messages.
    pub fn line(&self) -> String {
        let mut line = self.program.display().to_string();
        for arg in &self.args {
            line.push(' ');
            line.push_str(arg);
        }
        line
    }
}

impl Run {
    /// What `output` says of a command line that took so long.
    pub fn new(command: String, output: std::process::Output, took: Duration) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        let code =
            output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0));
        Self {
            command,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stdout_bytes: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code,
            took,
        }
    }

    /// Asserts exit code 0 and gives the run back.
    #[track_caller]
    pub fn success(self) -> Self {
        self.exits(0)
    }

    /// Asserts the exit code and gives the run back.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "unexpected exit code\n{}", self.story());
        self
    }

    /// The lines of stderr, but for what is being waited for, which is said after some seconds on a slow machine.
    pub fn complaints(&self) -> Vec<&str> {
        self.stderr.lines().filter(|line| !line.starts_with("waiting at most ")).collect()
    }

    /// Asserts that there are no [`Run::complaints`].
    #[track_caller]
    pub fn quiet(self) -> Self {
        assert!(self.complaints().is_empty(), "stderr is not empty\n{}", self.story());
        self
    }

    /// Asserts that stderr contains `text`.
    #[track_caller]
    pub fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "stderr lacks {text:?}\n{}", self.story());
        self
    }

    /// Asserts the whole of stdout.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        assert_eq!(self.stdout, text, "unexpected stdout\n{}", self.story());
        self
    }

    /// Whether `other` did exactly the same: stdout bytes, stderr, exit code.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let [ours, theirs] = [self, other].map(|run| (&run.stdout_bytes, &run.stderr, run.code));
        ours == theirs
    }

    /// Asserts [`Run::is_same_as`].
    #[track_caller]
    pub fn same_as(&self, other: &Self) {
        let lines = |run: &Self| run.stdout.lines().map(str::to_owned).collect::<Vec<_>>();
        let differs =
            lines(self).into_iter().zip(lines(other)).find(|(ours, theirs)| ours != theirs);
        assert!(
            self.is_same_as(other),
            "differs; first line of stdout that does: {differs:#?}\n--- ours\n{}\n--- theirs\n{}",
            self.story(),
            other.story()
        );
    }

    /// Everything about the run, for failure messages.
    pub fn story(&self) -> String {
        format!(
            "$ {}\nexit code {} after {:.2?}\n----- stdout\n{}\n----- stderr\n{}\n-----",
            self.command, self.code, self.took, self.stdout, self.stderr
        )
    }
}

/// A pipe whose reader has gone before anything is written.
pub fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

/// Tries until it holds or `limit` passes; panics with `what` then. The longer it takes the less often: a look is mostly a
/// run of kubectl, which costs the other tests a tenth of a second.
#[track_caller]
pub fn wait_until(what: &str, limit: Duration, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        let waited = begun.elapsed();
        assert!(waited < limit, "{what}: not within {limit:?}");
        thread::sleep((waited / 5).clamp(SOON, LATE));
    }
}

/// Between two looks, at first and at last.
const SOON: Duration = Duration::from_millis(50);
const LATE: Duration = Duration::from_millis(500);
