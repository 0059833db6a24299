//! The application as a proxy before another, as nginx is before many.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use super::http::{Answer, Request, Response};
use super::place;

/// What gives each request on to this URL.
pub(super) fn handler(url: String) -> impl Fn(&Request) -> Answer {
    move |request| {
        let passed = destination(&url).and_then(|place| pass(place, request));
        passed.map_or_else(|fault| Response::text(502, &format!("{url}: {fault}")).into(), Answer::Bytes)
    }
}

/// The place that a URL means; loopback is the task that it is in.
fn destination(url: &str) -> io::Result<SocketAddr> {
    let wrong = || io::Error::other("write http://HOST:PORT");
    let (host, port) =
        url.strip_prefix("http://").and_then(|rest| rest.trim_end_matches('/').rsplit_once(':')).ok_or_else(wrong)?;
    let port = port.parse().map_err(|_| wrong())?;
    match host {
        "127.0.0.1" | "localhost" => Ok(place::of_port(port, |name| std::env::var(name).ok())),
        other => other.parse().map(|ip| SocketAddr::new(ip, port)).map_err(|_| wrong()),
    }
}

fn pass(place: SocketAddr, request: &Request) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(place)?;
    let kept: Vec<&String> =
        request.headers.iter().filter(|line| !line.to_ascii_lowercase().starts_with("connection:")).collect();
    let headers: String = kept.iter().map(|line| format!("{line}\r\n")).collect();
    write!(stream, "GET {} HTTP/1.1\r\n{headers}Via: 1.1 standin-app\r\nConnection: close\r\n\r\n", request.target)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}
