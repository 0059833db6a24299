//! Traffic of the app, on an address of this machine that is not its loopback.

use std::io::Write as _;
use std::net::{IpAddr, TcpListener, TcpStream, UdpSocket};

use crate::guarded::{Guarded, supervise};

/// An address of this machine by which others reach it, if it has one. Nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_loopback())
}

fn idle_on(port: u16, more: &[&str]) -> Guarded {
    let port = port.to_string();
    let options = [&["--idle", "1s", "--port", &port][..], more, &["--", "sleep", "1000"]].concat();
    Guarded::start(&mut supervise(&options))
}

#[test]
fn app_without_traffic_is_idle() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let _silent = TcpStream::connect(listener.local_addr().expect("an address")).expect("connected");
    let end = idle_on(listener.local_addr().expect("an address").port(), &[]).end();
    assert_eq!(end["cause"].as_str(), Some("app_idle"));
    assert!(end["message"].as_str().is_some_and(|text| text.contains("no traffic on port")), "{end}");
}

/// For longer than the idle time, a short connection now and then.
fn knock(address: std::net::SocketAddr) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(3);
    while std::time::Instant::now() < until {
        let mut stream = TcpStream::connect(address).expect("connected");
        stream.write_all(b"x").expect("written");
        std::thread::yield_now();
    }
}

#[test]
fn traffic_keeps_the_app_and_that_of_ignored_peers_does_not() {
    let Some(own) = own_address() else {
        eprintln!("skipped: this machine has no address but its loopback");
        return;
    };
    let listener = TcpListener::bind((own, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            drop(stream);
        }
    });
    let mut kept = idle_on(address.port(), &[]);
    let mut ignoring = idle_on(address.port(), &["--idle-ignore", &own.to_string()]);
    knock(address);
    let uptime = |end: serde_json::Value| end["uptime_ms"].as_u64().expect("an uptime");
    assert!(uptime(ignoring.end()) < 3_000);
    assert!(uptime(kept.end()) >= 3_000);
}
