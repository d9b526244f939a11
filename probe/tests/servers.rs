//! Servers on the loopback interface that do one thing, well or badly.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Listens on a free port of `address` and gives every connection to `answer`, on a thread of its own.
pub(crate) fn server_on(
    address: &str,
    answer: impl Fn(TcpStream) + Clone + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind((address, 0)).expect("bind");
    let bound = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || answer(stream));
        }
    });
    bound
}

pub(crate) fn server(answer: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    server_on("127.0.0.1", answer)
}

/// Reads the head of a request, and a body if its length is announced.
pub(crate) fn read_request(stream: &mut impl Read) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        request.push(byte[0]);
    }
    let head = String::from_utf8(request).expect("UTF-8");
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).expect("the body");
    head + &String::from_utf8(body).expect("UTF-8")
}

/// A server that answers every request with these bytes and then closes.
pub(crate) fn saying(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer = Arc::new(answer.into());
    server(move |mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(&answer);
    })
}

pub(crate) fn page(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Where nothing listens. A port that was free a moment ago may be that of another test by now.
pub(crate) fn closed_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1))
}

pub(crate) fn silent() -> SocketAddr {
    server(|stream| {
        thread::sleep(Duration::from_secs(20));
        drop(stream);
    })
}

pub(crate) fn resetting() -> SocketAddr {
    server(|mut stream| {
        read_request(&mut stream);
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("linger");
    })
}

pub(crate) fn pausing_in_the_body() -> SocketAddr {
    server(|mut stream| {
        read_request(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")
            .expect("writes");
        thread::sleep(Duration::from_secs(20));
    })
}
