//! A real Prometheus that discovers the monitor's pods, for the length of the demo.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use crate::interrupt::Scratch;

/// A running Prometheus; dropping it ends it.
pub(super) struct Prometheus {
    child: Child,
    port: u16,
    folder: Scratch,
}

impl Prometheus {
    /// Starts Prometheus on loopback; it scrapes the probes at `addresses` (`IP:PORT`).
    ///
    /// # Errors
    ///
    /// When it is not installed or does not become ready.
    pub(super) fn start(addresses: &[String], namespace: &str) -> anyhow::Result<Self> {
        let folder = Scratch::new()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let config = folder.path().join("prometheus.yml");
        fs::write(&config, configuration(addresses, namespace))?;
        let log = fs::File::create(folder.path().join("log"))?;
        println!(
            "\n$ prometheus --config.file=prometheus.yml  # it scrapes {}",
            addresses.join(", ")
        );
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--log.level=warn")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start prometheus (Debian package: prometheus)")?;
        let mut running = Self { child, port, folder };
        running.wait_ready()?;
        Ok(running)
    }

    fn wait_ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.get("/-/ready").is_err() {
            let ended = self.child.try_wait()?;
            if ended.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                bail!("prometheus does not become ready:\n{log}");
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Waits until every series of a query has `value`, and at least one has.
    ///
    /// # Errors
    ///
    /// When that is not so within a minute.
    pub(super) fn wait_for(&self, query: &str, value: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let series = self.query(query)?;
            if !series.is_empty() && series.iter().all(|(_, sample)| sample == value) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("`{query}` is not {value} within a minute; it is {series:?}");
            }
            thread::sleep(Duration::from_millis(300));
        }
    }

    /// Prints a query and its answer.
    ///
    /// # Errors
    ///
    /// When Prometheus does not answer.
    pub(super) fn show(&self, query: &str) -> anyhow::Result<()> {
        println!("\n$ promtool query instant http://127.0.0.1:{} '{query}'", self.port);
        for (labels, value) in self.query(query)? {
            println!("{labels} => {value}");
        }
        Ok(())
    }

    /// The series of an instant query: target and node, and the sample's value.
    fn query(&self, query: &str) -> anyhow::Result<Vec<(String, String)>> {
        let answer = self.get(&format!("/api/v1/query?query={}", encoded(query)))?;
        let answer: serde_json::Value =
            serde_json::from_str(&answer).context("an answer of Prometheus")?;
        let results = answer["data"]["result"].as_array().cloned().unwrap_or_default();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("?").to_owned();
        Ok(results
            .iter()
            .map(|series| {
                let metric = &series["metric"];
                let name = format!(
                    "{}{{target=\"{}\", source_node=\"{}\"}}",
                    text(&metric["__name__"]),
                    text(&metric["target"]),
                    text(&metric["source_node"])
                );
                (name, text(&series["value"][1]))
            })
            .collect())
    }

    /// The body of a GET; HTTP/1.0, so that the end of the body is the end of the stream.
    fn get(&self, path: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        write!(stream, "GET {path} HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("an answer without a head")?;
        if head.split(' ').nth(1) != Some("200") {
            bail!("GET {path}: {}", head.lines().next().unwrap_or_default());
        }
        Ok(body.to_owned())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Scrapes these addresses each second. Debian builds Prometheus without Kubernetes discovery; others find the pods
/// by `deploy/prometheus.yml`.
fn configuration(addresses: &[String], namespace: &str) -> String {
    let targets = addresses.join(", ");
    format!(
        "global: {{scrape_interval: 1s}}\n\
         scrape_configs:\n\
         - job_name: kubectl-pods-monitor\n\
        \x20 static_configs: [{{targets: [{targets}], labels: {{namespace: {namespace}}}}}]\n"
    )
}

/// Percent-encodes everything that is not unreserved (RFC 3986, 2.3).
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes everything");
        }
    }
    encoded
}
