//! One HTTP request from inside the cluster: the answer as curl would print it, the exit code that curl would give.
//!
//! - [`mod@request`], [`data`]: what the flags ask for.
//! - [`words`]: what is wrong, in curl's words and numbers; [`malformed`]: of answers that are none; [`openssl`]: those that
//!   curl has from OpenSSL.
//! - [`verbose`]: `-v`. [`write_out`]: `-w`.

mod data;
mod malformed;
mod openssl;
mod request;
mod verbose;
mod words;
mod write_out;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use kubectl_pods_report::{
    Ask, Attempt, Check, Expectation, HttpRequest, Limits, Plan, Protocol, Redirects,
};

pub(super) use self::request::request;
use self::words::{Trouble, Verdict, verdict};
use crate::{
    cli::{RequestArgs, ShowingArgs},
    exit::Exit,
    launch::{Exchange, Head, Results},
    targets::{Addressing, Port, Target},
};

const DEFAULT_MAX_TIME: Duration = Duration::from_mins(1);
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What cannot be written, in curl's words: while it comes, and of what curl's stdio holds back (so much) until the end.
const UNWRITTEN: &str = "Failure writing output to destination";
const HELD_BACK: &str = "Failed writing body";
const HELD_BACK_BYTES: usize = 4096;

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
    let tls = || addressing.tls(target, host);
    let trusting = |redirects: Box<Redirects>| {
        Box::new(Redirects { tls: Some(tls()), given: addressing.given(), ..*redirects })
    };
    let http = HttpRequest { redirects: http.redirects.map(trusting), ..http };
    let ask = match target.protocol {
        Some(Protocol::Https) => Ask::https(port.number, tls(), http),
        // `request` has refused what speaks no HTTP.
        _ => Ask::http(port.number, http),
    };
    let total = args.max_time.unwrap_or(DEFAULT_MAX_TIME);
    let connect = args.connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT).min(total);
    let limits =
        Limits { connect_seconds: connect.as_secs_f64(), total_seconds: total.as_secs_f64() };
    // Like curl itself it takes every status for an answer, unless it is to fail.
    let ranges = vec![(100, 399)];
    let expect = if args.fail { vec![Expectation::Status { ranges }] } else { Vec::new() };
    let check = Check { limits, expect, ..Check::new(0, &target.text, host, ask) };
    let check = addressing.place(check);
    Plan { roots: addressing.roots.clone(), ..Plan::once(vec![check]) }
}

/// What curl would say once the answer is written, and its exit code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CurlOutput {
    /// What `-w` adds to stdout.
    pub stdout: Vec<u8>,
    /// Lines for stderr: of `-v`, and curl's complaint.
    pub notes: Vec<String>,
    /// What `-w` adds to stderr after them.
    pub stderr: Vec<u8>,
    /// What we know beyond curl's words: why it could not be written, or what the probe saw.
    pub ours: Option<String>,
    /// The exit code.
    pub exit: Exit,
}

/// Everything that is known of one request and its answer.
struct Told<'a> {
    attempt: &'a Attempt,
    exchanges: &'a [Exchange],
    asked: &'a Asked<'a>,
    /// What the answer is written to, if not to standard output.
    file: Option<&'a Path>,
    verdict: Verdict,
}

impl Told<'_> {
    const fn trouble(&self) -> Option<&Trouble> {
        match &self.verdict {
            Verdict::Trouble(trouble) => Some(trouble),
            Verdict::Fine | Verdict::Unknown => None,
        }
    }

    fn last(&self) -> Option<&Exchange> {
        self.exchanges.last()
    }

    fn head(&self) -> Option<&Head> {
        self.last()?.head.as_ref()
    }

    /// The last status that came: of a redirect, if nothing came from where it leads.
    fn status(&self) -> u16 {
        let mut heads = self.exchanges.iter().rev().filter_map(|exchange| exchange.head.as_ref());
        heads.next().map_or(0, |head| head.status)
    }

    /// The method of the last request.
    fn method(&self) -> &str {
        let request = self.last().map_or("", |exchange| exchange.hop.request.as_str());
        match request.split(' ').next() {
            Some("") | None => self.asked.method,
            Some(method) => method,
        }
    }

    /// Bytes of the body that were the user's: not of redirects that were to be followed, nor of what `-f` leaves out.
    fn downloaded(&self) -> u64 {
        let is_redirect = self.asked.args.follows()
            && self.last().is_some_and(|exchange| exchange.hop.redirect_url.is_some());
        if is_redirect || is_withheld(self) {
            return 0;
        }
        self.attempt.http().map_or(0, |http| http.body_bytes)
    }
}

/// What was asked, for whoever tells the answer.
pub(super) struct Asked<'a> {
    pub target: &'a Target,
    pub args: &'a RequestArgs,
    /// Method of the request.
    pub method: &'a str,
}

/// Turns the results of one request into curl's answer. `write` writes it, byte for byte, into a file or to stdout, or says why
/// it cannot; an empty text where nobody needs to be told.
pub(super) async fn answer(
    results: &Results,
    asked: &Asked<'_>,
    write: impl AsyncFnOnce(Option<&Path>, Vec<u8>) -> Result<(), String>,
) -> CurlOutput {
    let Some(attempt) = results.attempts.first() else {
        let ours = Some("the probe reported no attempt".to_owned());
        let (stdout, notes, stderr) = (Vec::new(), Vec::new(), Vec::new());
        return CurlOutput { stdout, notes, stderr, ours, exit: Exit::Inconclusive };
    };
    let args = asked.args;
    let exchanges = results.exchanges.get(&attempt.check).map_or(&[][..], Vec::as_slice);
    let verdict = verdict(attempt, exchanges.last(), args, results.truncated);
    let file = file(asked.target, args);
    let mut told = Told { attempt, exchanges, asked, file: file.as_deref(), verdict };
    let body = body(results, &told);
    let is_held_back = file.is_none() && body.len() <= HELD_BACK_BYTES;
    let mut unwritten = None;
    // A file is made even if nothing is in it.
    let is_written = !body.is_empty() || (file.is_some() && told.verdict == Verdict::Fine);
    if is_written && let Err(problem) = write(told.file, body).await {
        let words = if is_held_back { HELD_BACK } else { UNWRITTEN }.to_owned();
        told.verdict = Verdict::Trouble(Trouble { code: 23, words, is_of_answer: true });
        unwritten = Some(problem);
    }
    let written = args.showing.write_out.as_deref().map(|format| write_out::print(format, &told));
    let written = written.unwrap_or_default();
    let mut notes = if args.showing.verbose { verbose::lines(&told) } else { Vec::new() };
    notes.extend(complaint(&told));
    let ours = ours(&told, unwritten);
    let exit = match &told.verdict {
        Verdict::Fine => Exit::Success,
        Verdict::Trouble(trouble) => Exit::Curl(trouble.code),
        Verdict::Unknown => Exit::Inconclusive,
    };
    CurlOutput { stdout: written.stdout, notes, stderr: written.stderr, ours, exit }
}

/// What `-f` leaves out is nobody's, nor is a body that says beforehand that it is too large.
fn is_withheld(told: &Told<'_>) -> bool {
    let is_announced = || told.head().is_some_and(|head| head.field("Content-Length").is_some());
    match told.trouble() {
        Some(Trouble { code: 22, .. }) => true,
        Some(Trouble { code: 63, .. }) => is_announced(),
        _ => false,
    }
}

/// Heads, where they are wanted, the body, and what stood behind it.
fn body(results: &Results, told: &Told<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let with_heads = told.asked.args.include || told.asked.args.head;
    if with_heads {
        let heads = told.exchanges.iter().filter_map(|exchange| exchange.head.as_ref());
        bytes.extend(heads.flat_map(|head| &head.bytes));
    }
    if !is_withheld(told) {
        bytes.extend(results.bodies.get(&told.attempt.check).into_iter().flatten());
        let trailers = told.last().filter(|_| with_heads).map(|last| &last.trailers);
        bytes.extend(trailers.into_iter().flatten());
    }
    bytes
}

/// The file that the flags name.
fn file(target: &Target, args: &RequestArgs) -> Option<PathBuf> {
    let remote = || remote_name(target).filter(|_| args.showing.remote_name).map(PathBuf::from);
    let output = args.showing.output.clone().or_else(remote);
    output.filter(|file| file.as_os_str() != "-")
}

/// The name with which the path of the URL ends.
pub(super) fn remote_name(target: &Target) -> Option<&str> {
    let path = target.path.as_deref()?;
    let path = path.split('?').next().unwrap_or_default();
    path.rsplit('/').next().filter(|name| !name.is_empty())
}

/// curl's complaint, unless it was to be silent.
fn complaint(told: &Told<'_>) -> Option<String> {
    let trouble = told.trouble().filter(|_| !told.asked.args.showing.is_silent());
    trouble.map(|Trouble { code, words, .. }| format!("curl: ({code}) {words}"))
}

/// What we know beyond curl's words. Trouble of our own is told even if curl was to be silent.
fn ours(told: &Told<'_>, unwritten: Option<String>) -> Option<String> {
    let seen = told.attempt;
    match &told.verdict {
        Verdict::Fine => None,
        Verdict::Unknown => Some(evidence(seen)),
        Verdict::Trouble(_) if told.asked.args.showing.is_silent() => None,
        Verdict::Trouble(_) if unwritten.is_some() => unwritten.filter(|why| !why.is_empty()),
        Verdict::Trouble(Trouble { code: 63, .. }) => Some("--max-filesize allows more".to_owned()),
        Verdict::Trouble(trouble) => (!trouble.is_of_answer).then(|| evidence(seen)),
    }
}

fn evidence(attempt: &Attempt) -> String {
    let address = attempt.endpoint().map_or(String::new(), |address| format!(" ({address})"));
    format!("{}{address}: {}: {}", attempt.target, attempt.verdict, attempt.message)
}

/// Reads the format of `-w` where it stands in a file, as in curl: `@FILE`, whose line breaks mean nothing.
///
/// # Errors
///
/// When it cannot be read.
pub(super) fn read_format(showing: &mut ShowingArgs) -> anyhow::Result<()> {
    if let Some(file) = showing.write_out.as_deref().and_then(|format| format.strip_prefix('@')) {
        let mut format = data::read(file)?;
        format.retain(|byte| !matches!(byte, b'\r' | b'\n'));
        showing.write_out = Some(String::from_utf8_lossy(&format).into_owned());
    }
    Ok(())
}
