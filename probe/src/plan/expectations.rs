//! Expectations that no attempt at their check could show to hold are refused before anything is sent: otherwise
//! nobody would ever be told that something was not looked at.

use kubectl_pods_report::{Ask, Check, Expectation, Phase};

/// Makes sure that attempts at `check` can show whether its expectations hold.
///
/// # Errors
///
/// Which of them cannot be told, and why.
pub(super) fn fit(check: &Check) -> Result<(), String> {
    if check.expect.len() > 1 && check.expect.contains(&Expectation::Denied) {
        return Err("who is to be denied can be expected to do nothing else".into());
    }
    check.expect.iter().try_for_each(|expectation| fits(expectation, &check.ask))
}

fn fits(expectation: &Expectation, ask: &Ask) -> Result<(), String> {
    let (protocol, request) = (ask.protocol().as_str(), ask.http_request());
    let problem = match expectation {
        Expectation::Status { .. } if request.is_none() => format!("{protocol} has no HTTP status"),
        Expectation::Status { ranges } if ranges.is_empty() => "no HTTP status is right".into(),
        Expectation::Body { .. } if request.is_none() => format!("{protocol} has no body"),
        Expectation::Body { contains }
            if !request.is_some_and(|request| request.find.contains(contains)) =>
        {
            format!("the text {contains:?} is expected and not looked for")
        }
        Expectation::Latency { of, .. } if !has(ask, *of) => {
            format!("{protocol} has no phase {}", of.as_str())
        }
        Expectation::Latency { at_most_seconds, .. }
            if !(*at_most_seconds > 0.0 && at_most_seconds.is_finite()) =>
        {
            format!("a latency of at most {at_most_seconds} s is no limit")
        }
        _ => return Ok(()),
    };
    Err(problem)
}

fn has(ask: &Ask, phase: Phase) -> bool {
    match ask {
        Ask::Tcp { .. } => matches!(phase, Phase::Resolve | Phase::Connect | Phase::Total),
        Ask::Grpc { .. } => phase != Phase::Tls,
        Ask::Udp { .. } => matches!(phase, Phase::Resolve | Phase::Total),
        Ask::Http { tls, .. } => phase != Phase::Tls || tls.is_some(),
        Ask::Dns | Ask::Icmp => matches!(phase, Phase::Resolve | Phase::Total),
    }
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{HttpRequest, Tls};

    use super::*;

    #[test]
    fn what_cannot_be_told_is_refused() {
        let find = HttpRequest { find: vec!["works".into()], ..HttpRequest::default() };
        let (tcp, http) = (Ask::tcp(80), Ask::http(80, find.clone()));
        let https = Ask::https(443, Tls::default(), find);
        let status = |ranges: &[(u16, u16)]| Expectation::Status { ranges: ranges.to_vec() };
        let body = |text: &str| Expectation::Body { contains: text.into() };
        let latency = |of, at_most_seconds| Expectation::Latency { of, at_most_seconds };
        let cases = [
            (&tcp, vec![], None),
            (&tcp, vec![Expectation::Denied], None),
            (&tcp, vec![Expectation::Denied, Expectation::Reached], Some("nothing else")),
            (&tcp, vec![status(&[(200, 399)])], Some("tcp has no HTTP status")),
            (&tcp, vec![body("works")], Some("tcp has no body")),
            (&tcp, vec![latency(Phase::Connect, 0.1)], None),
            (&tcp, vec![latency(Phase::Processing, 0.1)], Some("tcp has no phase processing")),
            (&http, vec![status(&[(200, 399)]), body("works")], None),
            (&http, vec![status(&[])], Some("no HTTP status is right")),
            (&http, vec![body("nginx")], Some("\"nginx\" is expected and not looked for")),
            (&http, vec![latency(Phase::Tls, 0.1)], Some("http has no phase tls")),
            (&https, vec![latency(Phase::Tls, 0.1)], None),
            (&https, vec![latency(Phase::Total, 0.0)], Some("at most 0 s is no limit")),
            (&https, vec![latency(Phase::Total, f64::NAN)], Some("at most NaN s is no limit")),
        ];
        for (ask, expect, refused) in cases {
            let check = Check { expect, ..Check::new(0, "web", "10.0.0.7", ask.clone()) };
            let error = fit(&check).err();
            let expect = &check.expect;
            match refused {
                None => assert_eq!(error, None, "{expect:?}"),
                Some(says) => {
                    assert!(
                        error.as_ref().is_some_and(|e| e.contains(says)),
                        "{expect:?}: {error:?}"
                    );
                }
            }
        }
    }
}
