//! NETLINK_SOCK_DIAG (`sock_diag(7)`): connections with the bytes that went over each.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use super::{Connection, Traffic, canonical};

/// Numbers of `linux/sock_diag.h` and `linux/inet_diag.h`.
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const INET_DIAG_INFO: u16 = 2;
/// The groups SKNLGRP_INET_TCP_DESTROY (1) and SKNLGRP_INET6_TCP_DESTROY (3), as bits.
const DESTROYED: u32 = 1 << 0 | 1 << 2;
/// All states but LISTEN (10), TIME_WAIT (6), which has no counters, and SYN_RECV (3, 12), which is none yet.
const STATES: u32 = !(1 << 10 | 1 << 6 | 1 << 3 | 1 << 12);
const HEADER: usize = size_of::<libc::nlmsghdr>();
/// `struct inet_diag_msg`: four bytes, `struct inet_diag_sockid` (48), five words.
const MESSAGE: usize = 72;
/// `tcpi_bytes_acked` and, behind it, `tcpi_bytes_received` in `struct tcp_info` (`linux/tcp.h`).
const BYTES_ACKED: usize = 120;
/// The kernel fills at most 32 KiB at once.
const BUFFER: usize = 32 * 1024;

/// All connections that there are.
pub(super) fn connections() -> io::Result<Vec<Connection>> {
    let mut all = Vec::new();
    for family in [libc::AF_INET, libc::AF_INET6] {
        let socket = open()?;
        ask(&socket, u8::try_from(family).unwrap_or_default())?;
        while let Some(answer) = receive(&socket)? {
            if read(&answer, &mut all)? == Part::Last {
                break;
            }
        }
    }
    Ok(all)
}

/// A subscription to connections that end.
pub(super) struct Ended(OwnedFd);

impl Ended {
    pub(super) fn subscribe() -> io::Result<Self> {
        let socket = open()?;
        let length = libc::socklen_t::try_from(size_of::<libc::sockaddr_nl>()).unwrap_or_default();
        // SAFETY: the structure is made of numbers, for which zeros are a value.
        let mut address: libc::sockaddr_nl = unsafe { std::mem::zeroed() };
        address.nl_family = libc::AF_NETLINK as libc::sa_family_t;
        // Joining the groups later would not do: a socket without an address of its own is left out of a broadcast.
        address.nl_groups = DESTROYED;
        // SAFETY: the pointer is to a structure of that length, which the kernel copies.
        check(unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) } as isize)?;
        Ok(Self(socket))
    }

    /// Those since the last time; nothing where they were too many to be kept.
    pub(super) fn read(&self) -> Option<Vec<Connection>> {
        let mut all = Vec::new();
        while let Some(message) = receive(&self.0).ok()? {
            read(&message, &mut all).ok()?;
        }
        Some(all)
    }
}

fn open() -> io::Result<OwnedFd> {
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: three numbers.
    let number = unsafe { libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_SOCK_DIAG) };
    check(number as isize)?;
    // SAFETY: the kernel has just opened it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// `struct inet_diag_req_v2` behind a header: all connections of a family, with `tcp_info`.
fn ask(socket: &OwnedFd, family: u8) -> io::Result<()> {
    const REQUEST: usize = 56;
    let flags = u16::try_from(libc::NLM_F_REQUEST | libc::NLM_F_DUMP).unwrap_or_default();
    let mut message = Vec::with_capacity(HEADER + REQUEST);
    message.extend(u32::try_from(HEADER + REQUEST).unwrap_or_default().to_ne_bytes());
    message.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend([0; 8]);
    message.extend([family, libc::IPPROTO_TCP as u8, 1 << (INET_DIAG_INFO - 1), 0]);
    message.extend(STATES.to_ne_bytes());
    message.resize(HEADER + REQUEST, 0);
    // SAFETY: the pointer is to that many bytes.
    check(unsafe { libc::send(socket.as_raw_fd(), message.as_ptr().cast(), message.len(), 0) }).map(drop)
}

/// What is there; the kernel answers while it is asked, so that there is nothing to wait for.
fn receive(socket: &OwnedFd) -> io::Result<Option<Vec<u8>>> {
    let mut buffer = vec![0; BUFFER];
    // SAFETY: the pointer is to that many bytes.
    match check(unsafe { libc::recv(socket.as_raw_fd(), buffer.as_mut_ptr().cast(), BUFFER, 0) }) {
        Ok(length) => {
            buffer.truncate(length);
            Ok(Some(buffer))
        }
        Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(cause) => Err(cause),
    }
}

fn check(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// Whether more follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    More,
    Last,
}

fn read(mut bytes: &[u8], all: &mut Vec<Connection>) -> io::Result<Part> {
    while let (Some(length), Some(kind)) = (word(bytes, 0), half(bytes, 4)) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some(message) = bytes.get(HEADER..length) else { break };
        match i32::from(kind) {
            libc::NLMSG_DONE => return Ok(Part::Last),
            libc::NLMSG_ERROR => {
                let code = word(message, 0).map_or(0, |code| code.cast_signed().saturating_neg());
                return Err(io::Error::from_raw_os_error(code));
            }
            _ => all.extend(connection(message)),
        }
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(Part::More)
}

fn connection(message: &[u8]) -> Option<Connection> {
    let family = i32::from(*message.first()?);
    let big = |at: usize| Some(u16::from_be_bytes([*message.get(at)?, *message.get(at + 1)?]));
    let (port, peer_port, peer) = (big(4)?, big(6)?, message.get(24..40)?);
    let ip = match family {
        libc::AF_INET => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(&peer[..4]).ok()?)),
        libc::AF_INET6 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(peer).ok()?)),
        _ => return None,
    };
    let traffic = bytes_of(message.get(MESSAGE..)?).map_or(Traffic::Open, Traffic::Bytes);
    Some(Connection { port, peer: canonical(SocketAddr::new(ip, peer_port)), traffic })
}

/// Looks for `tcp_info` among the attributes. An old kernel's is shorter.
fn bytes_of(mut attributes: &[u8]) -> Option<u64> {
    while let (Some(length), Some(kind)) = (half(attributes, 0), half(attributes, 2)) {
        let length = usize::from(length);
        let value = attributes.get(4..length)?;
        if kind == INET_DIAG_INFO {
            return long(value, BYTES_ACKED)?.checked_add(long(value, BYTES_ACKED + 8)?);
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
    None
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_ne_bytes)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.try_into().ok().map(u64::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    use proptest::prelude::*;

    use super::{Ended, connections, read};
    use crate::supervise::witness::sockets::{Connection, Traffic};

    /// Where the kernel (or a sandbox in front of it) has no such socket there is nothing to test.
    fn is_there() -> bool {
        connections().is_ok()
    }

    fn of(all: &[Connection], port: u16) -> Vec<Traffic> {
        all.iter().filter(|connection| connection.port == port).map(|connection| connection.traffic).collect()
    }

    #[test]
    fn open_connection_is_seen_with_its_bytes_and_told_of_when_it_ends() {
        if !is_there() {
            return;
        }
        let ended = Ended::subscribe().expect("subscribed");
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let address = listener.local_addr().expect("an address");
            let mut client = TcpStream::connect(address).expect("connected");
            let (mut server, _) = listener.accept().expect("accepted");
            client.write_all(b"12345").expect("written");
            server.read_exact(&mut [0; 5]).expect("read");
            let seen = of(&connections().expect("seen"), address.port());
            assert_eq!(seen, [Traffic::Bytes(5)], "{address}");
            drop((client, server));
            let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
            while of(&ended.read().expect("not too many"), address.port()).is_empty() {
                assert!(std::time::Instant::now() < until, "the end of {address} was not told");
                std::thread::yield_now();
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in any::<Vec<u8>>(), length in 0_u32..200) {
            let mut message = length.to_ne_bytes().to_vec();
            message.extend(bytes);
            let _ = read(&message, &mut Vec::new());
        }
    }
}
