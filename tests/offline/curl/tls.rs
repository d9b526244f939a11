//! The same over TLS: with good and bad certificates, and with peers that end the handshake in another way.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    sync::Arc,
    thread,
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use nix::sys::socket::{setsockopt, sockopt::Linger};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, Stream, SupportedProtocolVersion,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};

use super::{page, read, same, same_verbose};

const NAME: &str = "web.shop.svc";

/// Who signs certificates, and where its own is kept for `--cacert`.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

/// What a server shows, its own certificate first, and its key.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(parameters, key).expect("a certificate");
        let authority = Self { issuer, folder: tempfile::tempdir().expect("a folder") };
        fs::write(authority.file(), pem(authority.issuer.der())).expect("written");
        authority
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn sign(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let (parameters, key) = (parameters(names, change), KeyPair::generate().expect("a key"));
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate");
        identity(&certificate, &key)
    }
}

fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let (parameters, key) =
        (parameters(&[NAME, "127.0.0.1"], change), KeyPair::generate().expect("a key"));
    identity(&parameters.self_signed(&key).expect("a certificate"), &key)
}

fn parameters(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut parameters = CertificateParams::new(names).expect("names");
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, "the server");
    change(&mut parameters);
    parameters
}

fn identity(certificate: &rcgen::Certificate, key: &KeyPair) -> Identity {
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    Identity { chain: vec![certificate.der().clone()], key }
}

fn pem(der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\n");
    let lines: String = lines.collect();
    format!("-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n")
}

/// Serves every connection to a port of its own. It ends with the test process.
fn server(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// A page over TLS, for those alone who have a certificate by `clients` if they are given.
fn https(
    identity: Identity,
    versions: &[&'static SupportedProtocolVersion],
    clients: Option<&Authority>,
) -> SocketAddr {
    https_until(identity, versions, clients, |mut tcp| {
        // A reset would eat an alert.
        let _ = tcp.shutdown(Shutdown::Write);
        let _ = tcp.read_to_end(&mut Vec::new());
    })
}

/// The same with an end of its own.
fn https_until(
    identity: Identity,
    versions: &[&'static SupportedProtocolVersion],
    clients: Option<&Authority>,
    end: impl Fn(TcpStream) + Send + Sync + 'static,
) -> SocketAddr {
    let provider = || Arc::new(default_provider());
    let config = ServerConfig::builder_with_provider(provider());
    let config = config.with_protocol_versions(versions).expect("versions");
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.issuer.der().clone()).expect("a root");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
            config.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
    };
    let config = config.with_single_cert(identity.chain, identity.key.into());
    let config = Arc::new(config.expect("the key fits"));
    server(move |mut tcp| {
        let mut session = ServerConnection::new(Arc::clone(&config)).expect("a session");
        let mut stream = Stream::new(&mut session, &mut tcp);
        if !read(&mut stream).is_empty() {
            let _ = stream.write_all(&page("200 OK\r\nContent-Type: text/plain", b"secret\n"));
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
        end(tcp);
    })
}

fn https_with(identity: Identity) -> SocketAddr {
    https(identity, &[&TLS12, &TLS13], None)
}

/// Reads the hello, answers with `bytes`, and lets the peer close first: a reset would eat what was said.
fn answering_the_hello(bytes: &'static [u8]) -> SocketAddr {
    server(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

/// What a server of plain HTTP makes of a hello.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// What is asked for by address, and by name.
fn urls(address: SocketAddr) -> [Vec<String>; 2] {
    let port = address.port();
    let resolve = format!("{NAME}:{port}:127.0.0.1");
    [
        vec![format!("https://127.0.0.1:{port}/")],
        vec![format!("https://{NAME}:{port}/"), "--resolve".to_owned(), resolve],
    ]
}

const WRITTEN: &str = "%{http_code} %{exitcode} %{ssl_verify_result} %{scheme} %{num_connects}\\n";

/// Holds ours against curl's for `address`, with and without `-k`, and trusting `authority`.
#[track_caller]
fn same_at(address: SocketAddr, authority: &Authority) {
    let file = authority.file().display().to_string();
    for url in urls(address) {
        let url: Vec<&str> = url.iter().map(String::as_str).collect();
        for words in [&[][..], &["-k"], &["--cacert", &file], &["--cacert", &file, "-w", WRITTEN]] {
            same(&[&url, words].concat());
        }
        same(&[&url[..], &["-k", "-w", WRITTEN]].concat());
    }
}

#[test]
fn certificates_are_judged_as_by_curl() {
    let (authority, stranger) = (Authority::new("the authority"), Authority::new("a stranger"));
    let names = [NAME, "127.0.0.1"];
    let as_it_is = |_: &mut CertificateParams| ();
    let ended = |it: &mut CertificateParams| it.not_after = rcgen::date_time_ymd(2026, 1, 2);
    let early = |it: &mut CertificateParams| it.not_before = rcgen::date_time_ymd(2098, 3, 4);
    let mut with_root = stranger.sign(&names, as_it_is);
    with_root.chain.push(stranger.issuer.der().clone());
    let served = [
        authority.sign(&names, as_it_is),
        authority.sign(&["web.example.org", "*.example.net", "10.0.0.7"], as_it_is),
        authority.sign(&["*.shop.svc", "127.0.0.1"], as_it_is),
        stranger.sign(&names, as_it_is),
        with_root,
        self_signed(as_it_is),
    ];
    for identity in served {
        same_at(https_with(identity), &authority);
    }
    // Of a certificate that has a second fault, ours tells that of its dates first: without --cacert it has.
    for identity in [authority.sign(&names, ended), authority.sign(&names, early)] {
        let address = https_with(identity);
        let file = authority.file().display().to_string();
        for url in urls(address) {
            let url: Vec<&str> = url.iter().map(String::as_str).collect();
            same(&[&url[..], &["--cacert", &file, "-w", WRITTEN]].concat());
            same(&[&url[..], &["-k"]].concat());
        }
    }
}

#[test]
fn a_certificate_that_vouches_for_itself_can_be_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("own.pem");
    let identity = self_signed(|_| ());
    fs::write(&file, pem(&identity.chain[0])).expect("written");
    let file = file.display().to_string();
    for url in urls(https_with(identity)) {
        let url: Vec<&str> = url.iter().map(String::as_str).collect();
        same(&[&url[..], &["--cacert", &file, "-w", WRITTEN]].concat());
    }
}

#[test]
fn handshakes_that_fail_are_told_as_by_curl() {
    let plain = answering_the_hello(PLAIN);
    same(&[&format!("https://{plain}/")]);
    same(&[&format!("https://{plain}/"), "-k", "-w", WRITTEN]);
    for bytes in [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"J\0\0\0\n8.0.36\0", b"-ERR unknown\r\n", b""] {
        same(&[&format!("https://{}/", answering_the_hello(bytes)), "-w", WRITTEN]);
    }
    let resetting = server(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let now = nix::libc::linger { l_onoff: 1, l_linger: 0 };
        setsockopt(&stream, Linger, &now).expect("a socket");
    });
    same(&[&format!("https://{resetting}/"), "-w", WRITTEN]);
    let silent = server(|_stream| thread::sleep(Duration::from_secs(20)));
    same(&[&format!("https://{silent}/"), "-m", "1"]);
    let authority = Authority::new("the authority");
    let address = https(authority.sign(&["127.0.0.1"], |_| ()), &[&TLS12], Some(&authority));
    same(&[&format!("https://{address}/"), "-k", "-w", WRITTEN]);
}

/// In TLS 1.3 the refusal comes after the handshake: before the request, while it is sent, or after it.
#[test]
fn a_refusal_after_the_handshake_is_told_as_by_curl() {
    let authority = Authority::new("the authority");
    let file = authority.file().display().to_string();
    let identity = || authority.sign(&["127.0.0.1"], |_| ());
    let hearing_out = https(identity(), &[&TLS13], Some(&authority));
    let hanging_up = https_until(identity(), &[&TLS13], Some(&authority), drop);
    for _ in 0..10 {
        for address in [hearing_out, hanging_up] {
            same(&[&format!("https://{address}/"), "--cacert", &file, "-w", WRITTEN]);
        }
    }
}

/// In plain HTTP, at a port of TLS: an alert comes, or nothing.
#[test]
fn plain_http_to_a_port_of_tls_is_told_as_by_curl() {
    let authority = Authority::new("the authority");
    let rustls = https_with(authority.sign(&["127.0.0.1"], |_| ()));
    for address in
        [rustls, answering_the_hello(b"\x15\x03\x01\0\x02\x02\x46"), answering_the_hello(b"")]
    {
        same(&[&format!("http://{address}/")]);
    }
}

/// Codes of alerts that refuse a client (RFC 8446, section 6), and of some that are history.
#[test]
fn alerts_have_openssls_words() {
    let codes = [
        10, 20, 21, 22, 30, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 60, 70, 71, 80, 86, 90,
        100, 109, 110, 112, 115, 116, 120,
    ];
    for code in codes {
        let alert = Vec::leak(vec![0x15, 3, 3, 0, 2, 2, code]);
        same(&[&format!("https://{}/", answering_the_hello(alert))]);
    }
}

#[test]
fn a_redirect_leads_from_plain_http_to_tls() {
    let authority = Authority::new("the authority");
    let file = authority.file().display().to_string();
    let secure = https_with(authority.sign(&["127.0.0.1"], |_| ()));
    let to = format!("http://{}/to/302/https://{secure}/", super::server());
    same(&[&to, "-L", "--cacert", &file, "-i", "-w", WRITTEN]);
    same(&[&to, "-L", "-w", WRITTEN]);
    same(&[&to, "-L", "-k", "-u", "me:secret"]);
}

/// What of curl's `-v` ours says too. Left out are the steps of the handshake, which are OpenSSL's; what files are trusted,
/// and what was agreed on beside the version (ciphers, ALPN), since ours offers and trusts other things; and which of its
/// names a certificate was accepted for. Where it is for other names, ours ends before a version is agreed on.
fn alike(line: &str) -> Option<String> {
    let is_left_out = [
        "* TLSv1.",
        "*  CAfile: ",
        "*  CApath: ",
        "* ALPN: ",
        "*  subjectAltName: ",
        "* old SSL session ID",
        "* using HTTP/1.",
    ];
    if is_left_out.iter().any(|begin| line.starts_with(begin)) {
        return None;
    }
    let is_version = line.starts_with("* SSL connection using ");
    Some(line.split(" / ").next().filter(|_| is_version).unwrap_or(line).to_owned())
}

#[test]
fn what_is_said_over_tls_is_shown_as_by_curl() {
    let authority = Authority::new("the authority");
    let file = authority.file().display().to_string();
    let good = || authority.sign(&["127.0.0.1"], |_| ());
    let secure = format!("https://{}/", https_with(good()));
    let older = format!("https://{}/", https(good(), &[&TLS12], None));
    let other = authority.sign(&["web.example.org"], |_| ());
    let other = format!("https://{}/", https_with(other));
    let own = format!("https://{}/", https_with(self_signed(|_| ())));
    let from_plain = format!("http://{}/to/302/{secure}", super::server());
    let plain = format!("https://{}/", answering_the_hello(PLAIN));
    let closing = format!("https://{}/", answering_the_hello(b""));
    for words in [
        &[&*secure, "--cacert", &file][..],
        &[&older, "--cacert", &file, "-d", "a=1"],
        &[&secure],
        &[&secure, "-k"],
        &[&other, "-k"],
        &[&own],
        &[&own, "-k"],
        &[&from_plain, "-L", "--cacert", &file, "-u", "me:secret"],
        &[&plain],
        &[&closing],
    ] {
        same_verbose(words, alike);
    }
}
