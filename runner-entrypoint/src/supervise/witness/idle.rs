//! Whether the app has traffic: connections to its ports, and bytes that go over them.
//!
//! Peers on this machine are the app's own affair, and health checkers can be named (`--idle-ignore`); neither counts.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use contract::duration;

use super::Witness;
use super::network::Network;
use super::sockets::{Connection, Seen, Sockets, Traffic};
use crate::clock::Moment;
use crate::report::say;
use crate::supervise::machine::Event;

/// A look is cheap, but each wakes us.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// Looks at the traffic.
pub(super) struct Idle {
    sockets: Sockets,
    judge: Judge,
    next: Option<Moment>,
    failing: bool,
}

/// Decides what is traffic.
struct Judge {
    limit: Duration,
    ports: Vec<u16>,
    ignored: Vec<Network>,
    /// The open connections at the last look, with their bytes.
    known: HashMap<(u16, SocketAddr), Traffic>,
    last_traffic: Moment,
}

impl Idle {
    pub(super) fn new(limit: Duration, ports: Vec<u16>, ignored: Vec<Network>) -> Self {
        let judge = Judge { limit, ports, ignored, known: HashMap::new(), last_traffic: Moment::default() };
        Self { sockets: Sockets::open(), judge, next: None, failing: false }
    }

    /// What cannot be seen is taken for traffic: nothing ends for want of `/proc`.
    fn see(&mut self) -> Seen {
        let seen = self.sockets.look();
        if let (Err(cause), false) = (&seen, self.failing) {
            self.failing = true;
            say(&format!("connections cannot be seen, so that --idle has no effect: {cause}"));
        }
        seen.unwrap_or(Seen::TooMuch)
    }
}

impl Witness for Idle {
    fn begin(&mut self, now: Moment) {
        self.judge.last_traffic = now;
        self.next = Some(now.plus(self.judge.pause()));
    }

    fn due(&self) -> Option<Moment> {
        self.next
    }

    fn watched(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn look(&mut self, now: Moment) -> Option<Event> {
        if self.next.is_none_or(|next| now < next) {
            return None;
        }
        let seen = self.see();
        self.judge.take(&seen, now);
        let idle = self.judge.is_idle(now);
        self.next = (!idle).then(|| now.plus(self.judge.pause()));
        idle.then(|| Event::Idle(self.judge.sentence()))
    }
}

impl Judge {
    fn pause(&self) -> Duration {
        (self.limit / 10).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
    }

    fn take(&mut self, seen: &Seen, now: Moment) {
        let Seen::Connections(connections) = seen else {
            self.last_traffic = now;
            return;
        };
        let counting = connections.iter().filter(|connection| self.counts(connection));
        let seen: HashMap<_, _> =
            counting.map(|connection| ((connection.port, connection.peer), connection.traffic)).collect();
        // An open one whose bytes cannot be seen is in use; so is one that is new, also when it is over already.
        if seen.iter().any(|(key, traffic)| *traffic == Traffic::Open || self.known.get(key) != Some(traffic)) {
            self.last_traffic = now;
        }
        self.known = seen;
    }

    fn counts(&self, connection: &Connection) -> bool {
        let peer = connection.peer.ip();
        // A socket that listened has no peer.
        connection.peer.port() != 0
            && self.ports.contains(&connection.port)
            && !peer.is_loopback()
            && !self.ignored.iter().any(|network| network.contains(peer))
    }

    fn is_idle(&self, now: Moment) -> bool {
        now.since(self.last_traffic) >= self.limit
    }

    fn sentence(&self) -> String {
        let ports: Vec<String> = self.ports.iter().map(u16::to_string).collect();
        format!("no traffic on port {} for {}", ports.join(", "), duration::format(self.limit))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use super::Judge;
    use crate::clock::Moment;
    use crate::supervise::witness::sockets::{Connection, Seen, Traffic};

    fn at(second: u64) -> Moment {
        Moment(Duration::from_secs(second))
    }

    fn to(port: u16, peer: &str, traffic: Traffic) -> Connection {
        Connection { port, peer: peer.parse().expect("an address"), traffic }
    }

    /// When there was traffic last, after a look at each second from 1.
    fn last_traffic(looks: &[Vec<Connection>]) -> u64 {
        let mut judge = Judge {
            limit: Duration::from_secs(60),
            ports: vec![80],
            ignored: vec!["10.9.0.0/16".parse().expect("a network")],
            known: HashMap::new(),
            last_traffic: at(0),
        };
        for (second, look) in (1..).zip(looks) {
            judge.take(&Seen::Connections(look.clone()), at(second));
        }
        judge.last_traffic.0.as_secs()
    }

    #[test]
    fn new_connections_and_bytes_are_traffic_and_silence_is_none() {
        let with = |bytes| vec![to(80, "10.0.0.1:5000", Traffic::Bytes(bytes))];
        assert_eq!(last_traffic(&[vec![], vec![]]), 0);
        assert_eq!(last_traffic(&[with(0), with(0), with(0)]), 1);
        assert_eq!(last_traffic(&[with(0), with(9), with(9)]), 2);
        assert_eq!(last_traffic(&[with(9), vec![], with(9)]), 3);
    }

    #[test]
    fn connection_that_began_and_ended_between_two_looks_is_traffic_once() {
        let over = vec![to(80, "10.0.0.1:5000", Traffic::Over)];
        assert_eq!(last_traffic(&[vec![], over.clone(), over, vec![]]), 2);
    }

    #[test]
    fn open_connection_of_unknown_bytes_is_in_use() {
        let open = vec![to(80, "10.0.0.1:5000", Traffic::Open)];
        assert_eq!(last_traffic(&[open.clone(), open.clone(), open]), 3);
    }

    #[test]
    fn other_ports_this_machine_and_named_health_checkers_do_not_count() {
        for peer in ["127.0.0.1:5000", "[::1]:5000", "10.9.1.2:5000"] {
            assert_eq!(last_traffic(&[vec![to(80, peer, Traffic::Bytes(5))]]), 0, "{peer}");
        }
        assert_eq!(last_traffic(&[vec![to(80, "0.0.0.0:0", Traffic::Over)]]), 0);
        assert_eq!(last_traffic(&[vec![to(81, "10.0.0.1:5000", Traffic::Bytes(5))]]), 0);
    }

    #[test]
    fn too_much_to_be_told_is_traffic() {
        let mut judge = Judge {
            limit: Duration::from_secs(60),
            ports: vec![80],
            ignored: vec![],
            known: HashMap::new(),
            last_traffic: at(0),
        };
        judge.take(&Seen::TooMuch, at(7));
        assert!(!judge.is_idle(at(66)) && judge.is_idle(at(67)));
        assert_eq!(judge.sentence(), "no traffic on port 80 for 1m");
    }
}
