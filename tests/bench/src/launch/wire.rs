//! A relay that makes loopback as slow as a network: each byte takes half a round trip, and a connection a whole one.
//!
//! What it delays: every piece in each direction, by half a round trip from its arrival, in order and without limiting the
//! rate, ends of connections included. The kernel answers a TCP connect on loopback at once, so the round trip that it would
//! take is added to the first piece that the client sends. Not simulated: name resolution, slow start, loss, the limits of a
//! line, and the servers' own time.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::ledger::Ledger;
use crate::moment::Moment;

/// Starts a relay to a server on a free port; it ends with the process.
///
/// # Errors
/// The address cannot be listened on.
pub(crate) fn start(ip: IpAddr, to: SocketAddr, round_trip: Duration, ledger: Ledger) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((ip, 0))?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // A connection that breaks off shows at the client, which is what is looked at.
            let _ = relay(client, to, round_trip, &ledger);
        }
    });
    Ok(address)
}

fn relay(client: TcpStream, to: SocketAddr, round_trip: Duration, ledger: &Ledger) -> io::Result<()> {
    let accepted = Moment::now();
    let server = TcpStream::connect(to)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let connected = accepted + round_trip;
    ledger.travelled((accepted, connected));
    let one_way = round_trip / 2;
    carry(client.try_clone()?, server.try_clone()?, connected, one_way, ledger.clone());
    carry(server, client, accepted, one_way, ledger.clone());
    Ok(())
}

/// Carries one direction. Nothing leaves the sender before `not_before`.
fn carry(mut from: TcpStream, to: TcpStream, not_before: Moment, one_way: Duration, ledger: Ledger) {
    let (sender, pieces) = channel();
    std::thread::spawn(move || deliver(&pieces, to));
    std::thread::spawn(move || {
        let mut piece = vec![0; 1 << 16];
        loop {
            let length = from.read(&mut piece).unwrap_or(0);
            let sent = Moment::now();
            let arrives = sent.max(not_before) + one_way;
            if length > 0 {
                ledger.travelled((sent, arrives));
            }
            if sender.send((arrives, piece[..length].to_vec())).is_err() || length == 0 {
                return;
            }
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "a delay is what this thread is for")]
fn deliver(pieces: &Receiver<(Moment, Vec<u8>)>, mut to: TcpStream) {
    for (arrives, piece) in pieces {
        std::thread::sleep(arrives.since(Moment::now()));
        if piece.is_empty() || to.write_all(&piece).is_err() {
            break;
        }
    }
    // The other side may have closed it already.
    let _ = to.shutdown(Shutdown::Write);
}
