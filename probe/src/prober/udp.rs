//! A datagram to a UDP port. Whoever answers it is there; an ICMP "port unreachable" says that nobody is; silence says nothing,
//! because a server that does not understand a datagram has no need to answer, and a lost one looks the same.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kubectl_pods_report::{Backend, Observation};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout, timeout_at};

use super::failure::Failure;
use super::observed::Begin;
use super::{Context, Prober, Stage, Trace};
use crate::echo;
use crate::evidence::{Witness, report_icmp_errors};

/// After which the datagram is sent again, for one may be lost.
const AGAIN: Duration = Duration::from_secs(1);
/// Where DNS servers listen (RFC 1035, section 4.2).
const DNS_PORT: u16 = 53;
/// Asks for the name servers of the root (RFC 1035, section 4.1): every DNS server has an answer to it, if only a refusal.
const DNS_QUESTION: &[u8] = b"kp\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01";

/// Sends a datagram, and the same each second, until one is answered.
#[derive(Debug)]
pub(super) struct Udp {
    pub(super) port: u16,
}

impl Prober for Udp {
    fn ask<'a>(
        &'a self,
        context: Context<'a>,
        trace: &'a mut Trace,
    ) -> BoxFuture<'a, Result<String, Failure>> {
        async move {
            let Context { check, only, machine, connect_limit, .. } = context;
            let end = Instant::now() + connect_limit;
            trace.address = only; // Whatever comes, it is of this one.
            let finding = timeout_at(end, machine.resolver.address(check, only, trace)).await;
            let address = finding.unwrap_or(Err(Failure::TimedOut))?;
            let asking = exchange(SocketAddr::new(address, self.port), trace);
            timeout_at(end, asking).await.unwrap_or_else(|_| Err(silence(connect_limit)))
        }
        .boxed()
    }
}

async fn exchange(address: SocketAddr, trace: &mut Trace) -> Result<String, Failure> {
    trace.stage = Stage::Connect;
    trace.address = Some(address.ip());
    let socket = open(address, trace)?;
    let question = question(address.port());
    let mut answer = [0; 2048]; // Of a longer datagram the rest is cut off.
    let begun = Instant::now();
    loop {
        socket.send(&question).await.map_err(Failure::Connect)?;
        let Ok(received) = timeout(AGAIN, socket.recv(&mut answer)).await else { continue };
        let answer = &answer[..received.map_err(Failure::Connect)?];
        // Which of several is answered cannot be told: since the first, so that no answer looks quicker than it was.
        trace.details.echo_nanoseconds = u64::try_from(begun.elapsed().as_nanos()).ok();
        let backend = echo::answered_by(answer, &question);
        let message = told(answer, &question, backend.as_ref());
        trace.details.answered_by = backend;
        return Ok(message);
    }
}

/// A connected socket: it is given only datagrams of the one that is asked, and ICMP errors about them.
fn open(address: SocketAddr, trace: &mut Trace) -> Result<UdpSocket, Failure> {
    let kind = Type::DGRAM.nonblocking();
    let socket = Socket::new(Domain::for_address(address), kind, Some(Protocol::UDP));
    let socket = socket.map_err(Failure::Local)?;
    report_icmp_errors(&socket, address.ip(), true);
    trace.witness = Some(Witness::of(&socket).map_err(Failure::Local)?);
    socket.connect(&address.into()).map_err(Failure::Connect)?;
    UdpSocket::from_std(socket.into()).map_err(Failure::Local)
}

/// What is sent: what a server at this port understands, or else our own words.
fn question(port: u16) -> Vec<u8> {
    if port == DNS_PORT {
        return DNS_QUESTION.to_vec();
    }
    echo::question()
}

fn told(answer: &[u8], question: &[u8], backend: Option<&Backend>) -> String {
    if let Some(Backend { name, node }) = backend {
        return format!("echoed by {name} on {node}");
    }
    if answer == question {
        return "echoed what was sent".to_owned();
    }
    format!("answered with {} B: \"{}\"", answer.len(), Begin::new(answer).text())
}

fn silence(limit: Duration) -> Failure {
    Failure::Answer {
        observation: Observation::Silent,
        message: format!(
            "no answer to a datagram in {:.1} s, and no error: over UDP silence proves nothing",
            limit.as_secs_f64()
        ),
        error: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_by_who_gave_it_or_by_its_begin() {
        let question = question(7);
        let told = |answer, backend| told(answer, &question, backend);
        assert_eq!(told(&question, None), "echoed what was sent");
        assert_eq!(told(b"\x00hello", None), r#"answered with 6 B: "\x00hello""#);
        assert_eq!(told(b"", None), r#"answered with 0 B: """#);
        let backend = Backend { name: "monitor-x".to_owned(), node: "node1".to_owned() };
        assert_eq!(told(b"its words", Some(&backend)), "echoed by monitor-x on node1");
    }
}
