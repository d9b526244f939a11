//! Found addresses become the plan that a probe carries out.

use std::time::Duration;

use kubectl_pods_report::{Check, Expect, HttpRequest, Plan, Protocol, WIRE_VERSION};

use super::{
    resolve::{Found, What},
    target::Target,
};
use crate::cli::{CheckProtocol, TermsArgs};

/// Bytes of a body that a check reads: enough for any page, and an end to endless streams.
const CHECK_BODY_BYTES: u64 = 1024 * 1024;

/// What holds for every target of one command.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// Protocol to speak whatever the target says.
    pub protocol: Option<Protocol>,
    /// Limit for name resolution and connection together.
    pub connect_timeout: Duration,
    /// Limit for one attempt.
    pub timeout: Duration,
    /// Attempts for each target.
    pub attempts: u32,
    /// Accepted HTTP statuses, as inclusive ranges.
    pub statuses: Vec<(u16, u16)>,
}

impl Terms {
    /// The terms that the flags set.
    #[must_use]
    pub(crate) fn new(args: &TermsArgs, attempts: u32) -> Self {
        Self {
            protocol: args.protocol.map(|protocol| match protocol {
                CheckProtocol::Tcp => Protocol::Tcp,
                CheckProtocol::Http => Protocol::Http,
                CheckProtocol::Https => Protocol::Https,
            }),
            connect_timeout: args.connect_timeout.min(args.timeout),
            timeout: args.timeout,
            attempts,
            statuses: args.expect.clone(),
        }
    }
}

/// The checks of `found` that are to be tried, in their order.
#[must_use]
pub(crate) fn plan(targets: &[Target], found: &[Found], terms: &Terms) -> Plan {
    let checks = found.iter().filter_map(|found| match &found.what {
        What::Settled(..) => None,
        What::Try(host, port) => {
            let target = &targets[found.target];
            let asked = terms.protocol.or(target.protocol);
            let pathed = target.path.as_ref().map(|_| Protocol::Http);
            let protocol = asked.or(pathed).unwrap_or_else(|| port.protocol());
            Some(check(&found.label, host, port.number, protocol, target.path.as_deref(), terms))
        }
    });
    Plan {
        version: WIRE_VERSION,
        checks: checks.collect(),
        attempts: terms.attempts,
        every_seconds: None,
    }
}

fn check(
    label: &str,
    host: &str,
    port: u16,
    protocol: Protocol,
    path: Option<&str>,
    terms: &Terms,
) -> Check {
    let http = (protocol != Protocol::Tcp).then(|| HttpRequest {
        method: "GET".to_owned(),
        path: path.unwrap_or("/").to_owned(),
        headers: Vec::new(),
        body: None,
        return_body: false,
        max_body_bytes: Some(CHECK_BODY_BYTES),
        insecure: false,
    });
    let statuses = if http.is_some() { terms.statuses.clone() } else { Vec::new() };
    Check {
        target: label.to_owned(),
        host: host.to_owned(),
        port,
        protocol,
        connect_timeout_seconds: terms.connect_timeout.as_secs_f64(),
        timeout_seconds: terms.timeout.as_secs_f64(),
        http,
        expect: Expect { statuses, body_contains: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checking::ports::Port;

    fn terms(protocol: Option<Protocol>) -> Terms {
        Terms {
            protocol,
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(10),
            attempts: 1,
            statuses: vec![(200, 399)],
        }
    }

    #[test]
    fn protocol_comes_from_flag_scheme_path_or_port() {
        use Protocol::{Http, Https, Tcp};
        let cases = [
            ("web:80", 80, None, Http, Some("/")),
            ("web:9000", 9000, None, Tcp, None),
            ("web:9000/x?y", 9000, None, Http, Some("/x?y")),
            ("web:80/x", 80, Some(Tcp), Tcp, None),
            ("web:9000", 9000, Some(Https), Https, Some("/")),
            ("tcp://10.0.0.7:80", 80, None, Tcp, None),
            ("https://10.0.0.7", 443, None, Https, Some("/")),
            ("https://10.0.0.7/x", 443, None, Https, Some("/x")),
        ];
        for (text, port, flag, protocol, path) in cases {
            let target: Target = text.parse().expect(text);
            let found = Found {
                label: text.to_owned(),
                target: 0,
                what: What::Try("10.0.0.7".to_owned(), Port::plain(port)),
            };
            let plan = plan(&[target], &[found], &terms(flag));
            let check = &plan.checks[0];
            let got = check.http.as_ref().map(|http| http.path.as_str());
            assert_eq!((check.protocol, got), (protocol, path), "{text}");
        }
    }
}
