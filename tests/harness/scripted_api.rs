//! An API server that says what a test tells it to, and remembers what it was asked.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use super::Plugin;

/// A server for one test, on plain HTTP.
pub struct ScriptedApi {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

/// An answer: status line and headers without the last empty line, and a body.
#[derive(Clone)]
#[must_use = "nobody gives it yet"]
pub struct Answer {
    head: String,
    body: Vec<u8>,
    /// The connection stays open, and nothing more is said.
    silent: bool,
    /// How long it is waited for.
    delay: Duration,
}

impl Answer {
    /// 200 with JSON.
    pub fn json(body: impl AsRef<[u8]>) -> Self {
        Self::status(200, "Content-Type: application/json", body)
    }

    /// A Table of pods with these cells: name, ready, status, restarts, age, node. Each is of namespace `shop`.
    pub fn pods(pods: &[[&str; 6]]) -> Self {
        Self::json(table(pods))
    }

    /// An object of a standing probe.
    pub fn monitor_part(kind: &str) -> Self {
        let labels = serde_json::json!({
            "app.kubernetes.io/managed-by": "kubectl-pods",
            "app.kubernetes.io/name": "kubectl-pods",
            "app.kubernetes.io/component": "monitor",
            "app.kubernetes.io/instance": "kubectl-pods-monitor",
        });
        let metadata = serde_json::json!({"name": "kubectl-pods-monitor", "labels": labels});
        Self::json(serde_json::json!({"kind": kind, "metadata": metadata}).to_string())
    }

    /// To a `request` for the watch of a run of probes: the pods of its first two Jobs run. After that nothing comes, on a
    /// connection that stays open.
    pub fn running_probes(request: &str) -> Self {
        let name = run_of(request);
        let event = |number: u8| {
            let pod = pod(&format!("{name}-{number}"));
            serde_json::json!({"type": "ADDED", "object": pod}).to_string() + "\n"
        };
        Self::unfinished([0, 1].map(event).concat())
    }

    /// To a `request` for a list of the pods of a run of probes: that of its first Job has ended, and left `message` in its
    /// status.
    pub fn ended_probe(request: &str, message: &str) -> Self {
        let mut pod = pod(&format!("{}-0", run_of(request)));
        let ended = serde_json::json!({"exitCode": 0, "reason": "Completed", "message": message});
        pod["status"]["containerStatuses"][0]["state"] = serde_json::json!({"terminated": ended});
        Self::json(
            serde_json::json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": [pod]})
                .to_string(),
        )
    }

    /// Any status, with one more header.
    pub fn status(code: u16, header: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref().to_vec();
        let head = format!("HTTP/1.1 {code} X\r\n{header}\r\nContent-Length: {}\r\n", body.len());
        Self { head, body, silent: false, delay: Duration::ZERO }
    }

    /// None, on a connection that stays open.
    pub fn never() -> Self {
        Self { head: String::new(), body: Vec::new(), silent: true, delay: Duration::ZERO }
    }

    /// 200 with the beginning of a body, after which nothing comes, on a connection that stays open.
    pub fn unfinished(body: impl AsRef<[u8]>) -> Self {
        let head = "HTTP/1.1 200 X\r\nContent-Type: application/json\r\n".to_owned();
        Self { head, body: body.as_ref().to_vec(), silent: true, delay: Duration::ZERO }
    }

    /// So much later.
    pub fn late(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// With a further header.
    pub fn header(mut self, header: &str) -> Self {
        self.head.push_str(header);
        self.head.push_str("\r\n");
        self
    }

    /// Promises more bytes than it sends.
    pub fn cut_short(mut self) -> Self {
        self.body.truncate(self.body.len() / 2);
        self
    }
}

impl ScriptedApi {
    /// Gives the answers in turn, the last one for ever.
    pub fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers: Vec<Answer> = answers.into_iter().collect();
        Self::choosing(move |index, _| {
            answers.get(index).or(answers.last()).expect("an answer").clone()
        })
    }

    /// Gives what `choose` chooses by the number of the connection, from 0, and by the request: line and headers.
    pub fn choosing(choose: impl Fn(usize, &str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            let mut open = Vec::new();
            for (index, stream) in listener.incoming().flatten().enumerate() {
                open.extend(answer_one(stream, |request| choose(index, request), &log));
            }
        });
        Self { address, asked }
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The plugin, sent to this server.
    pub fn pods<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> super::Command {
        Plugin::args(["-s", &self.address]).args(words)
    }

    /// The requests so far: request line, headers and body.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the server does not panic").clone()
    }

    /// Path and query of every request so far.
    pub fn paths(&self) -> Vec<String> {
        let path = |request: &String| request.split(' ').nth(1).map(str::to_owned);
        self.asked().iter().filter_map(path).collect()
    }
}

/// One request a connection, so that answers come in the order of the connections. Gives back one that is to stay open.
fn answer_one(
    stream: TcpStream,
    choose: impl FnOnce(&str) -> Answer,
    log: &Mutex<Vec<String>>,
) -> Option<TcpStream> {
    let mut request = String::new();
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    while reader.read_line(&mut request).is_ok_and(|length| length > 2) {}
    if request.is_empty() {
        return None;
    }
    // Whoever closes a connection before all of a request was read takes his answer back.
    let mut body = vec![0; content_length(&request)];
    reader.read_exact(&mut body).expect("the body that was promised");
    request.push_str(&String::from_utf8_lossy(&body));
    let answer = choose(&request);
    log.lock().expect("the server does not panic").push(request);
    let stays = answer.silent.then(|| stream.try_clone().expect("a second handle"));
    if answer.delay.is_zero() {
        say(stream, &answer);
    } else {
        thread::spawn(move || {
            thread::sleep(answer.delay);
            say(stream, &answer);
        });
    }
    stays
}

fn say(mut stream: TcpStream, answer: &Answer) {
    if !answer.head.is_empty() {
        let head = format!("{}Connection: close\r\n\r\n", answer.head);
        drop(stream.write_all(&[head.as_bytes(), &answer.body].concat()));
    }
}

fn content_length(head: &str) -> usize {
    let value = |line: &str| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok();
    head.lines().find_map(value).unwrap_or(0)
}

/// The name of a run of probes, from the label selector of a request.
fn run_of(request: &str) -> &str {
    let name = request.split("instance%3D").nth(1).expect("a label selector");
    name.split(['&', ' ']).next().unwrap_or_default()
}

/// The pod of this Job, running.
fn pod(job: &str) -> serde_json::Value {
    let owner = serde_json::json!({
        "apiVersion": "batch/v1", "kind": "Job", "name": job, "uid": job, "controller": true,
    });
    let container = serde_json::json!({
        "name": "probe", "image": "", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {}},
    });
    serde_json::json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": format!("{job}-x"), "resourceVersion": "1", "ownerReferences": [owner]},
        "spec": {"nodeName": "node1", "containers": []},
        "status": {"phase": "Running", "containerStatuses": [container]},
    })
}

fn table(pods: &[[&str; 6]]) -> String {
    let column = |(name, priority): (&str, u8)| serde_json::json!({"name": name, "type": "string", "priority": priority});
    let columns =
        [("Name", 0), ("Ready", 0), ("Status", 0), ("Restarts", 0), ("Age", 0), ("Node", 1)];
    let row = |cells: &[&str; 6]| {
        let metadata =
            serde_json::json!({"name": cells[0], "namespace": "shop", "labels": {"app": "web"}});
        serde_json::json!({"cells": cells, "object": {"metadata": metadata}})
    };
    serde_json::json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {},
        "columnDefinitions": columns.map(column),
        "rows": pods.iter().map(row).collect::<Vec<_>>(),
    })
    .to_string()
}
