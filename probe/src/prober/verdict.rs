//! From what an attempt learnt to one word and one sentence. Plain functions on plain data.
//!
//! Where one end of a connection cannot tell two causes apart, the sentence names both.

use std::io;
use std::time::Duration;

use kubectl_pods_report::{Check, IcmpError, Starvation, Verdict};

use super::failure::Failure;
use super::icmp;
use super::resolve::ResolveFailure;
use super::{Stage, Trace};
use crate::evidence::errno_name;
use crate::starvation;

/// Word and sentence for an attempt that took `total`.
pub(super) fn judge(
    check: &Check,
    trace: &Trace,
    result: Result<(), Failure>,
    total: Duration,
) -> (Verdict, String) {
    match result {
        Ok(()) => (Verdict::Open, open(trace)),
        Err(Failure::TimedOut) => timed_out(check, trace, total),
        Err(Failure::Resolve(failure)) => unresolved(check, failure),
        Err(Failure::Local(error)) => {
            (Verdict::NotRun, format!("the probe could not open a socket: {error}"))
        }
        Err(Failure::Connect(error)) => unconnected(check, trace, &error, total),
        Err(Failure::Tls(error)) => no_tls(&error),
        Err(Failure::NoAnswer(error)) => (Verdict::EmptyReply, no_answer(error.as_ref())),
        Err(Failure::NotHttp(what)) => {
            (Verdict::WrongPeer, format!("something answered that does not speak HTTP/1: {what}"))
        }
        Err(Failure::CutShort(error)) => (Verdict::BodyMismatch, cut_short(trace, error.as_ref())),
        Err(Failure::Status(status)) => {
            (Verdict::HttpStatus, format!("HTTP status {status} is not an expected one"))
        }
        Err(Failure::Body) => (
            Verdict::BodyMismatch,
            format!("the expected text is not in the {} bytes of the body", trace.body_bytes),
        ),
    }
}

fn open(trace: &Trace) -> String {
    let answered = trace
        .http_status
        .map_or_else(|| "connected".to_owned(), |status| format!("HTTP status {status}"));
    match (retransmitted(trace), trace.phases.connect_seconds) {
        (0, _) | (_, None) => answered,
        (lost, Some(connect)) => format!(
            "{answered}, but {lost} of its segments had to be sent again (connecting took {connect:.3} s): \
             packets are lost on the way, the server is not slow"
        ),
    }
}

fn timed_out(check: &Check, trace: &Trace, total: Duration) -> (Verdict, String) {
    if let Some(starved) = starved(check, trace) {
        return starved;
    }
    let seconds = total.as_secs_f64();
    let silence = format!("then silence until the time-out after {seconds:.1} s");
    match trace.stage {
        Stage::Resolve => (
            Verdict::DnsTimeout,
            format!("no answer from the resolver about {} in {seconds:.1} s", check.host),
        ),
        Stage::Connect => unanswered(trace, total),
        Stage::Tls => (
            Verdict::Stalled,
            format!("connected, but the TLS handshake was not answered: {silence}"),
        ),
        Stage::Processing => (Verdict::Stalled, format!("connected and asked, {silence}")),
        Stage::Transfer => (
            Verdict::Stalled,
            format!(
                "the answer had begun ({} body bytes) but did not end within {seconds:.1} s",
                trace.body_bytes
            ),
        ),
    }
}

/// The verdict on a time-out that is our own fault.
///
/// SYNs that were sent again are the kernel's own waiting: it is not throttled with us, so that throttling does not
/// spoil `dropped`. Having slept in one piece does: a paused machine pauses its kernel too.
fn starved(check: &Check, trace: &Trace) -> Option<(Verdict, String)> {
    let connecting = matches!(trace.stage, Stage::Resolve | Stage::Connect);
    let limit = if connecting {
        check.connect_timeout_seconds.min(check.timeout_seconds)
    } else {
        check.timeout_seconds
    };
    let seen = trace.evidence.starvation?;
    let limit = Duration::from_secs_f64(limit);
    let kernel_waited = trace.stage == Stage::Connect && retransmitted(trace) > 0;
    let spoilt = starvation::overslept(&seen, limit)
        || (!kernel_waited && starvation::throttled(&seen, limit));
    spoilt.then(|| (Verdict::Starved, paused(&seen)))
}

fn paused(seen: &Starvation) -> String {
    let throttled = seen.throttled_seconds.filter(|seconds| *seconds > 0.0);
    let throttled =
        throttled.map(|seconds| format!(" and throttled for {seconds:.1} s")).unwrap_or_default();
    format!(
        "time-out, but the probe itself was paused for {:.1} s{throttled}: this says nothing about the target",
        seen.wakeup_lag_seconds
    )
}

/// A handshake that did not end. An ICMP error that the kernel noted without giving up counts all the same.
fn unanswered(trace: &Trace, total: Duration) -> (Verdict, String) {
    match trace.evidence.icmp {
        Some(error) => rejected(trace, error),
        None => (Verdict::Dropped, dropped(trace, total)),
    }
}

fn dropped(trace: &Trace, total: Duration) -> String {
    let syns = retransmitted(trace) + 1;
    let plural = if syns == 1 { "" } else { "s" };
    format!(
        "no answer to {syns} SYN{plural} in {:.1} s: dropped by a firewall or policy on either side, or nobody has this address",
        total.as_secs_f64()
    )
}

fn unresolved(check: &Check, failure: ResolveFailure) -> (Verdict, String) {
    let host = &check.host;
    match failure {
        ResolveFailure::Configuration(error) => {
            (Verdict::NotRun, format!("no resolver is configured in /etc/resolv.conf: {error}"))
        }
        ResolveFailure::NoSuchName => {
            (Verdict::DnsNxdomain, format!("the resolver knows no {host}"))
        }
        ResolveFailure::NoAddress => {
            (Verdict::DnsNxdomain, format!("{host} exists but has no address"))
        }
        ResolveFailure::Server(answer) => {
            (Verdict::DnsServfail, format!("the resolver failed on {host}: {answer}"))
        }
        ResolveFailure::Silence(seen) => {
            (Verdict::DnsTimeout, format!("the resolver did not answer about {host}: {seen}"))
        }
        ResolveFailure::Forbidden(address) => (
            Verdict::NotRun,
            format!(
                "refused: {host} resolves to {address}, a link-local or metadata address; name the address itself to probe it"
            ),
        ),
    }
}

fn unconnected(
    check: &Check,
    trace: &Trace,
    error: &io::Error,
    total: Duration,
) -> (Verdict, String) {
    if let Some(icmp) = trace.evidence.icmp {
        return rejected(trace, icmp);
    }
    let name = errno_name(error).unwrap_or_else(|| error.to_string());
    match error.raw_os_error().unwrap_or_default() {
        libc::ECONNREFUSED => (
            Verdict::Refused,
            "a reset: nothing listens on the port, or a firewall resets (one end cannot tell)"
                .to_owned(),
        ),
        // The handshake was done, and the reset came before we could look.
        libc::ECONNRESET => (Verdict::EmptyReply, no_answer(Some(error))),
        libc::ETIMEDOUT => {
            starved(check, trace).unwrap_or_else(|| (Verdict::Dropped, dropped(trace, total)))
        }
        libc::EADDRNOTAVAIL | libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM => {
            (Verdict::NotRun, format!("the probe ran out of ports or memory ({name})"))
        }
        libc::ENETUNREACH => (
            Verdict::NoRoute,
            format!("the probe's own kernel has no route to this address ({name})"),
        ),
        libc::EHOSTUNREACH => (
            Verdict::NoRoute,
            format!("unreachable, and the kernel does not say who found so ({name})"),
        ),
        _ => (
            Verdict::NoRoute,
            format!(
                "the probe's own kernel refused to send: a local route, policy or program ({name})"
            ),
        ),
    }
}

fn rejected(trace: &Trace, error: IcmpError) -> (Verdict, String) {
    let v6 = trace.address.is_some_and(|address| address.is_ipv6());
    let meaning = icmp::meaning(error, v6);
    let what =
        format!("ICMP{} {}/{} ({meaning})", if v6 { "v6" } else { "" }, error.kind, error.code);
    let sender =
        error.sender.map_or_else(|| "an unknown sender".to_owned(), |sender| sender.to_string());
    match (trace.icmp_is_own, meaning) {
        // The kernel tells itself so when a neighbour stays silent (net/ipv4/route.c, ipv4_link_failure).
        (true, "host unreachable") => (
            Verdict::NoRoute,
            "nobody on the probe's own network answers for this address (no ARP or neighbour reply): \
             no such pod or host there, or a local rule that rejects in the same words"
                .to_owned(),
        ),
        (true, _) => {
            (Verdict::Rejected, format!("{what} from the probe's own address {sender}: a rule on the probe's own side"))
        }
        (false, _) => (Verdict::Rejected, format!("{what} from {sender}")),
    }
}

fn no_tls(error: &io::Error) -> (Verdict, String) {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(why)) => {
            (Verdict::TlsCertificate, format!("the server's certificate is not accepted: {why}"))
        }
        Some(other) => (Verdict::TlsHandshake, format!("the TLS handshake failed: {other}")),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            (Verdict::TlsHandshake, "the peer closed in the middle of the TLS handshake".to_owned())
        }
        None => (Verdict::TlsHandshake, format!("the TLS handshake failed: {error}")),
    }
}

fn no_answer(error: Option<&io::Error>) -> String {
    let how = error.map_or_else(|| "closed".to_owned(), |error| format!("broke off ({error})"));
    format!("connected, then the peer {how} without an answer")
}

fn cut_short(trace: &Trace, error: Option<&io::Error>) -> String {
    let how = error.map_or_else(|| "closed".to_owned(), |error| format!("broke off ({error})"));
    format!("the peer {how} after {} bytes, before the end of the body", trace.body_bytes)
}

fn retransmitted(trace: &Trace) -> u32 {
    trace.evidence.tcp_info.map_or(0, |info| info.total_retrans)
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Evidence, Expect, Protocol, TcpInfo};

    use super::*;

    fn check() -> Check {
        Check {
            target: "web".into(),
            host: "web".into(),
            port: 80,
            protocol: Protocol::Http,
            connect_timeout_seconds: 2.0,
            timeout_seconds: 8.0,
            http: None,
            expect: Expect::default(),
        }
    }

    fn trace(stage: Stage, resent: u32, lag: f64, throttled: Option<f64>) -> Trace {
        let tcp_info = Some(TcpInfo { total_retrans: resent, ..TcpInfo::default() });
        let starvation = Some(Starvation { wakeup_lag_seconds: lag, throttled_seconds: throttled });
        Trace {
            stage,
            evidence: Evidence { tcp_info, starvation, ..Evidence::default() },
            ..Trace::default()
        }
    }

    fn judged(trace: &Trace, failure: Failure) -> (Verdict, String) {
        judge(&check(), trace, Err(failure), Duration::from_secs(2))
    }

    #[test]
    fn a_time_out_is_held_against_the_target_only_when_we_were_awake() {
        let cases = [
            ("dropped", Stage::Connect, 2, 0.0, None, Verdict::Dropped),
            ("slept through most of it", Stage::Connect, 2, 1.1, None, Verdict::Starved),
            ("slept through some of it", Stage::Connect, 2, 0.9, None, Verdict::Dropped),
            (
                "throttled, but the kernel waited",
                Stage::Connect,
                2,
                0.1,
                Some(1.8),
                Verdict::Dropped,
            ),
            (
                "throttled, and the kernel did not wait",
                Stage::Connect,
                0,
                0.1,
                Some(1.8),
                Verdict::Starved,
            ),
            ("resolver", Stage::Resolve, 0, 0.0, None, Verdict::DnsTimeout),
            ("resolver, slept", Stage::Resolve, 0, 1.1, None, Verdict::Starved),
            ("TLS", Stage::Tls, 0, 0.0, None, Verdict::Stalled),
            ("TLS, throttled", Stage::Tls, 0, 0.1, Some(4.1), Verdict::Starved),
            (
                "answer; its limit is the whole",
                Stage::Processing,
                0,
                1.1,
                Some(2.0),
                Verdict::Stalled,
            ),
            ("body, throttled", Stage::Transfer, 0, 0.1, Some(4.1), Verdict::Starved),
        ];
        for (name, stage, resent, lag, throttled, verdict) in cases {
            let (got, message) = judged(&trace(stage, resent, lag, throttled), Failure::TimedOut);
            assert_eq!(got, verdict, "{name}: {message}");
        }
    }

    #[test]
    fn socket_errors_without_an_icmp_error() {
        let cases = [
            (libc::ECONNREFUSED, Verdict::Refused, "one end cannot tell"),
            (libc::ECONNRESET, Verdict::EmptyReply, "connected, then the peer broke off"),
            (libc::ETIMEDOUT, Verdict::Dropped, "no answer to 1 SYN in 2.0 s"),
            (libc::ENETUNREACH, Verdict::NoRoute, "no route to this address (ENETUNREACH)"),
            (libc::EHOSTUNREACH, Verdict::NoRoute, "does not say who found so (EHOSTUNREACH)"),
            (
                libc::EPERM,
                Verdict::NoRoute,
                "refused to send: a local route, policy or program (EPERM)",
            ),
            (libc::EADDRNOTAVAIL, Verdict::NotRun, "ran out of ports or memory (EADDRNOTAVAIL)"),
        ];
        for (code, verdict, says) in cases {
            let error = io::Error::from_raw_os_error(code);
            let (got, message) =
                judged(&trace(Stage::Connect, 0, 0.0, None), Failure::Connect(error));
            assert_eq!(got, verdict, "{message}");
            assert!(message.contains(says), "{message}");
        }
    }

    #[test]
    fn our_own_trouble_is_never_the_target_s() {
        let none_left = io::Error::from_raw_os_error(libc::EMFILE);
        let (verdict, message) = judged(&Trace::default(), Failure::Local(none_left));
        assert_eq!(verdict, Verdict::NotRun, "{message}");
        let forbidden =
            ResolveFailure::Forbidden(std::net::Ipv4Addr::new(169, 254, 169, 254).into());
        assert_eq!(judged(&Trace::default(), Failure::Resolve(forbidden)).0, Verdict::NotRun);
    }
}
