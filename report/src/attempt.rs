//! What one try showed.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::Verdict;

/// One attempt at one check. A failed attempt is data, never an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// [`crate::Check::target`].
    pub target: String,
    /// Index into [`crate::Plan::checks`].
    pub check: u32,
    /// The address that was tried, once it was known.
    pub address: Option<SocketAddr>,
    /// The answer.
    pub verdict: Verdict,
    /// One sentence for people: what happened, and what it cannot tell apart. No control characters.
    pub message: String,
    /// Unix time at which the attempt began.
    pub started_seconds: f64,
    /// Wall-clock length of the whole attempt, whatever its verdict. Not a latency when it failed.
    pub total_seconds: f64,
    /// Length of each phase that was completed (not cumulative).
    pub phases: Phases,
    /// Status of the HTTP answer, when one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// Body bytes received.
    #[serde(default)]
    pub body_bytes: u64,
    /// What the kernel said.
    #[serde(default)]
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

/// The kernel's evidence.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// `TCP_INFO`, read at the end of the attempt except where said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_info: Option<TcpInfo>,
    /// The ICMP error on the socket's error queue (`IP_RECVERR`), if one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icmp: Option<IcmpError>,
    /// Symbolic name of the socket error: `ECONNREFUSED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno: Option<String>,
    /// How much the probe itself was held up during the attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starvation: Option<Starvation>,
}

/// A few fields of `struct tcp_info` (linux/tcp.h).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct TcpInfo {
    /// Round-trip time of the handshake: `tcpi_rtt` right after it, before answers of a slow server could enter. 0 without
    /// a handshake.
    pub rtt_seconds: f64,
    /// Its mean deviation (`tcpi_rttvar`) at that moment.
    pub rttvar_seconds: f64,
    /// Segments sent again since the socket was made (`tcpi_total_retrans`).
    pub total_retrans: u32,
    /// Retransmissions of the segment in flight (`tcpi_retransmits`).
    pub retransmits: u8,
    /// Segments thought lost (`tcpi_lost`).
    pub lost: u32,
    /// Segments not yet acknowledged (`tcpi_unacked`).
    pub unacked: u32,
    /// Path MTU in bytes (`tcpi_pmtu`).
    pub pmtu: u32,
}

/// An ICMP or ICMPv6 error, from `struct sock_extended_err` (linux/errqueue.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IcmpError {
    /// ICMP type (`ee_type`).
    #[serde(rename = "type")]
    pub kind: u8,
    /// ICMP code (`ee_code`).
    pub code: u8,
    /// Who sent it (`SO_EE_OFFENDER`).
    pub sender: Option<IpAddr>,
}

/// Signs that the probe, not the network, was slow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Starvation {
    /// Longest delay between a timer's due time and its wake-up during the attempt.
    pub wakeup_lag_seconds: f64,
    /// Growth of the cgroup's `throttled_usec` (v2) or `throttled_time` (v1), when readable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_seconds: Option<f64>,
}
