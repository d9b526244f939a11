//! One HTTP request from inside the cluster: the answer as curl would print it, the exit code that curl would give.

use std::{io::Read as _, path::Path, time::Duration};

use anyhow::{Context as _, bail};
use kubectl_pods_report::{Ask, Attempt, Check, HttpRequest, Limits, Observation, Plan, Protocol};

use crate::{
    cli::RequestArgs,
    exit::Exit,
    launch::{Head, Results},
    targets::{Addressing, Port, Target},
};

const DEFAULT_MAX_TIME: Duration = Duration::from_mins(1);
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The body travels through the pod's log as base64: 4 MiB stay well below the 10 MiB at which a kubelet rotates logs.
const DEFAULT_MAX_BODY: u64 = 4 << 20;

/// The plan of one request to `host`.
#[must_use]
pub(super) fn plan(
    target: &Target,
    host: &str,
    port: &Port,
    args: &RequestArgs,
    http: HttpRequest,
    addressing: &Addressing,
) -> Plan {
    let ask = match target.protocol {
        Some(Protocol::Https) => Ask::https(port.number, addressing.tls(target, host), http),
        // `request` has refused what speaks no HTTP.
        Some(Protocol::Http | Protocol::Tcp | Protocol::Udp | Protocol::Dns | Protocol::Icmp)
        | None => Ask::http(port.number, http),
    };
    let total = args.max_time.unwrap_or(DEFAULT_MAX_TIME);
    let connect = args.connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT).min(total);
    let limits =
        Limits { connect_seconds: connect.as_secs_f64(), total_seconds: total.as_secs_f64() };
    // Like curl itself it takes every status for an answer.
    let check = addressing.place(Check { limits, ..Check::new(0, &target.text, host, ask) });
    Plan { roots: addressing.roots.clone(), ..Plan::once(vec![check]) }
}

/// The request that the flags describe. Data is read last, when nothing else can be wrong.
///
/// # Errors
///
/// When the target speaks no HTTP, or the method, a header or the data cannot be sent.
pub(super) fn request(target: &Target, args: &RequestArgs) -> anyhow::Result<HttpRequest> {
    match target.protocol {
        Some(other @ (Protocol::Tcp | Protocol::Udp | Protocol::Dns | Protocol::Icmp)) => {
            bail!("curl speaks HTTP: use http:// or https:// instead of {}://", other.as_str())
        }
        Some(Protocol::Http | Protocol::Https) | None => {}
    }
    if let Some(method) = &args.method {
        let sendable = http::Method::try_from(method.as_str());
        sendable.with_context(|| format!("method {method:?} cannot be sent"))?;
    }
    let mut headers = args.headers.iter().map(|h| header(h)).collect::<Result<Vec<_>, _>>()?;
    let body = body(&args.data)?;
    let default_method = match (&body, args.head) {
        (_, true) => "HEAD",
        (Some(_), false) => "POST",
        (None, false) => "GET",
    };
    let typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if body.is_some() && !typed {
        headers.push(("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    }
    Ok(HttpRequest {
        method: args.method.clone().unwrap_or_else(|| default_method.to_owned()),
        path: target.path.clone().unwrap_or_else(|| "/".to_owned()),
        headers,
        body,
        return_body: true,
        max_body_bytes: Some(args.max_filesize.unwrap_or(DEFAULT_MAX_BODY)),
        find: Vec::new(),
    })
}

fn header(text: &str) -> anyhow::Result<(String, String)> {
    let (name, value) = text
        .split_once(':')
        .or_else(|| text.strip_suffix(';').map(|name| (name, "")))
        .with_context(|| format!("header {text:?} has no colon: write 'Name: value'"))?;
    http::HeaderName::try_from(name)
        .map_err(|_| anyhow::anyhow!("header {text:?}: {name:?} is no header name"))?;
    http::HeaderValue::try_from(value.trim()).map_err(|_| {
        anyhow::anyhow!("header {text:?}: the value has characters that cannot be sent")
    })?;
    Ok((name.to_owned(), value.trim().to_owned()))
}

/// The data of all `-d`, joined by `&`. A file's line breaks are left out, as curl does.
fn body(data: &[String]) -> anyhow::Result<Option<String>> {
    let mut parts = Vec::new();
    for part in data {
        parts.push(match part.strip_prefix('@') {
            Some(file) => read_data(file)?,
            None => part.clone(),
        });
    }
    Ok((!parts.is_empty()).then(|| parts.join("&")))
}

fn read_data(file: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().read_to_string(&mut text),
        file => std::fs::File::open(Path::new(file)).and_then(|mut f| f.read_to_string(&mut text)),
    };
    read.with_context(|| format!("cannot read the data in {file:?}"))?;
    text.retain(|c| !matches!(c, '\r' | '\n'));
    Ok(text)
}

/// What curl would print, what it would say, and its exit code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CurlOutput {
    /// For stdout, byte for byte.
    pub stdout: Vec<u8>,
    /// For stderr, when something is wrong.
    pub complaint: Option<String>,
    /// The exit code.
    pub exit: Exit,
}

/// Turns the results of one request into curl's answer.
#[must_use]
pub(super) fn answer(results: &Results, request: &RequestArgs) -> CurlOutput {
    let Some(attempt) = results.attempts.first() else {
        let complaint = Some("the probe reported no attempt".to_owned());
        return CurlOutput { stdout: Vec::new(), complaint, exit: Exit::Inconclusive };
    };
    let status = attempt.http().map(|http| http.status);
    let failed_status = status.filter(|status| request.fail && *status >= 400);
    let mut stdout = Vec::new();
    if let Some(head) =
        results.heads.get(&attempt.check).filter(|_| request.include || request.head)
    {
        stdout.extend(print_head(head).into_bytes());
    }
    if failed_status.is_none() {
        stdout.extend(results.bodies.get(&attempt.check).into_iter().flatten());
    }
    let (code, complaint) = match (exit_code(attempt), failed_status) {
        (None, _) => {
            return CurlOutput {
                stdout,
                complaint: Some(complain(attempt)),
                exit: Exit::Inconclusive,
            };
        }
        (Some(0), Some(status)) => (22, format!("the requested URL returned error: {status}")),
        (Some(0), None) if results.truncated => {
            (63, "maximum file size exceeded: --max-filesize allows more".to_owned())
        }
        (Some(0), None) => return CurlOutput { stdout, complaint: None, exit: Exit::Success },
        (Some(code), _) => (code, complain(attempt)),
    };
    let complaint = Some(format!("curl: ({code}) {complaint}"));
    CurlOutput { stdout, complaint, exit: Exit::Curl(code) }
}

fn complain(attempt: &Attempt) -> String {
    let address = attempt.endpoint().map_or(String::new(), |address| format!(" ({address})"));
    format!("{}{address}: {}: {}", attempt.target, attempt.verdict, attempt.message)
}

/// curl's exit code for what was seen; none when that says nothing about the target.
fn exit_code(attempt: &Attempt) -> Option<u8> {
    let reset = attempt.evidence.errno.as_deref() == Some("ECONNRESET");
    Some(match attempt.observation {
        Observation::Open => 0,
        Observation::DnsNxdomain
        | Observation::DnsNodata
        | Observation::DnsServfail
        | Observation::DnsTimeout => 6,
        Observation::Refused
        | Observation::Rejected
        | Observation::NoRoute
        | Observation::WrongPeer
        | Observation::Stopped
        | Observation::Absent => 7,
        Observation::NotHttp => 8,
        Observation::CutShort | Observation::EmptyReply if reset => 56,
        Observation::CutShort => 18,
        Observation::Dropped | Observation::Stalled => 28,
        Observation::TlsHandshake => 35,
        Observation::EmptyReply => 52,
        Observation::TlsCertificate => 60,
        Observation::Silent | Observation::Starved | Observation::NotRun => return None,
    })
}

fn print_head(head: &Head) -> String {
    let mut text = format!("{} {} {}", head.version, head.status, head.reason);
    text.truncate(text.trim_end().len());
    text.push_str("\r\n");
    for (name, value) in &head.headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text.push_str("\r\n");
    text
}
