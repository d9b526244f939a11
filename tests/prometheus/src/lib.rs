//! A real Prometheus that scrapes given addresses, for the tests and for the demo.

mod answer;

use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

pub use answer::Sample;

/// How long it may take to start, and to answer.
const LIMIT: Duration = Duration::from_secs(30);

/// A running Prometheus; dropping it ends it.
#[derive(Debug)]
pub struct Prometheus {
    child: Child,
    log: PathBuf,
    /// It chose the port itself, and wrote it into its log.
    address: SocketAddr,
}

impl Prometheus {
    /// Starts one whose files are all in `folder`. Each second it scrapes `addresses` (`IP:PORT`), as job `kubectl-pods`,
    /// and gives `labels` to what it finds there.
    ///
    /// Debian builds Prometheus without Kubernetes discovery; others find the pods by `deploy/prometheus.yml`.
    ///
    /// # Errors
    ///
    /// When it is not installed, or not ready within half a minute: then with its log.
    pub fn start(
        folder: &Path,
        addresses: &[String],
        labels: &BTreeMap<&str, &str>,
    ) -> anyhow::Result<Self> {
        let config = serde_json::json!({"scrape_configs": [{
            "job_name": "kubectl-pods",
            "scrape_interval": "1s",
            "static_configs": [{"targets": addresses, "labels": labels}],
        }]});
        // YAML is a superset of JSON.
        fs::write(folder.join("prometheus.yml"), config.to_string())?;
        let log = folder.join("log");
        let file = fs::File::create(&log)?;
        let child = Command::new("prometheus")
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .args(["--web.listen-address=127.0.0.1:0", "--log.format=json"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .context("cannot start prometheus (Debian package: prometheus)")?;
        let mut starting = Self { child, log, address: (Ipv4Addr::LOCALHOST, 0).into() };
        starting.wait_ready()?;
        Ok(starting)
    }

    fn wait_ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let log = fs::read_to_string(&self.log)?;
            if let Some(address) = answer::listening(&log) {
                self.address = address;
                if self.get("/-/ready").is_ok() {
                    return Ok(());
                }
            }
            if self.child.try_wait()?.is_some() || Instant::now() > deadline {
                bail!("prometheus does not become ready:\n{log}");
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Where it answers, on loopback.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The samples of an instant query.
    ///
    /// # Errors
    ///
    /// When it does not answer, or not with a vector.
    pub fn query(&self, query: &str) -> anyhow::Result<Vec<Sample>> {
        let query = utf8_percent_encode(query, NON_ALPHANUMERIC);
        answer::samples(&self.get(&format!("/api/v1/query?query={query}"))?)
    }

    /// Asks until there are `count` samples and each has `value`; gives them.
    ///
    /// # Errors
    ///
    /// When that is not so within `limit`; then with what there is instead.
    pub fn wait_for(
        &self,
        query: &str,
        count: usize,
        value: f64,
        limit: Duration,
    ) -> anyhow::Result<Vec<Sample>> {
        let deadline = Instant::now() + limit;
        loop {
            let samples = self.query(query)?;
            let holds = |sample: &Sample| (sample.value - value).abs() < 1e-9;
            if samples.len() == count && samples.iter().all(holds) {
                return Ok(samples);
            }
            if Instant::now() > deadline {
                bail!("`{query}` is not {count} times {value} within {limit:?}: {samples:#?}");
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// The body of a GET; HTTP/1.0, so that the end of the body is the end of the stream.
    fn get(&self, path: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(LIMIT))?;
        write!(stream, "GET {path} HTTP/1.0\r\nhost: {}\r\n\r\n", self.address)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("an answer without a head")?;
        if head.split(' ').nth(1) != Some("200") {
            bail!("GET {path}: {} {body}", head.lines().next().unwrap_or_default());
        }
        Ok(body.to_owned())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
