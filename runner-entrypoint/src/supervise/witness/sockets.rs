//! The TCP connections of this network namespace, as the kernel tells them: by NETLINK_SOCK_DIAG with the bytes of each, else
//! from `/proc/net/tcp` without.

mod diag;
mod table;

use std::net::SocketAddr;

use crate::report::say;

/// One connection as it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    /// Our side's port.
    pub(super) port: u16,
    pub(super) peer: SocketAddr,
    pub(super) traffic: Traffic,
}

/// What is known of a connection's traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Traffic {
    /// Bytes in both directions since it began.
    Bytes(u64),
    /// It is open, and how much goes over it cannot be seen.
    Open,
    /// It is over.
    Over,
}

/// What was seen at one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The connections that there are, and those that have ended since the last look.
    Connections(Vec<Connection>),
    /// There was too much to be told.
    TooMuch,
}

/// The source of looks. It falls back to the poorer one, and stays there.
pub(super) struct Sockets {
    /// Hears of connections that end between two looks: most are shorter than that.
    ended: Option<diag::Ended>,
    by_table: bool,
}

impl Sockets {
    pub(super) fn open() -> Self {
        Self { ended: diag::Ended::subscribe().ok(), by_table: false }
    }

    /// Looks.
    ///
    /// # Errors
    /// Where not even `/proc` can be read.
    pub(super) fn look(&mut self) -> std::io::Result<Seen> {
        let Some(mut all) = self.ended.as_ref().map_or(Some(Vec::new()), diag::Ended::read) else {
            return Ok(Seen::TooMuch);
        };
        if !self.by_table {
            match diag::connections() {
                Ok(connections) => {
                    all.extend(connections);
                    return Ok(Seen::Connections(all));
                }
                Err(cause) => {
                    say(&format!(
                        "the kernel does not tell the bytes of connections ({cause}); an open one counts as used"
                    ));
                    self.by_table = true;
                }
            }
        }
        all.extend(table::connections()?);
        Ok(Seen::Connections(all))
    }
}

/// An address of IPv4 that is written as IPv6 is one of IPv4.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
