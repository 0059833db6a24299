//! Traffic of the app, on an address of this machine that is not its loopback.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::guarded::{Guarded, supervise};

/// An address of this machine by which others reach it, if it has one. Nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_loopback())
}

fn idle_on(port: u16, more: &[&str]) -> Guarded {
    let port = port.to_string();
    let options = [&["--port", &port][..], more, &["--", "sleep", "1000"]].concat();
    Guarded::start(&mut supervise(&options))
}

#[test]
fn app_without_traffic_is_idle() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let _silent = TcpStream::connect(listener.local_addr().expect("an address")).expect("connected");
    let end = idle_on(listener.local_addr().expect("an address").port(), &["--idle", "1s"]).end();
    assert_eq!(end["cause"].as_str(), Some("app_idle"));
    assert!(end["message"].as_str().is_some_and(|text| text.contains("no traffic on port")), "{end}");
}

/// A visitor who comes again and again, for so long at least and until it is enough.
fn visit(address: SocketAddr, at_least: Duration, enough: &AtomicBool) {
    let start = Instant::now();
    while start.elapsed() < at_least || !enough.load(Ordering::Relaxed) {
        let mut stream = TcpStream::connect(address).expect("connected");
        stream.write_all(b"x").expect("written");
        // Nobody answers; so each visit takes a moment.
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("limited");
        let _ = stream.read(&mut [0]);
    }
}

#[test]
fn traffic_keeps_the_app_and_that_of_ignored_peers_does_not() {
    const VISITS: Duration = Duration::from_secs(4);
    let Some(own) = own_address() else {
        eprintln!("skipped: this machine has no address but its loopback");
        return;
    };
    let listener = TcpListener::bind((own, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let enough = Arc::new(AtomicBool::new(false));
    let visitor = std::thread::spawn({
        let enough = Arc::clone(&enough);
        move || visit(address, VISITS, &enough)
    });
    std::thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    let mut kept = idle_on(address.port(), &["--idle", "2s"]);
    let start = Instant::now();
    let mut ignoring = idle_on(address.port(), &["--idle", "1s", "--idle-ignore", &own.to_string()]);
    assert_eq!(ignoring.end()["cause"].as_str(), Some("app_idle"));
    enough.store(true, Ordering::Relaxed);
    visitor.join().expect("no panic");
    let visited = start.elapsed().as_millis();
    let uptime = kept.end()["uptime_ms"].as_u64().expect("an uptime");
    assert!(u128::from(uptime) + 200 >= visited && visited > 3_000, "{uptime} of {visited}");
}
