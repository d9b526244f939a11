//! Where the standing probe is asked: at every address of its pod, of whichever family.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

/// Connections that the kernel keeps until we accept them.
const BACKLOG: i32 = 128;

/// Listens on `address`. The unspecified address of IPv6 takes IPv4 as well, whatever `net.ipv6.bindv6only` says, and
/// means that of IPv4 where the kernel has no IPv6.
///
/// # Errors
///
/// When the kernel refuses, as when the port is in use.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = with_fallback(address, |address| {
        let socket = bind(address, Type::STREAM, Protocol::TCP)?;
        socket.listen(BACKLOG).map(|()| socket)
    });
    TcpListener::from_std(listener?.into())
}

/// Takes datagrams at `address`, as [`listen`] takes connections. Each comes with the address that it was sent to.
///
/// # Errors
///
/// When the kernel refuses, as when the port is in use.
pub fn listen_to_datagrams(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = with_fallback(address, |address| bind(address, Type::DGRAM, Protocol::UDP));
    UdpSocket::from_std(socket?.into())
}

fn with_fallback<L>(
    address: SocketAddr,
    bind: impl Fn(SocketAddr) -> io::Result<L>,
) -> io::Result<L> {
    match bind(address) {
        Err(error) if address.is_ipv6() && address.ip().is_unspecified() && lacks_ipv6(&error) => {
            bind((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        bound => bound,
    }
}

/// No such family (`ipv6.disable=1`), or a family without addresses.
fn lacks_ipv6(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::EAFNOSUPPORT | Errno::EADDRNOTAVAIL))
}

fn bind(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    match protocol {
        Protocol::UDP => tell_addresses(&socket, address),
        // A restarted container must not wait for its predecessor's connections to be forgotten.
        _ => socket.set_reuse_address(true)?,
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Asks for the address that each datagram was sent to. Where the kernel does not tell (gVisor), answers leave from the address
/// that the routes choose, which is the right one for whoever has but one.
fn tell_addresses(socket: &Socket, address: SocketAddr) {
    let _ = match address {
        SocketAddr::V4(_) => setsockopt(socket, sockopt::Ipv4PacketInfo, &true),
        SocketAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true),
    };
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::net::{Ipv6Addr, TcpStream};

    use super::*;

    const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0);

    #[tokio::test]
    async fn every_address_of_either_family_leads_to_it() {
        let listener = listen(ANY).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("IPv4");
        // Where there is IPv6, it must work; a kernel without has nothing to connect with.
        if std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
            TcpStream::connect((Ipv6Addr::LOCALHOST, port)).expect("IPv6");
        }
    }

    #[test]
    fn without_ipv6_it_listens_on_ipv4() {
        let cases = [
            ("no IPv6", "[::]:1", Errno::EAFNOSUPPORT, vec!["[::]:1", "0.0.0.0:1"]),
            ("no address of it", "[::]:1", Errno::EADDRNOTAVAIL, vec!["[::]:1", "0.0.0.0:1"]),
            ("in use", "[::]:1", Errno::EADDRINUSE, vec!["[::]:1"]),
            ("one address", "[::1]:1", Errno::EADDRNOTAVAIL, vec!["[::1]:1"]),
            ("IPv4", "0.0.0.0:1", Errno::EADDRNOTAVAIL, vec!["0.0.0.0:1"]),
        ];
        for (name, address, errno, expected) in cases {
            let tried = RefCell::new(Vec::new());
            let address: SocketAddr = address.parse().expect("an address");
            let bound = with_fallback(address, |address| {
                tried.borrow_mut().push(address.to_string());
                let first = tried.borrow().len() == 1;
                if first { Err(io::Error::from(errno)) } else { Ok(()) }
            });
            assert_eq!(tried.take(), expected, "{name}");
            assert_eq!(bound.is_ok(), expected.len() == 2, "{name}");
        }
    }
}
