//! What the kernel knows about a socket: `TCP_INFO` (linux/tcp.h) and its error queue (ip(7), `IP_RECVERR`).
//!
//! Both need no privilege. A sandboxed kernel (gVisor) may lack either: then the evidence is absent, not an error.

use std::io::{self, IoSliceMut};
use std::mem::{MaybeUninit, offset_of, size_of};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use kubectl_pods_report::{IcmpError, TcpInfo};
use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};

/// A second handle on a socket, so that it can be asked after its stream is gone.
pub(crate) struct Witness(OwnedFd);

impl Witness {
    /// Keeps an eye on `socket`.
    ///
    /// # Errors
    ///
    /// When there is no file descriptor left.
    pub(crate) fn of(socket: &impl AsFd) -> io::Result<Self> {
        socket.as_fd().try_clone_to_owned().map(Self)
    }

    /// `TCP_INFO` as it is now.
    pub(crate) fn tcp_info(&self) -> Option<TcpInfo> {
        let info = tcp_info(&self.0).ok()?;
        Some(TcpInfo {
            rtt_seconds: microseconds(info.tcpi_rtt),
            rttvar_seconds: microseconds(info.tcpi_rttvar),
            total_retrans: info.tcpi_total_retrans,
            retransmits: info.tcpi_retransmits,
            lost: info.tcpi_lost,
            unacked: info.tcpi_unacked,
            pmtu: info.tcpi_pmtu,
        })
    }

    /// Takes the first ICMP error off the error queue.
    pub(crate) fn icmp_error(&self) -> Option<IcmpError> {
        let mut control = nix::cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6);
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        // Bounded: a peer cannot fill the queue faster than this, and the first ICMP error is the one that counts.
        for _ in 0..16 {
            // Room for a byte, which is not wanted: with none, qemu's user mode asks nobody and gives control data that
            // was never written, as if there were an error.
            let mut byte = [0];
            let mut room = [IoSliceMut::new(&mut byte)];
            let socket = self.0.as_raw_fd();
            let message =
                recvmsg::<SockaddrStorage>(socket, &mut room, Some(&mut control), flags).ok()?;
            if let Some(error) = message.cmsgs().ok()?.find_map(|message| icmp(&message)) {
                return Some(error);
            }
        }
        None
    }
}

/// Asks for ICMP errors at once and with their sender, instead of a time-out (`IP_RECVERR`, `IPV6_RECVERR`).
///
/// Only while connecting: on an established connection it would turn passing ICMP errors, which every other
/// client survives (RFC 1122, section 4.2.3.9), into failures.
pub(crate) fn report_icmp_errors(socket: &impl AsFd, address: IpAddr, on: bool) {
    // Where the kernel has no error queue there is less evidence, and that is all.
    let _ = match address {
        IpAddr::V4(_) => setsockopt(socket, sockopt::Ipv4RecvErr, &on),
        IpAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvErr, &on),
    };
}

/// Symbolic name of the error number in `error`: `ECONNREFUSED`.
pub(crate) fn errno_name(error: &io::Error) -> Option<String> {
    error.raw_os_error().map(|code| format!("{:?}", Errno::from_raw(code)))
}

/// Whether `address` belongs to an interface of this network namespace.
pub(crate) fn is_own_address(address: IpAddr) -> bool {
    let Ok(mut interfaces) = nix::ifaddrs::getifaddrs() else { return false };
    interfaces.any(|interface| interface.address.and_then(|own| ip_of(&own)) == Some(address))
}

fn ip_of(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| IpAddr::from(v4.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::from(v6.ip())))
}

fn icmp(message: &ControlMessageOwned) -> Option<IcmpError> {
    let (error, sender) = match message {
        ControlMessageOwned::Ipv4RecvErr(error, sender) => (
            error,
            sender.map(|sender| IpAddr::from(Ipv4Addr::from(u32::from_be(sender.sin_addr.s_addr)))),
        ),
        ControlMessageOwned::Ipv6RecvErr(error, sender) => {
            (error, sender.map(|sender| IpAddr::from(Ipv6Addr::from(sender.sin6_addr.s6_addr))))
        }
        _ => return None,
    };
    let from_icmp = matches!(error.ee_origin, libc::SO_EE_ORIGIN_ICMP | libc::SO_EE_ORIGIN_ICMP6);
    from_icmp.then_some(IcmpError { kind: error.ee_type, code: error.ee_code, sender })
}

fn microseconds(count: u32) -> f64 {
    f64::from(count) / 1e6
}

/// `getsockopt(TCP_INFO)`. The structure grows between kernels: the returned length says how much of it is real.
#[expect(unsafe_code, reason = "no crate reads TCP_INFO and checks the length that came back")]
fn tcp_info(socket: &OwnedFd) -> io::Result<libc::tcp_info> {
    const NEEDED: usize = offset_of!(libc::tcp_info, tcpi_total_retrans) + size_of::<u32>();
    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut length = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).unwrap_or(0);
    // SAFETY: the pointer is to `length` writable bytes, and every bit pattern of the plain integers inside is valid.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    if (length as usize) < NEEDED {
        return Err(io::ErrorKind::Unsupported.into());
    }
    // SAFETY: zeroed above, then written by the kernel.
    Ok(unsafe { info.assume_init() })
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn an_open_connection_has_an_rtt_and_no_error() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let stream = TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
        let witness = Witness::of(&stream).expect("a second handle");
        drop(stream);
        let info = witness.tcp_info().expect("TCP_INFO");
        assert!(info.rtt_seconds > 0.0 && info.rtt_seconds < 1.0, "{info:?}");
        assert_eq!(info.total_retrans, 0);
        assert!(info.pmtu >= 1280, "{info:?}");
        assert_eq!(witness.icmp_error(), None);
    }

    #[test]
    fn own_addresses_are_known() {
        assert!(is_own_address(Ipv4Addr::LOCALHOST.into()));
        assert!(is_own_address(Ipv6Addr::LOCALHOST.into()));
        assert!(
            !is_own_address(Ipv4Addr::new(192, 0, 2, 1).into()),
            "TEST-NET-1 belongs to nobody"
        );
    }

    #[test]
    fn error_numbers_have_names() {
        assert_eq!(
            errno_name(&io::Error::from_raw_os_error(libc::EHOSTUNREACH)).as_deref(),
            Some("EHOSTUNREACH")
        );
        assert_eq!(errno_name(&io::Error::other("not from the kernel")), None);
    }
}
