//! What an attempt has learnt so far, whatever it asks for.

use std::net::IpAddr;

use kubectl_pods_report::{Details, Evidence, Phases, TcpInfo};

use crate::evidence::{Witness, is_own_address};

use super::failure::Failure;

/// Where an attempt is, or was when it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Stage {
    #[default]
    Resolve,
    Connect,
    Tls,
    /// Asked, answer awaited.
    Processing,
    /// Answer begun.
    Transfer,
}

/// What an attempt has learnt so far.
#[derive(Default)]
pub(super) struct Trace {
    pub(super) stage: Stage,
    pub(super) address: Option<IpAddr>,
    pub(super) phases: Phases,
    pub(super) details: Details,
    /// The socket, to be asked at the end.
    pub(super) witness: Option<Witness>,
    pub(super) evidence: Evidence,
    /// The ICMP error in the evidence was sent by an address of our own.
    pub(super) icmp_is_own: bool,
}

impl Trace {
    /// Asks at the end of the attempt. The round-trip time stays that of the handshake: later ones hold the server's pauses.
    pub(super) fn question_the_kernel(&mut self, failure: Option<&Failure>) {
        let Some(witness) = self.witness.take() else { return };
        let handshake = self.evidence.tcp_info;
        self.evidence.tcp_info = witness.tcp_info().map(|end| TcpInfo {
            rtt_seconds: handshake.map_or(end.rtt_seconds, |then| then.rtt_seconds),
            rttvar_seconds: handshake.map_or(end.rttvar_seconds, |then| then.rttvar_seconds),
            ..end
        });
        self.evidence.icmp = witness.icmp_error();
        self.evidence.errno = failure.and_then(Failure::errno);
        let sender = self.evidence.icmp.and_then(|icmp| icmp.sender);
        self.icmp_is_own = sender.is_some_and(is_own_address);
    }
}
