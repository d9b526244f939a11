//! The request that curl's flags describe.

use anyhow::{Context as _, bail};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use kubectl_pods_report::{HttpRequest, Payload, PayloadData, Redirects};

use super::{data, remote_name};
use crate::{
    cli::{DataKind, RequestArgs},
    targets::Target,
};

/// The body travels through the pod's log as base64: 4 MiB stay well below the 10 MiB at which a kubelet rotates logs.
const DEFAULT_MAX_BODY: u64 = 4 << 20;

/// Redirects that are followed unless `--max-redirs` says otherwise: curl's number.
const DEFAULT_MAX_REDIRECTS: u32 = 50;

/// Redirects that are followed at most: each is told in the pod's log, which has no room for any number.
const MOST_REDIRECTS: u32 = 1000;

/// The request that the flags describe. Data is read last, when nothing else can be wrong.
///
/// # Errors
///
/// When the target speaks no HTTP, or the method, a header or the data cannot be sent.
pub(in super::super) fn request(
    target: &Target,
    args: &RequestArgs,
) -> anyhow::Result<HttpRequest> {
    if let Some(other) = target.protocol.filter(|protocol| !protocol.is_http()) {
        bail!("curl speaks HTTP: use http:// or https:// instead of {}://", other.as_str());
    }
    if let Some(method) = &args.method {
        let sendable = http::Method::try_from(method.as_str());
        sendable.with_context(|| format!("method {method:?} cannot be sent"))?;
    }
    if args.showing.remote_name && remote_name(target).is_none() {
        bail!("-O: the URL ends with no name that a file could have: use -o FILE");
    }
    let typed =
        args.headers.iter().map(|text| Typed::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let headers = headers(args, &typed)?;
    let data = data::join(&args.data.0)?;
    let path = target.path.clone().unwrap_or_else(|| "/".to_owned());
    let (path, data) = match data {
        Some(data) if args.get => (with_query(&path, &data)?, None),
        data => (path, data),
    };
    let default_method = match (&data, args.head) {
        (_, true) => "HEAD",
        (Some(_), false) => "POST",
        (None, false) => "GET",
    };
    let content_type = "application/x-www-form-urlencoded".to_owned();
    let content_type = (!is_typed(&typed, "Content-Type")).then_some(content_type);
    Ok(HttpRequest {
        method: args.method.clone().unwrap_or_else(|| default_method.to_owned()),
        path,
        headers,
        no_defaults: true,
        body: data.filter(|_| !args.head).map(|data| Box::new(payload(data, content_type))),
        redirects: redirects(args),
        return_body: true,
        max_body_bytes: Some(args.max_filesize.unwrap_or(DEFAULT_MAX_BODY)),
        find: Vec::new(),
    })
}

fn payload(data: Vec<u8>, content_type: Option<String>) -> Payload {
    let data = match String::from_utf8(data) {
        Ok(text) => PayloadData::Text(text),
        Err(error) => PayloadData::Base64(BASE64_STANDARD.encode(error.as_bytes())),
    };
    Payload { data, content_type }
}

/// How redirects are followed, if they are. Whom to trust there is added when the host is known.
fn redirects(args: &RequestArgs) -> Option<Box<Redirects>> {
    args.follows().then(|| {
        Box::new(Redirects {
            max: max_redirects(args),
            keep_method: args.method.is_some(),
            trust_all: args.location_trusted,
            ..Redirects::default()
        })
    })
}

/// How many redirects are followed.
pub(super) fn max_redirects(args: &RequestArgs) -> u32 {
    match args.max_redirs {
        None => DEFAULT_MAX_REDIRECTS,
        Some(max) => u32::try_from(max).map_or(MOST_REDIRECTS, |max| max.min(MOST_REDIRECTS)), // -1: any number.
    }
}

/// `path` with `data` in its query.
fn with_query(path: &str, data: &[u8]) -> anyhow::Result<String> {
    if let Some(bad) = data.iter().find(|byte| !byte.is_ascii_graphic()) {
        let bad = char::from(*bad);
        bail!("{bad:?} cannot stand in a URL: use --data-urlencode instead of --data with -G");
    }
    let mark = if path.contains('?') { '&' } else { '?' };
    Ok(format!("{path}{mark}{}", String::from_utf8_lossy(data)))
}

/// A header as typed.
struct Typed {
    name: String,
    /// None: it is not to be sent.
    value: Option<String>,
}

impl Typed {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (name, value) = if let Some((name, value)) = text.split_once(':') {
            (name, Some(value.trim()).filter(|value| !value.is_empty()))
        } else {
            let name = text.strip_suffix(';');
            let name =
                name.with_context(|| format!("header {text:?} has no colon: write 'Name: value'"))?;
            (name, Some(""))
        };
        http::HeaderName::try_from(name)
            .map_err(|_| anyhow::anyhow!("header {text:?}: {name:?} is no header name"))?;
        http::HeaderValue::try_from(value.unwrap_or_default()).map_err(|_| {
            anyhow::anyhow!("header {text:?}: the value has characters that cannot be sent")
        })?;
        Ok(Self { name: name.to_owned(), value: value.map(str::to_owned) })
    }
}

fn is_typed(typed: &[Typed], name: &str) -> bool {
    typed.iter().any(|header| header.name.eq_ignore_ascii_case(name))
}

/// Every header but `Host` and those of the body, in the order in which curl sends them.
fn headers(args: &RequestArgs, typed: &[Typed]) -> anyhow::Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    let mut unless_typed = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty() && !is_typed(typed, name)) {
            all.push((name.to_owned(), value));
        }
    };
    unless_typed("Authorization", authorization(args)?);
    let agent = || format!("kubectl-pods-probe/{}", probe::VERSION);
    unless_typed("User-Agent", Some(args.user_agent.clone().unwrap_or_else(agent)));
    let is_json = args.data.0.iter().any(|datum| datum.kind == DataKind::Json);
    unless_typed("Accept", (!is_json).then(|| "*/*".to_owned()));
    unless_typed("Referer", args.referer.clone());
    if let Some(cookie) = &args.cookie {
        if !cookie.contains('=') {
            bail!("cookies are NAME=VALUE: files of cookies are not read");
        }
        all.push(("Cookie".to_owned(), cookie.clone()));
    }
    let sent = |header: &Typed| Some((header.name.clone(), header.value.clone()?));
    all.extend(typed.iter().filter_map(sent));
    for name in ["Content-Type", "Accept"] {
        if is_json && !is_typed(typed, name) {
            all.push((name.to_owned(), "application/json".to_owned()));
        }
    }
    let unsendable = all.iter().find(|(_, value)| http::HeaderValue::try_from(value).is_err());
    if let Some((name, _)) = unsendable {
        bail!("{name}: the value has characters that cannot be sent");
    }
    Ok(all)
}

fn authorization(args: &RequestArgs) -> anyhow::Result<Option<String>> {
    let Some(credentials) = &args.credentials else { return Ok(None) };
    if !credentials.contains(':') {
        bail!("-u wants USER:PASSWORD: there is nobody to ask for a password");
    }
    Ok(Some(format!("Basic {}", BASE64_STANDARD.encode(credentials))))
}
