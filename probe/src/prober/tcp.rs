//! A TCP handshake on a socket of our own, so that the kernel can be asked about it.

use std::io;
use std::net::SocketAddr;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use nix::errno::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::failure::Failure;
use super::{Context, Prober, Stage, Trace};
use crate::evidence::{Witness, report_icmp_errors};

/// Connects, and that is all.
#[derive(Debug)]
pub(super) struct Tcp {
    pub(super) port: u16,
}

impl Prober for Tcp {
    fn ask<'a>(
        &'a self,
        context: Context<'a>,
        trace: &'a mut Trace,
    ) -> BoxFuture<'a, Result<String, Failure>> {
        async move { open(context, self.port, trace).await.map(|_| "connected".to_owned()) }.boxed()
    }
}

/// A connection to `port` of the host, for whatever is spoken above TCP.
pub(super) async fn open(
    context: Context<'_>,
    port: u16,
    trace: &mut Trace,
) -> Result<TcpStream, Failure> {
    let connecting = async {
        let Context { check, only, .. } = context;
        trace.address = only; // Whatever comes, it is of this one.
        let address = context.machine.resolver.address(check, only, trace).await?;
        connect(SocketAddr::new(address, port), trace).await
    };
    timeout(context.connect_limit, connecting).await.unwrap_or(Err(Failure::TimedOut))
}

async fn connect(address: SocketAddr, trace: &mut Trace) -> Result<TcpStream, Failure> {
    trace.stage = Stage::Connect;
    trace.address = Some(address.ip());
    let socket =
        Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), Some(Protocol::TCP));
    let socket = socket.map_err(Failure::Local)?;
    // Requests are written in one piece; waiting for more to send would only be measured.
    let _ = socket.set_tcp_nodelay(true);
    report_icmp_errors(&socket, address.ip(), true);
    trace.witness = Some(Witness::of(&socket).map_err(Failure::Local)?);
    let begun = Instant::now();
    match socket.connect(&address.into()) {
        Err(error) if error.raw_os_error() != Some(Errno::EINPROGRESS as i32) => {
            return Err(Failure::Connect(error));
        }
        _ => {}
    }
    let stream = TcpStream::from_std(socket.into()).map_err(Failure::Local)?;
    stream.async_io(Interest::WRITABLE, || established(&stream)).await.map_err(Failure::Connect)?;
    trace.phases.connect_seconds = Some(begun.elapsed().as_secs_f64());
    trace.local = stream.local_addr().ok();
    trace.evidence.tcp_info = trace.witness.as_ref().and_then(Witness::tcp_info);
    report_icmp_errors(&stream, address.ip(), false);
    Ok(stream)
}

/// Whether the handshake is done. An ICMP error that the kernel only notes wakes us as well, and then it is not.
fn established(stream: &TcpStream) -> io::Result<()> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => {
            Err(io::ErrorKind::WouldBlock.into())
        }
        peer => peer.map(drop),
    }
}
