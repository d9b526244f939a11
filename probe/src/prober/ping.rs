//! An ICMP echo (RFC 792, RFC 4443) on a socket that needs no capability: `net.ipv4.ping_group_range` says whose groups may have
//! one (icmp(7)). The kernel sets identifier and checksum, and gives us only answers to our own identifier.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use nix::errno::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

use super::failure::Failure;
use super::{Context, Prober, Stage, Trace};
use crate::evidence::{Witness, report_icmp_errors};

/// Types of requests; their answers are these types.
const REQUEST: [u8; 2] = [8, 128];
const REPLY: [u8; 2] = [0, 129];
/// Type, code, checksum, identifier, sequence number.
const HEADER: usize = 8;
/// By which our own answer is known.
const PAYLOAD: &[u8] = b"kubectl-pods echo request";

/// Sends one echo request and waits for its answer.
#[derive(Debug)]
pub(super) struct Ping;

impl Prober for Ping {
    fn ask<'a>(
        &'a self,
        context: Context<'a>,
        trace: &'a mut Trace,
    ) -> BoxFuture<'a, Result<String, Failure>> {
        let limit = context.connect_limit;
        let echo = async move {
            let Context { check, only, machine, .. } = context;
            trace.address = only;
            let address = machine.resolver.address(check, only, trace).await?;
            echo(address, trace).await
        };
        async move { timeout(limit, echo).await.unwrap_or(Err(Failure::TimedOut)) }.boxed()
    }
}

async fn echo(address: IpAddr, trace: &mut Trace) -> Result<String, Failure> {
    trace.stage = Stage::Connect;
    trace.address = Some(address);
    let socket = open(address).map_err(Failure::Local)?;
    report_icmp_errors(&socket, address, true);
    trace.witness = Some(Witness::of(&socket).map_err(Failure::Local)?);
    socket.connect(&SocketAddr::new(address, 0).into()).map_err(Failure::Connect)?;
    let socket = std::net::UdpSocket::from(OwnedFd::from(socket));
    let socket = UdpSocket::from_std(socket).map_err(Failure::Local)?;
    let family = usize::from(address.is_ipv6());
    let mut request = vec![REQUEST[family], 0, 0, 0, 0, 0, 0, 1];
    request.extend(PAYLOAD);
    let begun = Instant::now();
    socket.send(&request).await.map_err(Failure::Connect)?;
    let mut answer = [0; 128];
    loop {
        let length = socket.recv(&mut answer).await.map_err(Failure::Connect)?;
        if is_ours(&answer[..length], REPLY[family]) {
            trace.details.echo_nanoseconds = u64::try_from(begun.elapsed().as_nanos()).ok();
            return Ok("echo reply".to_owned());
        }
    }
}

fn is_ours(answer: &[u8], kind: u8) -> bool {
    answer.first() == Some(&kind) && answer.get(HEADER..) == Some(PAYLOAD)
}

fn open(address: IpAddr) -> io::Result<Socket> {
    let protocol = if address.is_ipv4() { Protocol::ICMPV4 } else { Protocol::ICMPV6 };
    let domain = Domain::for_address(SocketAddr::new(address, 0));
    let socket = Socket::new(domain, Type::DGRAM.nonblocking(), Some(protocol));
    socket.map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EACCES | Errno::EPERM) => io::Error::other(
            "its group may send no ICMP echo: the sysctl net.ipv4.ping_group_range says whose may, and a pod can set it \
             (securityContext.sysctls)",
        ),
        _ => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_our_request_counts() {
        let answer =
            |kind: u8, payload: &[u8]| [&[kind, 0, 1, 2, 3, 4, 0, 1][..], payload].concat();
        assert!(is_ours(&answer(REPLY[0], PAYLOAD), REPLY[0]));
        assert!(!is_ours(&answer(REPLY[1], PAYLOAD), REPLY[0]), "of the other family");
        assert!(!is_ours(&answer(REPLY[0], b"another's"), REPLY[0]));
        assert!(!is_ours(&[], REPLY[0]));
    }
}
