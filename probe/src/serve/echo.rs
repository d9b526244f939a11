//! Says over UDP who it is, so that who asks an address that leads to several of us learns which of them it reached.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::AsRawFd;
use std::time::Duration;

use kubectl_pods_report::Backend;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg,
};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::sleep;

use super::warn;
use crate::echo;

/// Answers as `backend` the questions of our own that come to `socket`, and nothing else. Does not return.
pub async fn echo(socket: UdpSocket, backend: Backend) {
    loop {
        let answered = socket.async_io(Interest::READABLE, || answer_one(&socket, &backend)).await;
        if let Err(error) = answered {
            warn(&format!("cannot receive a datagram: {error}"));
            sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Takes one datagram, and sends its answer from the address that it came to: a node has many, and whoever asked one of them
/// hears no other. What cannot be sent at once is lost, as a datagram may be.
fn answer_one(socket: &UdpSocket, backend: &Backend) -> io::Result<()> {
    let mut datagram = [0; echo::LENGTH + 1]; // A longer one is cut off.
    let mut room = [IoSliceMut::new(&mut datagram)];
    let mut control = nix::cmsg_space!(libc::in_pktinfo, libc::in6_pktinfo);
    let (fd, flags) = (socket.as_raw_fd(), MsgFlags::MSG_DONTWAIT);
    let received = recvmsg::<SockaddrStorage>(fd, &mut room, Some(&mut control), flags)?;
    let (length, peer) = (received.bytes, received.address);
    let came_to: Vec<ControlMessageOwned> = received.cmsgs()?.collect();
    let answer = echo::answer(&datagram[..length], backend);
    if let (Some(answer), Some(peer)) = (answer, peer) {
        let from = came_to.iter().find_map(Source::of);
        let control = from.as_ref().map(Source::control);
        let words = [IoSlice::new(&answer)];
        let _ = sendmsg(fd, &words, control.as_slice(), flags, Some(&peer));
    }
    Ok(())
}

/// An address of ours.
enum Source {
    V4(libc::in_pktinfo),
    V6(libc::in6_pktinfo),
}

impl Source {
    /// The one that a datagram came to. The way back is left to the routes, so that no interface is named.
    fn of(message: &ControlMessageOwned) -> Option<Self> {
        match message {
            ControlMessageOwned::Ipv4PacketInfo(info) => {
                Some(Self::V4(libc::in_pktinfo { ipi_ifindex: 0, ..*info }))
            }
            ControlMessageOwned::Ipv6PacketInfo(info) => {
                Some(Self::V6(libc::in6_pktinfo { ipi6_ifindex: 0, ..*info }))
            }
            _ => None,
        }
    }

    const fn control(&self) -> ControlMessage<'_> {
        match self {
            Self::V4(info) => ControlMessage::Ipv4PacketInfo(info),
            Self::V6(info) => ControlMessage::Ipv6PacketInfo(info),
        }
    }
}
