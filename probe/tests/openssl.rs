//! Real OpenSSL as the server: what it does with versions, with clients without a certificate, and with plain text.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use kubectl_pods_report::{Check, Observation, Spoken, TlsFault};
use tempfile::TempDir;

use crate::plans::{attempt, http, https};

/// `openssl s_server`; killed when dropped.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    /// With a certificate in `folder` that vouches for itself, and these flags.
    fn start(folder: &TempDir, flags: &[&str]) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let mut command = openssl(folder);
        command.args(["s_server", "-cert", "c.pem", "-key", "k.pem", "-www", "-accept"]);
        command.arg(address.to_string()).args(flags);
        let process = command.spawn().expect("openssl starts");
        let give_up = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < give_up, "openssl {flags:?} does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Self { process, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn openssl(folder: &TempDir) -> Command {
    let mut command = Command::new("openssl");
    command.current_dir(folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Certificate and key as the manual page of `openssl req` makes them, but for `more`.
fn with_certificate(more: &[&str]) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let new =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.pem"];
    let mut command = openssl(&folder);
    command.args(new).args(["-days", "9", "-subj", "/CN=web"]).args(more);
    assert!(command.status().expect("openssl runs").success());
    folder
}

#[tokio::test]
async fn what_openssl_serves_by_default_is_the_certificate_of_an_authority() {
    let folder = with_certificate(&[]);
    let server = Server::start(&folder, &[]);
    let seen = attempt(https(server.address, false)).await;
    assert_eq!(seen.observation, Observation::TlsCertificate, "{seen:#?}");
    let fault = seen.details.tls.as_ref().and_then(|tls| tls.fault);
    assert_eq!(fault, Some(TlsFault::IsCa), "{seen:#?}");
}

#[tokio::test]
async fn openssl_refuses_us_in_its_own_ways() {
    let folder = with_certificate(&["-addext", "basicConstraints=critical,CA:FALSE"]);
    let old = ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"];
    let cases = [
        ("only TLS 1.1", &old[..], TlsFault::Version),
        (
            "a client's certificate, TLS 1.2",
            &["-Verify", "1", "-tls1_2"],
            TlsFault::ClientCertificate,
        ),
        (
            "a client's certificate, TLS 1.3",
            &["-Verify", "1", "-tls1_3"],
            TlsFault::ClientCertificate,
        ),
    ];
    for (name, flags, expected) in cases {
        let server = Server::start(&folder, flags);
        let seen = attempt(https(server.address, true)).await;
        assert_eq!(seen.observation, Observation::TlsHandshake, "{name}: {seen:#?}");
        let fault = seen.details.tls.as_ref().and_then(|tls| tls.fault);
        assert_eq!(fault, Some(expected), "{name}: {seen:#?}");
    }
}

#[tokio::test]
async fn openssl_hangs_up_on_plain_http_and_is_found_out() {
    let folder = with_certificate(&[]);
    let server = Server::start(&folder, &[]);
    let check: Check = http(server.address);
    let seen = attempt(check).await;
    assert_eq!(seen.observation, Observation::EmptyReply, "{seen:#?}");
    assert_eq!(seen.details.speaks, Some(Spoken::Tls), "{seen:#?}");
}
