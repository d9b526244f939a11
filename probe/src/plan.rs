//! A plan that has been looked at, so that nothing in it can fail half-way.

use bytes::Bytes;
use http::header::{ACCEPT, HOST, USER_AGENT};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use kubectl_pods_report::{Check, HttpRequest, Plan, Protocol, WIRE_VERSION};

/// Why a plan cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Written by another version of the plugin.
    #[error(
        "plan has wire version {found}, this probe speaks {WIRE_VERSION}: use the probe image of the plugin"
    )]
    Version {
        /// Version in the plan.
        found: u32,
    },
    /// Something in one check makes no sense.
    #[error("check of {target:?}: {reason}")]
    Check {
        /// [`Check::target`].
        target: String,
        /// What is wrong.
        reason: String,
    },
    /// Something outside the checks makes no sense.
    #[error("{0}")]
    Whole(&'static str),
}

/// A plan whose checks are all possible.
#[derive(Debug, Clone)]
pub(crate) struct CheckedPlan {
    /// Attempts for each check.
    pub(crate) attempts: u32,
    pub(crate) checks: Vec<CheckedCheck>,
}

/// A check with its request ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct CheckedCheck {
    pub(crate) check: Check,
    pub(crate) request: Option<Request<Full<Bytes>>>,
}

impl TryFrom<&Plan> for CheckedPlan {
    type Error = PlanError;

    fn try_from(plan: &Plan) -> Result<Self, PlanError> {
        if plan.version != WIRE_VERSION {
            return Err(PlanError::Version { found: plan.version });
        }
        if plan.attempts == 0 {
            return Err(PlanError::Whole("plan asks for 0 attempts"));
        }
        let checks = plan.checks.iter().map(CheckedCheck::try_from).collect::<Result<_, _>>()?;
        Ok(Self { attempts: plan.attempts, checks })
    }
}

impl TryFrom<&Check> for CheckedCheck {
    type Error = PlanError;

    fn try_from(check: &Check) -> Result<Self, PlanError> {
        let parsed = timeouts(check).and_then(|()| match check.protocol {
            Protocol::Tcp => Ok(None),
            Protocol::Http | Protocol::Https => request(check).map(Some),
        });
        match parsed {
            Ok(request) => Ok(Self { check: check.clone(), request }),
            Err(reason) => Err(PlanError::Check { target: check.target.clone(), reason }),
        }
    }
}

/// Times in range, so that `Duration::from_secs_f64` cannot panic, and a host.
fn timeouts(check: &Check) -> Result<(), String> {
    const DAY_SECONDS: f64 = 86_400.0;
    for seconds in [check.connect_timeout_seconds, check.timeout_seconds] {
        if !(seconds > 0.0 && seconds <= DAY_SECONDS) {
            return Err(format!("a time-out of {seconds} s is not between 0 and one day"));
        }
    }
    if check.host.is_empty() {
        return Err("no host".into());
    }
    Ok(())
}

fn request(check: &Check) -> Result<Request<Full<Bytes>>, String> {
    let default = HttpRequest::default();
    let wanted = check.http.as_ref().unwrap_or(&default);
    let method: Method =
        wanted.method.parse().map_err(|_| format!("bad method {:?}", wanted.method))?;
    let path: Uri = wanted.path.parse().map_err(|_| format!("bad path {:?}", wanted.path))?;
    if !wanted.path.starts_with('/') {
        return Err(format!("path {:?} does not start with /", wanted.path));
    }
    let mut request = Request::new(Full::from(wanted.body.clone().unwrap_or_default()));
    *request.method_mut() = method;
    *request.uri_mut() = path;
    let headers = request.headers_mut();
    for (name, value) in &wanted.headers {
        let bad = || format!("bad header {name:?}: {value:?}");
        let name = HeaderName::try_from(name).map_err(|_| bad())?;
        headers.append(name, HeaderValue::try_from(value).map_err(|_| bad())?);
    }
    let host = HeaderValue::try_from(authority(check))
        .map_err(|_| format!("bad host {:?}", check.host))?;
    headers.entry(HOST).or_insert(host);
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(concat!(
        "kubectl-pods-probe/",
        env!("CARGO_PKG_VERSION")
    )));
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    Ok(request)
}

/// The `Host` header: the port only where it is not the scheme's own (RFC 9110, section 7.2).
fn authority(check: &Check) -> String {
    let host =
        if check.host.contains(':') { format!("[{}]", check.host) } else { check.host.clone() };
    match (check.protocol, check.port) {
        (Protocol::Http, 80) | (Protocol::Https, 443) => host,
        (_, port) => format!("{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Expect, HttpRequest};

    use super::*;

    fn check(change: impl FnOnce(&mut Check)) -> Check {
        let mut check = Check {
            target: "web".into(),
            host: "10.0.0.7".into(),
            port: 80,
            protocol: Protocol::Http,
            connect_timeout_seconds: 3.0,
            timeout_seconds: 10.0,
            http: Some(HttpRequest::default()),
            expect: Expect::default(),
        };
        change(&mut check);
        check
    }

    fn http(change: impl FnOnce(&mut HttpRequest)) -> Check {
        check(|check| change(check.http.get_or_insert_default()))
    }

    #[test]
    fn a_bad_check_is_refused_by_name() {
        let cases = [
            ("no host", check(|c| c.host.clear()), "no host"),
            ("no time", check(|c| c.timeout_seconds = 0.0), "a time-out of 0 s"),
            ("negative", check(|c| c.connect_timeout_seconds = -1.0), "a time-out of -1 s"),
            ("not a number", check(|c| c.timeout_seconds = f64::NAN), "a time-out of NaN s"),
            ("for ever", check(|c| c.timeout_seconds = f64::INFINITY), "a time-out of inf s"),
            ("method", http(|h| h.method = "GE T".into()), "bad method \"GE T\""),
            ("path", http(|h| h.path = "/a b".into()), "bad path \"/a b\""),
            ("relative path", http(|h| h.path = "a".into()), "path \"a\" does not start with /"),
            (
                "header",
                http(|h| h.headers = vec![("a b".into(), "c".into())]),
                "bad header \"a b\": \"c\"",
            ),
            (
                "header value",
                http(|h| h.headers = vec![("a".into(), "b\r\nc: d".into())]),
                "bad header \"a\"",
            ),
            ("host in a header", check(|c| c.host = "a\nb".into()), "bad host \"a\\nb\""),
        ];
        for (name, check, expected) in cases {
            let error = CheckedCheck::try_from(&check).expect_err(name).to_string();
            assert!(error.starts_with("check of \"web\": "), "{name}: {error}");
            assert!(error.contains(expected), "{name}: {error}");
        }
    }

    #[test]
    fn a_plan_of_another_version_is_refused() {
        let plan =
            Plan { version: WIRE_VERSION + 1, checks: vec![], attempts: 1, every_seconds: None };
        let error = CheckedPlan::try_from(&plan).expect_err("another version").to_string();
        assert!(error.contains("wire version 2, this probe speaks 1"), "{error}");
    }

    #[test]
    fn the_host_header_names_the_port_when_it_must() {
        let cases = [
            (Protocol::Http, "10.0.0.7", 80, "10.0.0.7"),
            (Protocol::Http, "10.0.0.7", 8080, "10.0.0.7:8080"),
            (Protocol::Https, "web.shop", 443, "web.shop"),
            (Protocol::Https, "web.shop", 80, "web.shop:80"),
            (Protocol::Http, "fd00::7", 80, "[fd00::7]"),
        ];
        for (protocol, host, port, expected) in cases {
            let check = check(|c| (c.protocol, c.host, c.port) = (protocol, host.into(), port));
            assert_eq!(authority(&check), expected);
        }
    }

    #[test]
    fn headers_of_the_user_come_first() {
        let headers = vec![
            ("Host".into(), "shop.example".into()),
            ("X-Twice".into(), "1".into()),
            ("X-Twice".into(), "2".into()),
        ];
        let checked = CheckedCheck::try_from(&http(|h| h.headers = headers)).expect("a good check");
        let request = checked.request.expect("HTTP has a request");
        assert_eq!(request.headers()[HOST], "shop.example");
        assert_eq!(request.headers().get_all("x-twice").iter().count(), 2);
        assert_eq!(request.headers()[ACCEPT], "*/*");
    }
}
