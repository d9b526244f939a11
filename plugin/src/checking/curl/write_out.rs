//! `-w`: curl's variables (`src/tool_writeout.c` of curl 7.88), as far as there is anything to be put into them.

use kubectl_pods_report::Hop;
use serde_json::json;

use super::{Told, openssl};
use crate::launch::{Exchange, Head};

/// What `-w` prints.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// A variable's value.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    /// Text; none where curl has none.
    Text(Option<String>),
    /// A number.
    Number(u64),
    /// A status: three digits.
    Status(u16),
    /// A number that JSON has as text.
    Version(&'static str),
    /// Seconds.
    Seconds(f64),
}

/// Every variable with a value of its own, in the order in which `%{json}` has them.
const VARIABLES: [&str; 38] = [
    "certs",
    "content_type",
    "errormsg",
    "exitcode",
    "filename_effective",
    "ftp_entry_path",
    "http_code",
    "http_connect",
    "http_version",
    "local_ip",
    "local_port",
    "method",
    "num_certs",
    "num_connects",
    "num_headers",
    "num_redirects",
    "proxy_ssl_verify_result",
    "redirect_url",
    "referer",
    "remote_ip",
    "remote_port",
    "response_code",
    "scheme",
    "size_download",
    "size_header",
    "size_request",
    "size_upload",
    "speed_download",
    "speed_upload",
    "ssl_verify_result",
    "time_appconnect",
    "time_connect",
    "time_namelookup",
    "time_pretransfer",
    "time_redirect",
    "time_starttransfer",
    "time_total",
    "url",
];

/// The rest of them.
const LAST_VARIABLES: [&str; 2] = ["url_effective", "urlnum"];

/// What `format` says of what was told.
pub(super) fn print(format: &str, told: &Told<'_>) -> Written {
    let mut writer = Writer { told, written: Written::default(), to_stderr: false };
    writer.print(format);
    writer.written
}

struct Writer<'a> {
    told: &'a Told<'a>,
    written: Written,
    to_stderr: bool,
}

impl Writer<'_> {
    fn print(&mut self, mut rest: &str) {
        while let Some(at) = rest.find(['%', '\\']) {
            self.put(&rest[..at]);
            rest = &rest[at..];
            rest = if rest.starts_with('%') { self.percent(rest) } else { self.escape(rest) };
            if rest == STOP {
                return;
            }
        }
        self.put(rest);
    }

    fn put(&mut self, text: &str) {
        let stream =
            if self.to_stderr { &mut self.written.stderr } else { &mut self.written.stdout };
        stream.extend(text.as_bytes());
    }

    /// What begins with a backslash. Only these three mean anything; all others are printed.
    fn escape<'t>(&mut self, text: &'t str) -> &'t str {
        let mut letters = text[1..].chars();
        match letters.next() {
            Some('n') => self.put("\n"),
            Some('r') => self.put("\r"),
            Some('t') => self.put("\t"),
            Some(other) => self.put(&format!("\\{other}")),
            None => self.put("\\"),
        }
        letters.as_str()
    }

    /// What begins with a percent sign.
    fn percent<'t>(&mut self, text: &'t str) -> &'t str {
        if let Some(rest) = text.strip_prefix("%%") {
            self.put("%");
            return rest;
        }
        if let Some((name, rest)) = braced(text, "%header{") {
            let value = self.told.head().and_then(|head| head.field(name)).unwrap_or_default();
            self.put(value);
            return rest;
        }
        match braced(text, "%{") {
            Some(("onerror", _)) if self.told.trouble().is_none() => STOP,
            Some((name, rest)) => {
                self.variable(name);
                rest
            }
            None => {
                let literal = ["%header{", "%{"].into_iter().find(|open| text.starts_with(open));
                let literal = literal.unwrap_or("%");
                self.put(literal);
                &text[literal.len()..]
            }
        }
    }

    fn variable(&mut self, name: &str) {
        match name {
            "onerror" => {}
            "stderr" => self.to_stderr = true,
            "stdout" => self.to_stderr = false,
            "json" => self.put(&json(self.told)),
            "header_json" => self.put(&header_json(self.told)),
            name => {
                if let Some(value) = value(name, self.told) {
                    return self.put(&value.plain());
                }
                let complaint = format!("curl: unknown --write-out variable: '{name}'\n");
                self.written.stderr.extend(complaint.into_bytes());
            }
        }
    }
}

/// Nothing more is to be printed.
const STOP: &str = "\0";

/// What stands between `open` and a brace, and what comes after.
fn braced<'t>(text: &'t str, open: &str) -> Option<(&'t str, &'t str)> {
    text.strip_prefix(open)?.split_once('}')
}

impl Value {
    fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone().unwrap_or_default(),
            Self::Number(number) => number.to_string(),
            Self::Status(status) => format!("{status:03}"),
            Self::Version(version) => (*version).to_owned(),
            Self::Seconds(seconds) => format!("{seconds:.6}"),
        }
    }

    fn json(&self) -> String {
        match self {
            Self::Text(text) => json!(text).to_string(),
            Self::Status(status) => status.to_string(),
            Self::Version(version) => format!("\"{version}\""),
            Self::Number(_) | Self::Seconds(_) => self.plain(),
        }
    }
}

fn json(told: &Told<'_>) -> String {
    let names = VARIABLES.iter().chain(&LAST_VARIABLES);
    let fields = names.filter_map(|name| Some((name, value(name, told)?.json())));
    let fields = fields.map(|(name, value)| format!("\"{name}\":{value},"));
    let program = json!(concat!("kubectl-pods/", env!("CARGO_PKG_VERSION")));
    format!("{{{}\"curl_version\":{program}}}", fields.collect::<String>())
}

/// The head of the last answer, as curl lays it out: a list of values for each name, in small letters.
fn header_json(told: &Told<'_>) -> String {
    let mut fields: Vec<(String, Vec<&str>)> = Vec::new();
    for (name, value) in told.head().map_or(&[][..], |head| &head.headers) {
        let name = name.to_ascii_lowercase();
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => fields.push((name, vec![value])),
        }
    }
    let lines = fields.iter().map(|(name, values)| format!("{}:{}", json!(name), json!(values)));
    format!("{{{}\n}}", lines.collect::<Vec<_>>().join(",\n"))
}

/// The value of `name`, if there is such a variable.
fn value(name: &str, told: &Told<'_>) -> Option<Value> {
    of_the_answer(name, told)
        .or_else(|| of_the_connection(name, told))
        .or_else(|| of_sizes(name, told))
        .or_else(|| of_times(name, told))
}

fn of_the_answer(name: &str, told: &Told<'_>) -> Option<Value> {
    let text = |text: Option<&str>| Value::Text(text.map(str::to_owned));
    let hop = told.last().map(|exchange| &exchange.hop);
    let url = hop.map(|hop| hop.url.as_str());
    Some(match name {
        "http_code" | "response_code" => Value::Status(told.status()),
        "content_type" => text(told.head().and_then(|head| head.field("Content-Type"))),
        "errormsg" => text(told.trouble().map(|trouble| trouble.words.as_str())),
        "exitcode" => Value::Number(told.trouble().map_or(0, |trouble| trouble.code.into())),
        "filename_effective" => Value::Text(told.file.map(|file| file.display().to_string())),
        "method" => text(Some(told.method())),
        "num_headers" => Value::Number(headers(told) as u64),
        "num_redirects" => Value::Number(told.exchanges.len().saturating_sub(1) as u64),
        "redirect_url" => text(hop.and_then(|hop| hop.redirect_url.as_deref())),
        "referer" => text(told.asked.args.referer.as_deref()),
        "url" if told.asked.target.text.contains("://") => text(Some(&told.asked.target.text)),
        "url" => text(told.exchanges.first().map(|exchange| exchange.hop.url.as_str())),
        "url_effective" => text(url),
        "urlnum" | "http_connect" | "proxy_ssl_verify_result" | "num_certs" => {
            if name == "http_connect" { Value::Status(0) } else { Value::Number(0) }
        }
        "ftp_entry_path" => Value::Text(None),
        "certs" => text(Some("")),
        _ => return None,
    })
}

/// Lines of the head, or, where there are some, of what stood behind the body: curl counts what came last.
fn headers(told: &Told<'_>) -> usize {
    let trailers = told.last().map_or(&[][..], |last| &last.trailers);
    let trailers = trailers.split_inclusive(|byte| *byte == b'\n').count();
    if trailers > 0 { trailers } else { told.head().map_or(0, Head::count) }
}

fn of_the_connection(name: &str, told: &Told<'_>) -> Option<Value> {
    let hop = told.last().map(|exchange| &exchange.hop);
    let connected = hop.filter(|hop| hop.phases.connect_seconds.is_some());
    let local = connected.and_then(|hop| hop.local);
    let text = |text: Option<String>| Value::Text(Some(text.unwrap_or_default()));
    Some(match name {
        "http_version" => match told.head().map(|head| head.version.as_str()) {
            Some("HTTP/1.0") => Value::Version("1.0"),
            Some(_) => Value::Version("1.1"),
            None => Value::Version("0"),
        },
        "local_ip" => text(local.map(|local| local.ip().to_string())),
        "local_port" => Value::Number(local.map_or(0, |local| local.port().into())),
        "remote_ip" => text(connected.and_then(|hop| Some(hop.address?.to_string()))),
        "remote_port" => Value::Number(connected.map_or(0, |hop| hop.port.into())),
        "num_connects" => {
            Value::Number(told.exchanges.iter().filter(|e| is_connected(e)).count() as u64)
        }
        "scheme" => Value::Text(
            connected
                .map(|hop| if hop.url.starts_with("https:") { "HTTPS" } else { "HTTP" }.to_owned()),
        ),
        "ssl_verify_result" => Value::Number(hop.map_or(0, ssl_verify_result)),
        _ => return None,
    })
}

fn is_connected(exchange: &Exchange) -> bool {
    exchange.hop.phases.connect_seconds.is_some()
}

/// OpenSSL's number for the certificate, or 1 where TLS ended before curl had asked for it.
fn ssl_verify_result(hop: &Hop) -> u64 {
    let Some(tls) = &hop.tls else { return 0 };
    let is_done = hop.phases.tls_seconds.is_some();
    match openssl::verification(tls) {
        (0, _) if !is_done => 1,
        (number, _) => number,
    }
}

fn of_sizes(name: &str, told: &Told<'_>) -> Option<Value> {
    let sum =
        |size: fn(&Hop) -> u64| told.exchanges.iter().map(|exchange| size(&exchange.hop)).sum();
    let upload = told.last().map_or(0, |exchange| exchange.hop.request_body_bytes);
    let speed = |bytes: u64| {
        let micros = (told.attempt.total_seconds * 1e6).max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a speed is not exact, and never negative"
        )]
        let speed = (bytes as f64 * 1e6 / micros) as u64;
        Value::Number(speed)
    };
    Some(match name {
        "size_download" => Value::Number(told.downloaded()),
        "size_header" => Value::Number(sum(|hop| hop.head_bytes)),
        "size_request" => {
            Value::Number(sum(|hop| hop.request.len() as u64 + hop.request_body_bytes))
        }
        "size_upload" => Value::Number(upload),
        "speed_download" => speed(told.downloaded()),
        "speed_upload" => speed(upload),
        _ => return None,
    })
}

/// Like curl's, they count from the begin of each request, and add up over redirects.
fn of_times(name: &str, told: &Told<'_>) -> Option<Value> {
    let sum = |time: fn(&Hop) -> f64| {
        Value::Seconds(told.exchanges.iter().map(|exchange| time(&exchange.hop)).sum())
    };
    Some(match name {
        "time_namelookup" => sum(|hop| hop.phases.resolve_seconds.unwrap_or_default()),
        "time_connect" => sum(connected_after),
        "time_appconnect" => sum(|hop| {
            let tls = hop.phases.tls_seconds;
            tls.map_or(0.0, |tls| connected_after(hop) + tls)
        }),
        "time_pretransfer" => sum(sent_after),
        "time_starttransfer" => sum(|hop| {
            let processing = hop.phases.processing_seconds;
            processing.map_or(0.0, |processing| sent_after(hop) + processing)
        }),
        "time_redirect" => Value::Seconds(match told.exchanges {
            [] | [_] => 0.0,
            [.., last] => last.hop.began_seconds,
        }),
        "time_total" => Value::Seconds(told.attempt.total_seconds),
        _ => return None,
    })
}

fn connected_after(hop: &Hop) -> f64 {
    let connect = hop.phases.connect_seconds;
    connect.map_or(0.0, |connect| hop.phases.resolve_seconds.unwrap_or_default() + connect)
}

/// When the request could be sent, if it was.
fn sent_after(hop: &Hop) -> f64 {
    if hop.request.is_empty() {
        return 0.0;
    }
    connected_after(hop) + hop.phases.tls_seconds.unwrap_or_default()
}
