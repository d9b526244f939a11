//! A real server compresses what is long, for those who ask.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::json;

use super::{connection::configuration, pods::gated};
use harness::Cluster;

/// Passes bytes on to a server, and counts those that come back.
struct Relay {
    port: u16,
    received: Arc<AtomicUsize>,
}

impl Relay {
    fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let received = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&received);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(&server).expect("the API server is there");
                pass_on(&client, &server, Arc::default());
                pass_on(&server, &client, Arc::clone(&count));
            }
        });
        Self { port, received }
    }
}

/// Copies one direction in the background, counted before it arrives. Either end may break off.
fn pass_on(from: &TcpStream, to: &TcpStream, count: Arc<AtomicUsize>) {
    let [mut from, mut to] = [from, to].map(|end| end.try_clone().expect("a second handle"));
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            count.fetch_add(length, Ordering::SeqCst);
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        drop(to.shutdown(Shutdown::Write));
    });
}

#[test]
fn a_long_answer_is_compressed() {
    const LENGTH: usize = 200 << 10;
    let cluster = Cluster::control_plane();
    let ns = cluster.namespace("compression");
    let mut pod = gated("long", json!({}));
    pod["metadata"]["annotations"] = json!({ "text": "x".repeat(LENGTH) });
    ns.kubectl(["create", "-f", "-"]).stdin(pod.to_string()).run().success();

    let config = configuration(&cluster);
    let server = config["clusters"][0]["cluster"]["server"].as_str().expect("an address");
    let address = server.trim_start_matches("https://");
    let (host, _) = address.rsplit_once(':').expect("a port");
    let relay = Relay::to(address.to_owned());
    // Loopback by another name (`inet_aton`), as good as a server elsewhere.
    let elsewhere = format!("https://127.1:{}", relay.port);
    let get = |more: &[&str]| {
        let before = relay.received.load(Ordering::SeqCst);
        let words = ["-s", &elsewhere, "--tls-server-name", host, "long", "-o", "json"];
        let run = ns.pods(words).args(more.iter().copied()).run().success();
        (run, relay.received.load(Ordering::SeqCst) - before)
    };
    let (compressed, few) = get(&[]);
    let (plain, many) = get(&["--disable-compression"]);
    compressed.same_as(&plain);
    compressed.same_as(&ns.kubectl(["get", "pods", "long", "-o", "json"]).run());
    assert!(many > LENGTH && few < LENGTH / 4, "{few} bytes of {many}");
}
