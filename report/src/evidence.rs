//! What the kernel said about an attempt.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

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

impl IcmpError {
    /// Whether somebody says with it that he does not let the packet pass, rather than that there is no way or nobody
    /// there. Hosts answer TCP with resets, so that "port unreachable" is a firewall's (RFC 792, 1812, 4443).
    #[must_use]
    pub const fn is_denial(&self, v6: bool) -> bool {
        matches!((v6, self.kind, self.code), (false, 3, 3 | 9 | 10 | 13) | (true, 1, 1 | 4 | 5))
    }
}

impl Starvation {
    /// Time that the probe itself may have added to a length it measured. Being throttled shows as waking late, so
    /// the larger of the two counts.
    #[must_use]
    pub fn held_up_seconds(&self) -> f64 {
        self.wakeup_lag_seconds.max(self.throttled_seconds.unwrap_or_default())
    }
}
