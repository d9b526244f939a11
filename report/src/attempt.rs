//! What one try showed, and what that means.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::expectation::{Judged, judge};
use crate::{Check, Details, Evidence, Expectation, HttpDetails, Judgement, Observation, Verdict};

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
    /// What only its protocol has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
    /// What the kernel said.
    #[serde(default)]
    pub evidence: Evidence,
}

/// Everything about an attempt but what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// [`Attempt::address`].
    pub address: Option<IpAddr>,
    /// What was seen.
    pub observation: Observation,
    /// One sentence for people about that. No control characters.
    pub message: String,
    /// [`Attempt::started_seconds`].
    pub started_seconds: f64,
    /// [`Attempt::total_seconds`].
    pub total_seconds: f64,
    /// [`Attempt::phases`].
    pub phases: Phases,
    /// [`Attempt::details`].
    pub details: Option<Details>,
    /// [`Attempt::evidence`].
    pub evidence: Evidence,
}

/// Lengths of the phases of an attempt, named as `blackbox_exporter` names them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    /// Name resolution; absent for an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolve_seconds: Option<f64>,
    /// TCP handshake as the caller saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_seconds: Option<f64>,
    /// TLS handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_seconds: Option<f64>,
    /// Request written to first byte of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processing_seconds: Option<f64>,
    /// First byte to last byte of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_seconds: Option<f64>,
}

/// A length of time within an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// [`Phases::resolve_seconds`].
    Resolve,
    /// [`Phases::connect_seconds`].
    Connect,
    /// [`Phases::tls_seconds`].
    Tls,
    /// [`Phases::processing_seconds`].
    Processing,
    /// [`Phases::transfer_seconds`].
    Transfer,
    /// The whole attempt.
    Total,
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
        match &self.details {
            Some(Details::Http(http)) => Some(http),
            None => None,
        }
    }

    /// The kernel's round-trip time, if there was a handshake.
    #[must_use]
    pub fn rtt_seconds(&self) -> Option<f64> {
        self.evidence.tcp_info.map(|info| info.rtt_seconds).filter(|seconds| *seconds > 0.0)
    }
}

impl Facts {
    /// What was seen, and nothing measured.
    #[must_use]
    pub fn new(observation: Observation, message: impl Into<String>) -> Self {
        Self {
            address: None,
            observation,
            message: message.into(),
            started_seconds: 0.0,
            total_seconds: 0.0,
            phases: Phases::default(),
            details: None,
            evidence: Evidence::default(),
        }
    }

    /// Length of `phase` in seconds, if it was completed.
    #[must_use]
    pub const fn seconds(&self, phase: Phase) -> Option<f64> {
        match phase {
            Phase::Resolve => self.phases.resolve_seconds,
            Phase::Connect => self.phases.connect_seconds,
            Phase::Tls => self.phases.tls_seconds,
            Phase::Processing => self.phases.processing_seconds,
            Phase::Transfer => self.phases.transfer_seconds,
            Phase::Total => Some(self.total_seconds),
        }
    }
}

impl Phase {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Processing => "processing",
            Self::Transfer => "transfer",
            Self::Total => "total",
        }
    }
}
