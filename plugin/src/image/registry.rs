//! A registry, by the distribution specification of the Open Container Initiative: only what pushing needs.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use cluster::go;
use oci::Blob;
use reqwest::{
    Client, Method, Response, StatusCode, Url,
    header::{
        AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION, WWW_AUTHENTICATE,
    },
};
use serde::Deserialize;

use super::{challenge::Challenge, credentials::Credentials, reference::Reference};

/// How long a registry may take to be reached, and may be silent.
const SILENCE: Duration = Duration::from_mins(1);

/// Bytes that are read of an answer: a token, or why something is refused.
const LONGEST_ANSWER: usize = 64 << 10;

/// One repository of a registry, and as whom it knows us.
pub(super) struct Registry {
    client: Client,
    /// `…/v2/REPOSITORY/`.
    repository: Url,
    credentials: Option<Credentials>,
    authorization: Option<HeaderValue>,
}

/// Something to ask of a registry, which may be asked twice.
struct Ask<'a> {
    method: Method,
    url: Url,
    body: Option<(&'a str, &'a [u8])>,
}

impl Registry {
    /// Says nothing to it yet.
    pub(super) fn new(
        reference: &Reference,
        insecure: bool,
        credentials: Option<Credentials>,
    ) -> Result<Self> {
        // reqwest takes the process-wide provider of TLS.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = format!("{}/v2/{}/", reference.url(insecure), reference.repository);
        let client = Client::builder().connect_timeout(SILENCE).read_timeout(SILENCE).build();
        Ok(Self {
            client: client.map_err(told)?,
            repository: Url::parse(&url).with_context(|| format!("{url} is no address"))?,
            credentials,
            authorization: None,
        })
    }

    /// Uploads `blob`, unless the registry has it.
    ///
    /// # Errors
    ///
    /// Why the registry does not take it.
    pub(super) async fn push_blob(&mut self, blob: &Blob) -> Result<()> {
        let there = self.url(&format!("blobs/{}", blob.digest))?;
        let answer = self.send(Ask { method: Method::HEAD, url: there, body: None }).await?;
        if answer.status().is_success() {
            return Ok(());
        }
        let begin = self.url("blobs/uploads/")?;
        let answer = self
            .send(Ask { method: Method::POST, url: begin, body: Some(("", [].as_slice())) })
            .await?;
        let answer = accepted(answer, StatusCode::ACCEPTED).await?;
        let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let location = location.context("the registry does not say where to upload to")?;
        let mut upload = answer.url().join(location).context("the upload's address is none")?;
        upload.query_pairs_mut().append_pair("digest", &blob.digest);
        let body = Some(("application/octet-stream", blob.bytes.as_slice()));
        let answer = self.send(Ask { method: Method::PUT, url: upload, body }).await?;
        accepted(answer, StatusCode::CREATED).await.map(drop)
    }

    /// Uploads a manifest under a tag or its digest.
    ///
    /// # Errors
    ///
    /// Why the registry does not take it.
    pub(super) async fn push_manifest(&mut self, name: &str, manifest: &Blob) -> Result<()> {
        let url = self.url(&format!("manifests/{name}"))?;
        let body = Some((manifest.media_type.as_str(), manifest.bytes.as_slice()));
        let answer = self.send(Ask { method: Method::PUT, url, body }).await?;
        accepted(answer, StatusCode::CREATED).await.map(drop)
    }

    fn url(&self, path: &str) -> Result<Url> {
        // Not joined: to a URL's parser, the colon of a digest ends a scheme.
        let url = format!("{}{path}", self.repository);
        Url::parse(&url).with_context(|| format!("{url} is no address"))
    }

    /// Asks, and once more as somebody if the registry wants to know who asks.
    async fn send(&mut self, ask: Ask<'_>) -> Result<Response> {
        let answer = self.try_send(&ask).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let challenges = answer.headers().get_all(WWW_AUTHENTICATE).into_iter();
        let challenge =
            challenges.filter_map(|value| value.to_str().ok()).find_map(Challenge::read);
        let Some(challenge) = challenge else { return Ok(answer) };
        self.authorization = Some(self.authorize(&challenge).await?);
        self.try_send(&ask).await
    }

    async fn try_send(&self, ask: &Ask<'_>) -> Result<Response> {
        let mut request = self.client.request(ask.method.clone(), ask.url.clone());
        // An upload may lead to another host, which our secrets are not for.
        let ours = ask.url.host_str() == self.repository.host_str()
            && ask.url.port_or_known_default() == self.repository.port_or_known_default();
        if let Some(authorization) = self.authorization.as_ref().filter(|_| ours) {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some((kind, body)) = ask.body {
            request = request.header(CONTENT_LENGTH, body.len()).body(body.to_vec());
            if !kind.is_empty() {
                request = request.header(CONTENT_TYPE, kind);
            }
        }
        request.send().await.map_err(told)
    }

    async fn authorize(&self, challenge: &Challenge) -> Result<HeaderValue> {
        let (realm, query) = match challenge {
            Challenge::Basic => {
                let credentials = self.credentials.as_ref().context(
                    "the registry wants to know who pushes: docker login, or write ~/.docker/config.json",
                )?;
                return credentials.basic();
            }
            Challenge::Bearer { realm, query } => (realm, query),
        };
        let url = Url::parse_with_params(realm, query)
            .with_context(|| format!("the registry's login service {realm:?} is no address"))?;
        let mut request = self.client.get(url);
        if let Some(credentials) = &self.credentials {
            request = request.header(AUTHORIZATION, credentials.basic()?);
        }
        let answer = accepted(request.send().await.map_err(told)?, StatusCode::OK).await;
        let body = bounded(answer.context("the registry's login service refuses")?).await?;
        let token: Token = serde_json::from_slice(&body)
            .ok()
            .context("the registry's login service gives no token")?;
        secret_header(format!("Bearer {}", token.token))
    }
}

/// What a login service answers; some call it by OAuth's name.
#[derive(Deserialize)]
struct Token {
    #[serde(alias = "access_token")]
    token: String,
}

impl Credentials {
    fn basic(&self) -> Result<HeaderValue> {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        let encoded = BASE64_STANDARD.encode(format!("{}:{}", self.user, self.secret));
        secret_header(format!("Basic {encoded}"))
    }
}

fn secret_header(text: String) -> Result<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok().context("the credentials cannot be sent")?;
    value.set_sensitive(true);
    Ok(value)
}

/// The answer if it has this status; else the registry's reason.
async fn accepted(answer: Response, expected: StatusCode) -> Result<Response> {
    let status = answer.status();
    if status == expected {
        return Ok(answer);
    }
    let reason = bounded(answer).await.unwrap_or_default();
    bail!("the server answered {status}{}", reasons(&reason))
}

/// A short body.
async fn bounded(mut answer: Response) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(told)? {
        ensure!(body.len() + piece.len() <= LONGEST_ANSWER, "the answer is too long");
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// What a registry says is wrong, in its own words.
fn reasons(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        errors: Vec<Reason>,
    }
    #[derive(Deserialize)]
    struct Reason {
        code: String,
        #[serde(default)]
        message: String,
    }
    let Ok(refusal) = serde_json::from_slice::<Refusal>(body) else { return String::new() };
    let reasons = refusal.errors.into_iter();
    let reasons = reasons.map(|Reason { code, message }| format!(": {code} {message}"));
    reasons.collect::<Vec<_>>().concat()
}

/// The innermost cause: reqwest's outer layers only repeat the URL.
fn told(error: reqwest::Error) -> anyhow::Error {
    if error.is_timeout() {
        return anyhow!("it takes too long");
    }
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match cause.downcast_ref::<std::io::Error>() {
        Some(io) => anyhow!(go::errno(io)),
        None => anyhow!("{cause}"),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Read as _, Write as _},
        net::{TcpListener, TcpStream},
        sync::{Arc, Mutex},
        thread,
    };

    use super::*;

    /// A registry whose tokens come from a login service, which is what Debian's cannot be made to be; and what it was
    /// asked, one line each.
    fn registry_with_tokens() -> (String, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its own").to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (host, log) = (address.clone(), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (line, authorization) = read_request(&stream);
                let answer = answer(&host, &line, &authorization);
                log.lock().expect("nobody panics").push(format!("{line} {authorization}"));
                let _ = (&stream).write_all(answer.as_bytes());
            }
        });
        (address, asked)
    }

    /// The request line without its version, and as whom it was sent.
    fn read_request(stream: &TcpStream) -> (String, String) {
        let mut reader = BufReader::new(stream);
        let (mut first, mut authorization, mut length) = (String::new(), String::from("-"), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a head");
            let line = line.trim_end();
            let Some((name, value)) = line.split_once(": ") else {
                if line.is_empty() {
                    break;
                }
                line.trim_end_matches(" HTTP/1.1").clone_into(&mut first);
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "authorization" => value.clone_into(&mut authorization),
                "content-length" => length = value.parse().expect("a number"),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        (first, authorization)
    }

    fn answer(host: &str, line: &str, authorization: &str) -> String {
        let answer = |status: &str, headers: &str, body: &str| {
            let length = body.len();
            format!(
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
            )
        };
        if line.starts_with("GET /token?") {
            return match authorization {
                // me:secret
                "Basic bWU6c2VjcmV0" => answer("200 OK", "", r#"{"token": "t0k3n"}"#),
                _ => answer("401 Unauthorized", "", ""),
            };
        }
        if authorization != "Bearer t0k3n" {
            let challenge = format!(
                "WWW-Authenticate: Bearer realm=\"http://{host}/token\",service=\"r\",scope=\"repository:a:pull,push\"\r\n"
            );
            return answer("401 Unauthorized", &challenge, "");
        }
        match line.split(' ').next() {
            Some("HEAD") => answer("404 Not Found", "", ""),
            Some("POST") => answer("202 Accepted", "Location: /upload?state=x\r\n", ""),
            _ if line.contains("/manifests/refused") => {
                let reason = r#"{"errors": [{"code": "DENIED", "message": "too old"}]}"#;
                answer("403 Forbidden", "", reason)
            }
            _ => answer("201 Created", "", ""),
        }
    }

    fn blob() -> Blob {
        Blob {
            media_type: "application/x".to_owned(),
            digest: "sha256:0".to_owned(),
            bytes: b"layer".to_vec(),
        }
    }

    #[tokio::test]
    async fn a_token_is_fetched_once_and_used_for_all() {
        let (address, asked) = registry_with_tokens();
        let reference: Reference = format!("{address}/a:1").parse().expect("a name");
        let me = Credentials { user: "me".to_owned(), secret: "secret".to_owned() };
        let mut registry = Registry::new(&reference, false, Some(me)).expect("a registry");
        registry.push_blob(&blob()).await.expect("it takes it");
        registry.push_manifest("1", &blob()).await.expect("it takes it");
        let refused = registry.push_manifest("refused", &blob()).await.expect_err("it says no");
        assert_eq!(refused.to_string(), "the server answered 403 Forbidden: DENIED too old");
        let expected = [
            "HEAD /v2/a/blobs/sha256:0 -",
            "GET /token?service=r&scope=repository%3Aa%3Apull%2Cpush Basic bWU6c2VjcmV0",
            "HEAD /v2/a/blobs/sha256:0 Bearer t0k3n",
            "POST /v2/a/blobs/uploads/ Bearer t0k3n",
            "PUT /upload?state=x&digest=sha256%3A0 Bearer t0k3n",
            "PUT /v2/a/manifests/1 Bearer t0k3n",
            "PUT /v2/a/manifests/refused Bearer t0k3n",
        ];
        assert_eq!(*asked.lock().expect("nobody panics"), expected);
    }

    #[tokio::test]
    async fn a_login_that_is_refused_is_told() {
        let (address, _) = registry_with_tokens();
        let reference: Reference = format!("{address}/a:1").parse().expect("a name");
        let mut registry = Registry::new(&reference, false, None).expect("a registry");
        let error = registry.push_blob(&blob()).await.expect_err("nobody is not somebody");
        let told = format!("{error:#}");
        let expected = "the registry's login service refuses: the server answered 401 Unauthorized";
        assert_eq!(told, expected);
    }
}
