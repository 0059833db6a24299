//! `/proc/net/tcp` and `/proc/net/tcp6` (`proc_net(5)`).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Connection, Traffic, canonical};

/// The only state that says that a connection is in use, and the one that is no connection (`include/net/tcp_states.h`).
const ESTABLISHED: &str = "01";
const LISTEN: &str = "0A";

/// All connections.
pub(super) fn connections() -> io::Result<Vec<Connection>> {
    let mut all = in_table(&std::fs::read_to_string("/proc/net/tcp")?);
    // Without IPv6 in the kernel there is no such file.
    all.extend(in_table(&std::fs::read_to_string("/proc/net/tcp6").unwrap_or_default()));
    Ok(all)
}

fn in_table(text: &str) -> Vec<Connection> {
    text.lines().skip(1).filter_map(in_line).collect()
}

fn in_line(line: &str) -> Option<Connection> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (local, peer, state) = (address(words.next()?)?, address(words.next()?)?, words.next()?);
    let traffic = if state == ESTABLISHED { Traffic::Open } else { Traffic::Over };
    (state != LISTEN).then(|| Connection { port: local.port(), peer: canonical(peer), traffic })
}

/// `0100007F:1F90`: the address in words of 32 bits, each in this machine's byte order, and the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let word = |index: usize| u32::from_str_radix(address.get(index * 8..index * 8 + 8)?, 16).ok();
    let bytes = |index| word(index).map(u32::to_ne_bytes);
    let ip = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(bytes(0)?)),
        32 => {
            let mut all = [0; 16];
            for (index, part) in all.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&bytes(index)?);
            }
            IpAddr::V6(Ipv6Addr::from(all))
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Connection, Traffic, in_table};

    const HEAD: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    fn connection(port: u16, peer: &str, traffic: Traffic) -> Connection {
        Connection { port, peer: peer.parse().expect("an address"), traffic }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn connections_are_read_and_listeners_are_none() {
        let text = format!(
            "{HEAD}   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1\n\
             1: 0100007F:1F90 0200000A:C001 01 00000000:00000000 00:00000000 00000000     0        0 2\n\
             2: 0100007F:1F90 0200000A:C002 06 00000000:00000000 00:00000000 00000000     0        0 0\n\
             3: 0000000000000000FFFF00000100007F:0050 0000000000000000FFFF00000300000A:C003 01 0 0\n\
             4: nonsense\n"
        );
        let expected = [
            connection(8080, "10.0.0.2:49153", Traffic::Open),
            connection(8080, "10.0.0.2:49154", Traffic::Over),
            connection(80, "10.0.0.3:49155", Traffic::Open),
        ];
        assert_eq!(in_table(&text), expected);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(\\PC|\n)*") {
            in_table(&text);
        }
    }
}
