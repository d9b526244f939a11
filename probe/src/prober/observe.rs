//! From what an attempt learnt to one observation and one sentence. Plain functions on plain data.
//!
//! Where one end of a connection cannot tell two causes apart, the sentence names both.

use std::io;
use std::time::Duration;

use kubectl_pods_report::{
    Ask, Check, Family, IcmpError, Observation, Spoken, Starvation, TlsFault,
};

use super::failure::{Failure, ResolveFailure};
use super::observed::Heard;
use super::resolve::answer;
use super::{Stage, Trace, icmp, tls};
use crate::evidence::errno_name;
use crate::starvation;

/// Word and sentence for an attempt that began at `started_seconds` (Unix time) and took `total`. `result` has what answered,
/// or why nothing did.
pub(super) fn observe(
    check: &Check,
    trace: &Trace,
    result: Result<String, Failure>,
    started_seconds: f64,
    total: Duration,
) -> (Observation, String) {
    match result {
        Ok(answered) => (Observation::Open, open(trace, answered)),
        Err(Failure::TimedOut) => timed_out(check, trace, total),
        Err(Failure::Resolve(failure)) => unresolved(check, trace, failure),
        Err(Failure::Local(error)) => {
            (Observation::NotRun, format!("the probe itself could not go on: {error}"))
        }
        Err(Failure::Connect(error)) => unconnected(check, trace, &error, total),
        Err(Failure::Tls(error)) => no_tls(trace, &error, started_seconds),
        Err(Failure::NoAnswer(error)) => {
            (Observation::EmptyReply, no_answer(trace, error.as_ref()))
        }
        Err(Failure::Answer { observation, message, .. }) => {
            (observation, answered_with(trace, message))
        }
    }
}

/// The name that the resolver was asked for when time was over.
fn asked_for(trace: &Trace) -> String {
    let asked = trace.details.name.as_ref().and_then(|name| name.asked.last());
    asked.map(|asked| format!(", when asked for {}", asked.name)).unwrap_or_default()
}

fn open(trace: &Trace, answered: String) -> String {
    match (retransmitted(trace), trace.phases.connect_seconds) {
        (0, _) | (_, None) => answered,
        (lost, Some(connect)) => format!(
            "{answered}, but {lost} of its segments had to be sent again (connecting took {connect:.3} s): \
             packets are lost on the way, the server is not slow"
        ),
    }
}

fn timed_out(check: &Check, trace: &Trace, total: Duration) -> (Observation, String) {
    if let Some(starved) = starved(check, trace) {
        return starved;
    }
    let seconds = total.as_secs_f64();
    let silence = format!("then silence until the time-out after {seconds:.1} s");
    match trace.stage {
        Stage::Resolve => (
            Observation::DnsTimeout,
            format!(
                "no answer from the resolver about {} in {seconds:.1} s{}",
                check.host,
                asked_for(trace)
            ),
        ),
        Stage::Connect => unanswered(check, trace, total),
        Stage::Tls => (
            Observation::Stalled,
            format!("connected, but the TLS handshake was not answered: {silence}"),
        ),
        Stage::Processing => {
            let heard = trace.heard.as_ref().and_then(Heard::words);
            let heard = heard.map(|heard| format!("; {heard} within {seconds:.1} s"));
            let rest = heard.unwrap_or_else(|| format!(", {silence}"));
            (Observation::Stalled, format!("connected and asked{rest}"))
        }
        Stage::Transfer => (
            Observation::Stalled,
            format!(
                "the answer had begun ({} body bytes) but did not end within {seconds:.1} s",
                trace.details.http.as_ref().map_or(0, |http| http.body_bytes)
            ),
        ),
    }
}

/// What is said of a time-out that is our own fault.
///
/// SYNs that were sent again are the kernel's own waiting: it is not throttled with us, so that throttling does not
/// spoil `dropped`. Having slept in one piece does: a paused machine pauses its kernel too.
fn starved(check: &Check, trace: &Trace) -> Option<(Observation, String)> {
    let connecting = matches!(trace.stage, Stage::Resolve | Stage::Connect);
    let limit = if connecting {
        check.limits.connect_seconds.min(check.limits.total_seconds)
    } else {
        check.limits.total_seconds
    };
    let seen = trace.evidence.starvation?;
    let limit = Duration::from_secs_f64(limit);
    let kernel_waited = trace.stage == Stage::Connect && retransmitted(trace) > 0;
    let spoilt = starvation::overslept(&seen, limit)
        || (!kernel_waited && starvation::throttled(&seen, limit));
    spoilt.then(|| (Observation::Starved, paused(&seen)))
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
fn unanswered(check: &Check, trace: &Trace, total: Duration) -> (Observation, String) {
    match trace.evidence.icmp {
        Some(error) => rejected(trace, error),
        None => (Observation::Dropped, dropped(check, trace, total)),
    }
}

fn dropped(check: &Check, trace: &Trace, total: Duration) -> String {
    let syns = retransmitted(trace) + 1;
    let sent = match check.ask {
        Ask::Icmp => "an echo request".to_owned(),
        _ if syns == 1 => "1 SYN".to_owned(),
        _ => format!("{syns} SYNs"),
    };
    format!(
        "no answer to {sent} in {:.1} s: dropped by a firewall or policy on either side, or nobody has this address",
        total.as_secs_f64()
    )
}

fn unresolved(check: &Check, trace: &Trace, failure: ResolveFailure) -> (Observation, String) {
    let host = &check.host;
    let asked = trace.details.name.as_ref().map_or(&[][..], |name| &name.asked);
    let glibc = format!("glibc: {}", answer::of_glibc(asked, host));
    match failure {
        ResolveFailure::Configuration(error) => {
            (Observation::NotRun, format!("no resolver is configured in /etc/resolv.conf: {error}"))
        }
        ResolveFailure::BadName => {
            (Observation::NotRun, format!("{host} is no name that can be asked for"))
        }
        ResolveFailure::NoSuchName => {
            (Observation::DnsNxdomain, format!("the resolver knows no {host} ({glibc})"))
        }
        ResolveFailure::NoAddress => (
            Observation::DnsNodata,
            format!("{host} exists but has {} ({glibc})", no_address(check.family)),
        ),
        ResolveFailure::Server { name, code } => (
            Observation::DnsServfail,
            format!(
                "the resolver failed on {host}, when asked for {name}: {} ({glibc})",
                answer::words(code)
            ),
        ),
        ResolveFailure::Silence { name, seen } => (
            Observation::DnsTimeout,
            format!(
                "the resolver did not answer about {host}, when asked for {name}: {seen} ({glibc})"
            ),
        ),
        ResolveFailure::Forbidden(address) if host.parse() == Ok(address) => (
            Observation::NotRun,
            format!(
                "refused: the redirect leads to {address}, a link-local or metadata address; name the address itself to probe it"
            ),
        ),
        ResolveFailure::Forbidden(address) => (
            Observation::NotRun,
            format!(
                "refused: {host} resolves to {address}, a link-local or metadata address; name the address itself to probe it"
            ),
        ),
    }
}

const fn no_address(only: Option<Family>) -> &'static str {
    match only {
        None => "neither an IPv4 nor an IPv6 address",
        Some(Family::Ipv4) => "no IPv4 address",
        Some(Family::Ipv6) => "no IPv6 address",
    }
}

fn unconnected(
    check: &Check,
    trace: &Trace,
    error: &io::Error,
    total: Duration,
) -> (Observation, String) {
    let refused = error.raw_os_error() == Some(libc::ECONNREFUSED);
    if matches!(check.ask, Ask::Udp { .. }) && refused {
        return (Observation::Refused, port_unreachable(trace));
    }
    if let Some(icmp) = trace.evidence.icmp {
        return rejected(trace, icmp);
    }
    let name = errno_name(error).unwrap_or_else(|| error.to_string());
    match error.raw_os_error().unwrap_or_default() {
        libc::ECONNREFUSED => (
            Observation::Refused,
            "a reset: nothing listens on the port, or a firewall resets (one end cannot tell)"
                .to_owned(),
        ),
        // The handshake was done, and the reset came before we could look.
        libc::ECONNRESET => (Observation::EmptyReply, no_answer(trace, Some(error))),
        libc::ETIMEDOUT => starved(check, trace)
            .unwrap_or_else(|| (Observation::Dropped, dropped(check, trace, total))),
        libc::EADDRNOTAVAIL | libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM => {
            (Observation::NotRun, format!("the probe ran out of ports or memory ({name})"))
        }
        libc::ENETUNREACH => (
            Observation::NoRoute,
            format!("the probe's own kernel has no route to this address ({name})"),
        ),
        libc::EHOSTUNREACH => (
            Observation::NoRoute,
            format!("unreachable, and the kernel does not say who found so ({name})"),
        ),
        _ => (
            Observation::NoRoute,
            format!(
                "the probe's own kernel refused to send: a local route, policy or program ({name})"
            ),
        ),
    }
}

/// What hosts answer a datagram for a port on which nobody listens; TCP has resets for that.
fn port_unreachable(trace: &Trace) -> String {
    let sender = trace.evidence.icmp.and_then(|icmp| icmp.sender);
    let sender = sender.map(|sender| format!(" from {sender}")).unwrap_or_default();
    format!(
        "ICMP \"port unreachable\"{sender}: nothing listens on the UDP port, or a firewall rejects (one end cannot tell)"
    )
}

fn rejected(trace: &Trace, error: IcmpError) -> (Observation, String) {
    let v6 = trace.address.is_some_and(|address| address.is_ipv6());
    let meaning = icmp::meaning(error, v6);
    let what =
        format!("ICMP{} {}/{} ({meaning})", if v6 { "v6" } else { "" }, error.kind, error.code);
    let sender =
        error.sender.map_or_else(|| "an unknown sender".to_owned(), |sender| sender.to_string());
    match (trace.icmp_is_own, meaning) {
        // The kernel tells itself so when a neighbour stays silent (net/ipv4/route.c, ipv4_link_failure).
        (true, "host unreachable") => (
            Observation::NoRoute,
            "nobody on the probe's own network answers for this address (no ARP or neighbour reply): \
             no such pod or host there, or a local rule that rejects in the same words"
                .to_owned(),
        ),
        (true, _) => {
            (Observation::Rejected, format!("{what} from the probe's own address {sender}: a rule on the probe's own side"))
        }
        (false, _) => (Observation::Rejected, format!("{what} from {sender}")),
    }
}

fn no_tls(trace: &Trace, error: &io::Error, started_seconds: f64) -> (Observation, String) {
    let fault = trace.details.tls.as_ref().and_then(|tls| tls.fault);
    let observation = if fault.is_some_and(TlsFault::is_of_certificate) {
        Observation::TlsCertificate
    } else {
        Observation::TlsHandshake
    };
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds of Unix time")]
    let now = started_seconds as i64;
    (observation, tls::words::sentence(error, &trace.details, now))
}

fn no_answer(trace: &Trace, error: Option<&io::Error>) -> String {
    let how = error.map_or_else(|| "closed".to_owned(), |error| format!("broke off ({error})"));
    let seen = format!("connected, then the peer {how} without an answer");
    let tls = trace.details.tls.as_ref();
    if trace.details.speaks == Some(Spoken::Tls) {
        format!("{seen} to plain HTTP: the port speaks TLS; ask with https://")
    } else if tls.is_some_and(|tls| tls.wants_client_certificate) {
        format!("{seen}; it had asked for a certificate of the client, and the probe has none")
    } else {
        seen
    }
}

/// What else the begin of a wrong answer tells.
fn answered_with(trace: &Trace, message: String) -> String {
    match (&trace.details.first_bytes, trace.details.speaks) {
        (Some(begin), Some(Spoken::Tls)) => {
            format!(
                "the port speaks TLS, not plain HTTP: it answered \"{begin}\"; ask with https://"
            )
        }
        (Some(begin), _) => format!("{message}: \"{begin}\""),
        (None, _) => message,
    }
}

fn retransmitted(trace: &Trace) -> u32 {
    trace.evidence.tcp_info.map_or(0, |info| info.total_retrans)
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, Evidence, Limits, TcpInfo};

    use super::*;

    fn check() -> Check {
        let limits = Limits { connect_seconds: 2.0, total_seconds: 8.0 };
        Check { limits, ..Check::new(0, "web", "web", Ask::tcp(80)) }
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

    fn observed(trace: &Trace, failure: Failure) -> (Observation, String) {
        observe(&check(), trace, Err(failure), 0.0, Duration::from_secs(2))
    }

    #[test]
    fn a_time_out_is_held_against_the_target_only_when_we_were_awake() {
        let cases = [
            ("dropped", Stage::Connect, 2, 0.0, None, Observation::Dropped),
            ("slept through most of it", Stage::Connect, 2, 1.1, None, Observation::Starved),
            ("slept through some of it", Stage::Connect, 2, 0.9, None, Observation::Dropped),
            (
                "throttled, but the kernel waited",
                Stage::Connect,
                2,
                0.1,
                Some(1.8),
                Observation::Dropped,
            ),
            (
                "throttled, and the kernel did not wait",
                Stage::Connect,
                0,
                0.1,
                Some(1.8),
                Observation::Starved,
            ),
            ("resolver", Stage::Resolve, 0, 0.0, None, Observation::DnsTimeout),
            ("resolver, slept", Stage::Resolve, 0, 1.1, None, Observation::Starved),
            ("TLS", Stage::Tls, 0, 0.0, None, Observation::Stalled),
            ("TLS, throttled", Stage::Tls, 0, 0.1, Some(4.1), Observation::Starved),
            (
                "answer; its limit is the whole",
                Stage::Processing,
                0,
                1.1,
                Some(2.0),
                Observation::Stalled,
            ),
            ("body, throttled", Stage::Transfer, 0, 0.1, Some(4.1), Observation::Starved),
        ];
        for (name, stage, resent, lag, throttled, expected) in cases {
            let (got, message) = observed(&trace(stage, resent, lag, throttled), Failure::TimedOut);
            assert_eq!(got, expected, "{name}: {message}");
        }
    }

    #[test]
    fn socket_errors_without_an_icmp_error() {
        let cases = [
            (libc::ECONNREFUSED, Observation::Refused, "one end cannot tell"),
            (libc::ECONNRESET, Observation::EmptyReply, "connected, then the peer broke off"),
            (libc::ETIMEDOUT, Observation::Dropped, "no answer to 1 SYN in 2.0 s"),
            (libc::ENETUNREACH, Observation::NoRoute, "no route to this address (ENETUNREACH)"),
            (libc::EHOSTUNREACH, Observation::NoRoute, "does not say who found so (EHOSTUNREACH)"),
            (
                libc::EPERM,
                Observation::NoRoute,
                "refused to send: a local route, policy or program (EPERM)",
            ),
            (
                libc::EADDRNOTAVAIL,
                Observation::NotRun,
                "ran out of ports or memory (EADDRNOTAVAIL)",
            ),
        ];
        for (code, expected, says) in cases {
            let error = io::Error::from_raw_os_error(code);
            let (got, message) =
                observed(&trace(Stage::Connect, 0, 0.0, None), Failure::Connect(error));
            assert_eq!(got, expected, "{message}");
            assert!(message.contains(says), "{message}");
        }
    }

    #[test]
    fn our_own_trouble_is_never_the_target_s() {
        let none_left = io::Error::from_raw_os_error(libc::EMFILE);
        let (observation, message) = observed(&Trace::default(), Failure::Local(none_left));
        assert_eq!(observation, Observation::NotRun, "{message}");
        let forbidden =
            ResolveFailure::Forbidden(std::net::Ipv4Addr::new(169, 254, 169, 254).into());
        assert_eq!(observed(&Trace::default(), Failure::Resolve(forbidden)).0, Observation::NotRun);
    }
}
