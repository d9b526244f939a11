//! What an attempt has learnt so far, whatever it asks for.

use std::net::{IpAddr, SocketAddr};

use kubectl_pods_report::{Check, Details, Evidence, Hop, Phases, TcpInfo};
use tokio::time::Instant;

use crate::evidence::{Witness, is_own_address};

use super::failure::Failure;
use super::observed::Heard;

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

/// A request that is being made.
pub(super) struct OpenHop {
    pub(super) begun: Instant,
    pub(super) hop: Hop,
}

/// What an attempt has learnt so far.
#[derive(Default)]
pub(super) struct Trace {
    pub(super) stage: Stage,
    /// What is asked, once a redirect has led elsewhere.
    pub(super) at: Option<Box<Check>>,
    pub(super) address: Option<IpAddr>,
    /// Our end of the connection.
    pub(super) local: Option<SocketAddr>,
    pub(super) phases: Phases,
    /// What came of the answer, as long as it is none.
    pub(super) heard: Option<Heard>,
    pub(super) details: Details,
    /// The socket, to be asked at the end.
    pub(super) witness: Option<Witness>,
    pub(super) evidence: Evidence,
    /// The ICMP error in the evidence was sent by an address of our own.
    pub(super) icmp_is_own: bool,
    /// The request that is being made, if every step is to be told.
    pub(super) hop: Option<Box<OpenHop>>,
    /// Status and `Location` of an answer that leads elsewhere.
    pub(super) redirect: Option<(u16, Vec<u8>)>,
}

impl Trace {
    /// The request that was made, with what was learnt.
    pub(super) fn close_hop(&mut self) -> Option<Box<Hop>> {
        let OpenHop { begun, hop } = *self.hop.take()?;
        Some(Box::new(Hop {
            address: self.address,
            local: self.local,
            took_seconds: begun.elapsed().as_secs_f64(),
            phases: self.phases,
            tls: self.details.tls.clone(),
            ..hop
        }))
    }

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
