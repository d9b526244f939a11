//! Everything about an attempt but what it means.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{Details, Evidence, HttpDetails, Observation};

/// Everything about an attempt but what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// [`crate::Attempt::address`].
    pub address: Option<IpAddr>,
    /// What was seen.
    pub observation: Observation,
    /// One sentence for people about that. No control characters.
    pub message: String,
    /// [`crate::Attempt::started_seconds`].
    pub started_seconds: f64,
    /// [`crate::Attempt::total_seconds`].
    pub total_seconds: f64,
    /// [`crate::Attempt::phases`].
    pub phases: Phases,
    /// [`crate::Attempt::details`].
    pub details: Details,
    /// [`crate::Attempt::evidence`].
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
            details: Details::default(),
            evidence: Evidence::default(),
        }
    }

    /// What only HTTP has, if HTTP was spoken and an answer came.
    #[must_use]
    pub const fn http(&self) -> Option<&HttpDetails> {
        self.details.http.as_ref()
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
