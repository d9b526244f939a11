//! A standing probe as a process of its own, and what can be asked of it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use kubectl_pods_report::{Check, CheckResults, Observation, Plan, Results};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::plans::{plan, tcp, within};

/// Interval of the checks in these tests.
pub(crate) const EVERY: Duration = Duration::from_millis(250);

/// A running standing probe; killed when dropped.
pub(crate) struct Standing {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
}

impl Standing {
    pub(crate) fn start(checks: Vec<Check>) -> Self {
        Self::start_as("probe-1", "127.0.0.1:0", checks)
    }

    /// The one of `pod`, at the address to `listen` on.
    pub(crate) fn start_as(pod: &str, listen: &str, checks: Vec<Check>) -> Self {
        let folder = TempDir::new().expect("a folder");
        write_config(folder.path(), "first", &json(checks));
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-pods-probe"));
        command.args(["serve", "--listen", listen, "--node", "n1", "--pod", pod, "--config"]);
        command.arg(folder.path().join("config.json"));
        let mut process = command.stderr(Stdio::piped()).spawn().expect("the probe starts");
        let mut line = String::new();
        let mut log = BufReader::new(process.stderr.take().expect("piped"));
        log.read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ").expect(&line).parse().expect(&line);
        thread::spawn(move || log.read_to_end(&mut Vec::new())); // Keeps the pipe from filling up.
        Self { process, address, folder }
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        request(self.address, "GET", path).expect("the probe answers")
    }

    pub(crate) fn results(&self) -> Results {
        serde_json::from_str(&self.get("/results").1).expect("results")
    }

    /// Waits until the results are as wanted; returns how long that took.
    pub(crate) fn wait_until(&self, what: &str, wanted: impl Fn(&Results) -> bool) -> Duration {
        let begun = Instant::now();
        loop {
            let results = self.results();
            if wanted(&results) {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "not in 10 s: {what}: {results:#?}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Value of the series with this name and exactly these labels, in any order.
    pub(crate) fn metric(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let text = self.get("/metrics").1;
        let mut wanted: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        wanted.sort_unstable();
        text.lines().find_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let (found, labels) = series.split_once('{').unwrap_or((series, "}"));
            let mut labels: Vec<&str> =
                labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty()).collect();
            labels.sort_unstable();
            if found == name && labels == wanted { value.parse().ok() } else { None }
        })
    }

    pub(crate) fn terminate(&self) {
        kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGTERM).expect("a signal");
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().expect("a status") {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "does not end");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok()).expect(&answer);
    let body = answer.split_once("\r\n\r\n").expect(&answer).1.to_owned();
    Ok((status, body))
}

pub(crate) fn json(checks: Vec<Check>) -> String {
    let plan = Plan { every_seconds: Some(EVERY.as_secs_f64()), ..plan(checks) };
    serde_json::to_string(&plan).expect("JSON")
}

/// Changes `config.json` as a kubelet changes a mounted ConfigMap: by swapping a symbolic link.
pub(crate) fn write_config(folder: &Path, version: &str, content: &str) {
    fs::write(folder.join(version), content).expect("written");
    symlink(version, folder.join("swap")).expect("a link");
    fs::rename(folder.join("swap"), folder.join("config.json")).expect("swapped");
}

pub(crate) fn named(target: &str, check: Check) -> Check {
    Check { target: target.into(), ..within(check, 2.0) }
}

pub(crate) fn listener() -> (TcpListener, Check) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let check = tcp("127.0.0.1", listener.local_addr().expect("an address").port());
    (listener, check)
}

pub(crate) fn of<'a>(results: &'a Results, target: &str) -> &'a CheckResults {
    results.checks.iter().find(|results| results.check.target == target).expect(target)
}

pub(crate) fn observation(results: &Results, target: &str) -> Option<Observation> {
    of(results, target).latest.as_ref().map(|attempt| attempt.observation)
}

/// Labels of the series of a TCP check.
pub(crate) fn labels(target: &str) -> [(&str, &str); 3] {
    [("protocol", "tcp"), ("source_node", "n1"), ("target", target)]
}

/// Labels of the series of the probe itself.
pub(crate) const OWN: [(&str, &str); 1] = [("source_node", "n1")];
