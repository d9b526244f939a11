//! An API server that knows one thing: the pods it was given. For tests of what we do with an answer, and of what we ask.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use super::{Command, Plugin};

/// Serves one Table to every request, on a port of its own, until the test process ends.
pub(crate) struct FakeApi {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl FakeApi {
    /// A server whose pods have these cells: name, ready, status, restarts, age, node. Each is of namespace `shop`.
    pub(crate) fn with_pods(pods: &[[&str; 6]]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let port = listener.local_addr().expect("it is bound").port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (body, log) = (table(pods), Arc::clone(&requests));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (body, log) = (body.clone(), Arc::clone(&log));
                thread::spawn(move || answer(stream, &body, &log));
            }
        });
        Self { port, requests }
    }

    /// The plugin against this server.
    pub(crate) fn pods<I: IntoIterator<Item: Into<String>>>(&self, args: I) -> Command {
        let command = Plugin::args(args);
        let kubeconfig = command.home().join("kubeconfig");
        let text = format!(
            "{{apiVersion: v1, kind: Config, current-context: fake,\n\
             clusters: [{{name: fake, cluster: {{server: 'http://127.0.0.1:{}'}}}}],\n\
             contexts: [{{name: fake, context: {{cluster: fake, user: fake, namespace: shop}}}}],\n\
             users: [{{name: fake, user: {{}}}}]}}\n",
            self.port
        );
        std::fs::write(&kubeconfig, text).expect("HOME is writable");
        command.env("KUBECONFIG", kubeconfig.display().to_string())
    }

    /// Path and query of every request so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("nobody panics with it").clone()
    }
}

/// Answers the requests of one connection.
fn answer(stream: TcpStream, body: &str, log: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket can be shared"));
    let mut writer = stream;
    loop {
        let mut request = String::new();
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            request.push_str(&line);
        }
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        log.lock().expect("nobody panics with it").push(path);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if writer.write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
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
