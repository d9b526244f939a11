//! Lists that are downloaded.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use reqwest::{Client, ClientBuilder, Response};

use cluster::go;

/// How long a download may take to connect, and may be silent.
const SILENCE: Duration = Duration::from_secs(30);

/// How long a download may take.
const LONGEST: Duration = Duration::from_mins(10);

/// Bytes that a download may have: the list is kept in memory. 100,000 pods have about half of it.
const LARGEST: usize = 1 << 30;

/// What is at `url`.
///
/// # Errors
///
/// When it cannot be had, takes too long or is too large.
pub(super) async fn download(url: &str) -> Result<Vec<u8>> {
    // reqwest takes the process-wide provider of TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().connect_timeout(SILENCE).read_timeout(SILENCE).timeout(LONGEST);
    let bytes = body(client, url, LARGEST).await;
    bytes.with_context(|| format!("cannot download {url}"))
}

/// What `url` answers, if it has no more than `largest` bytes.
async fn body(client: ClientBuilder, url: &str, largest: usize) -> Result<Vec<u8>> {
    let why = |error| anyhow!(root(&error));
    let response = client.build().map_err(why)?.get(url).send().await;
    let mut response = response.and_then(Response::error_for_status).map_err(why)?;
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    let mut expected = announced.unwrap_or(0);
    let mut bytes = Vec::new();
    while expected <= largest {
        let Some(piece) = response.chunk().await.map_err(why)? else { return Ok(bytes) };
        bytes.extend_from_slice(&piece);
        expected = bytes.len();
    }
    bail!("it has more than {} MiB", largest >> 20)
}

/// The innermost cause: reqwest's outer layers only repeat the URL.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match error.status() {
        Some(status) => format!("the server answered {status}"),
        None if error.is_timeout() => String::from("it takes too long"),
        None => match cause.downcast_ref::<std::io::Error>() {
            Some(io) => go::errno(io),
            None => cause.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        net::TcpListener,
        thread,
    };

    use super::*;

    /// Tries to read an answer with this head and body, of 16 bytes at most, from a server that then stays silent.
    async fn read(answer: &'static str) -> Result<Vec<u8>> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut request = String::new();
            while reader.read_line(&mut request).is_ok_and(|length| length > 2) {}
            stream.write_all(answer.as_bytes()).unwrap();
            // Ends when the client has enough.
            let _ = reader.read_line(&mut request);
        });
        body(Client::builder().read_timeout(Duration::from_secs(1)), &url, 16).await
    }

    #[tokio::test]
    async fn downloads_have_limits() {
        let sixteen = "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n0123456789abcdef";
        assert_eq!(read(sixteen).await.unwrap(), b"0123456789abcdef");
        let cases = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n", "it has more than 0 MiB"),
            ("HTTP/1.1 200 OK\r\n\r\n0123456789abcdefg", "it has more than 0 MiB"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n01", "it takes too long"),
            ("", "it takes too long"),
            (
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                "the server answered 404 Not Found",
            ),
        ];
        for (answer, expected) in cases {
            assert_eq!(read(answer).await.unwrap_err().to_string(), expected, "{answer}");
        }
    }
}
