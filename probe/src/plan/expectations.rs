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
    let protocol = ask.protocol().as_str();
    match (expectation, ask.http_request()) {
        (Expectation::Reached | Expectation::Denied, _) => Ok(()),
        (Expectation::Status { .. }, None) => Err(format!("{protocol} has no HTTP status")),
        (Expectation::Status { ranges }, Some(_)) if ranges.is_empty() => {
            Err("no HTTP status is right".into())
        }
        (Expectation::Status { .. }, Some(_)) => Ok(()),
        (Expectation::Body { .. }, None) => Err(format!("{protocol} has no body")),
        (Expectation::Body { contains }, Some(request)) if !request.find.contains(contains) => {
            Err(format!("the text {contains:?} is expected and not looked for"))
        }
        (Expectation::Body { .. }, Some(_)) => Ok(()),
        (Expectation::Latency { of, .. }, _) if !has(ask, *of) => {
            Err(format!("{protocol} has no phase {}", of.as_str()))
        }
        (Expectation::Latency { at_most_seconds, .. }, _) if *at_most_seconds > 0.0 => Ok(()),
        (Expectation::Latency { at_most_seconds, .. }, _) => {
            Err(format!("nothing takes at most {at_most_seconds} s"))
        }
    }
}

fn has(ask: &Ask, phase: Phase) -> bool {
    match (phase, ask) {
        (Phase::Resolve | Phase::Connect | Phase::Total, _) => true,
        (Phase::Processing | Phase::Transfer, Ask::Http { .. }) => true,
        (Phase::Tls, Ask::Http { tls, .. }) => tls.is_some(),
        (_, Ask::Tcp { .. }) => false,
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
            (&https, vec![latency(Phase::Total, 0.0)], Some("nothing takes at most 0 s")),
            (&https, vec![latency(Phase::Total, f64::NAN)], Some("nothing takes at most NaN s")),
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
