//! As much of HTTP as the application needs: one GET for each connection.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// A request's target, taken apart, and its headers as they came.
pub(super) struct Request {
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) target: String,
    pub(super) headers: Vec<String>,
}

impl Request {
    fn read(stream: &TcpStream) -> io::Result<Self> {
        let mut lines = BufReader::new(stream).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        let target = first.split(' ').nth(1).unwrap_or("/").to_owned();
        let headers: io::Result<Vec<String>> =
            lines.take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty())).collect();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), value.to_owned())
        };
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect();
        Ok(Self { path: path.to_owned(), query, headers: headers?, target })
    }

    /// A number of the query.
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        self.query.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.parse().ok())
    }
}

/// What is answered.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: String,
}

impl Response {
    pub(super) fn text(status: u16, body: &str) -> Self {
        Self { status, content_type: "text/plain", body: format!("{body}\n") }
    }

    fn bytes(&self) -> Vec<u8> {
        let (status, kind, length) = (self.status, self.content_type, self.body.len());
        let head = format!(
            "HTTP/1.1 {status} Status\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {length}\r\n\
             X-Standin-App: yes\r\nConnection: close\r\n\r\n"
        );
        [head.as_bytes(), self.body.as_bytes()].concat()
    }
}

/// What answers a request: the whole response as bytes, or one that is still to be written down.
pub(super) enum Answer {
    Response(Response),
    Bytes(Vec<u8>),
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

/// Listens until the process ends.
pub(super) fn serve<A: Into<Answer>>(
    place: SocketAddr,
    answer: impl Fn(&Request) -> A + Send + Sync + 'static,
) -> io::Result<()> {
    let named = |fault: io::Error| io::Error::new(fault.kind(), format!("{place}: {fault}"));
    let listener = TcpListener::bind(place).map_err(named)?;
    super::say(&format!("standin-app: listening on {place}"));
    let answer = Arc::new(answer);
    for stream in listener.incoming() {
        let (stream, answer) = (stream?, Arc::clone(&answer));
        thread::spawn(move || attend(stream, &*answer));
    }
    Ok(())
}

fn attend<A: Into<Answer>>(mut stream: TcpStream, answer: &dyn Fn(&Request) -> A) {
    let Ok(request) = Request::read(&stream) else { return };
    let bytes = match answer(&request).into() {
        Answer::Response(response) => response.bytes(),
        Answer::Bytes(bytes) => bytes,
    };
    if stream.write_all(&bytes).is_err() {
        super::say("standin-app: a client went away before it was answered");
    }
}
