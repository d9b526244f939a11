//! What one try showed, and what that means.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::expectation::{Judged, judge};
use crate::{
    Certificate, Check, Details, Evidence, Expectation, Facts, HttpDetails, Judgement, Observation,
    Phases, Verdict,
};

/// One attempt at one check. A failed attempt is data, never an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// [`Check::id`].
    pub check: u32,
    /// [`Check::target`].
    pub target: String,
    /// The address that was tried, once it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The port that was tried, where the protocol has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What was seen.
    pub observation: Observation,
    /// Whether that is right.
    pub judgement: Judgement,
    /// Both in one word.
    pub verdict: Verdict,
    /// The first expectation that was not met, or of which one cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmet: Option<Expectation>,
    /// One sentence for people: what happened, and what it cannot tell apart. No control characters.
    pub message: String,
    /// Unix time at which the attempt began.
    pub started_seconds: f64,
    /// Wall-clock length of the whole attempt, whatever was seen. Not a latency when it failed.
    pub total_seconds: f64,
    /// Length of each phase that was completed (not cumulative).
    pub phases: Phases,
    /// What name resolution, TLS and HTTP found out.
    #[serde(default, skip_serializing_if = "Details::is_empty")]
    pub details: Details,
    /// What the kernel said.
    #[serde(default)]
    pub evidence: Evidence,
}

impl Attempt {
    /// An attempt at `check` that showed `facts`. It is judged here, so that there is no attempt without a judgement.
    #[must_use]
    pub fn new(check: &Check, facts: Facts) -> Self {
        let Judged { judgement, verdict, unmet, message } = judge(&check.expect, &facts);
        Self {
            check: check.id,
            target: check.target.clone(),
            address: facts.address,
            port: check.ask.port(),
            observation: facts.observation,
            judgement,
            verdict,
            unmet,
            message,
            started_seconds: facts.started_seconds,
            total_seconds: facts.total_seconds,
            phases: facts.phases,
            details: facts.details,
            evidence: facts.evidence,
        }
    }

    /// Whether its lengths of time are latencies of the target: it answered as expected, or only slower. Anything else
    /// was waited for in vain, or was not to answer at all.
    #[must_use]
    pub fn has_latency(&self) -> bool {
        match self.judgement {
            Judgement::Held => self.observation == Observation::Open,
            Judgement::Failed => self.verdict == Verdict::Slow,
            Judgement::Unknown => false,
        }
    }

    /// Address and port that were tried, as people write them.
    #[must_use]
    pub fn endpoint(&self) -> Option<String> {
        let address = self.address?;
        Some(
            self.port.map_or_else(
                || address.to_string(),
                |port| SocketAddr::new(address, port).to_string(),
            ),
        )
    }

    /// What only HTTP has, if HTTP was spoken and an answer came.
    #[must_use]
    pub const fn http(&self) -> Option<&HttpDetails> {
        self.details.http.as_ref()
    }

    /// The certificate that the server showed, if TLS was spoken and it came to that.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.details.tls.as_ref()?.certificate.as_ref()
    }

    /// The kernel's round-trip time, if there was a handshake, or that of an ICMP echo.
    #[must_use]
    pub fn rtt_seconds(&self) -> Option<f64> {
        let handshake = self.evidence.tcp_info.map(|info| info.rtt_seconds);
        let echo =
            || self.details.echo_nanoseconds.map(|nanos| Duration::from_nanos(nanos).as_secs_f64());
        handshake.filter(|seconds| *seconds > 0.0).or_else(echo)
    }
}
