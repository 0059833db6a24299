//! A small HTTP server that answers from a script. Tests only.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// How long a test waits for something that happens at once.
const DEADLINE: Duration = Duration::from_secs(20);

/// What the server does about one request.
pub(crate) enum Act {
    /// Answers and keeps the connection.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Answers 200 with bytes that are no text.
    Bytes(Vec<u8>),
    /// Answers and closes without having announced it.
    AnswerThenClose(u16, String),
    /// Closes without an answer, after having read the request.
    HangUp,
    /// Never answers.
    Silence,
    /// Answers 200 and passes bytes to and from the address that the request names: what a proxy does at CONNECT.
    Tunnel,
}

impl Act {
    pub(crate) fn json(status: u16, body: serde_json::Value) -> Self {
        Self::Answer(status, Vec::new(), body.to_string())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    headers: String,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.headers.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// How the server greets connections.
#[derive(Clone)]
pub(crate) enum Greeting {
    Plain,
    Tls(TlsAcceptor),
    /// The first connection is closed as soon as it was accepted.
    CloseFirst,
}

#[derive(Clone, Default)]
struct Shared {
    script: Arc<Mutex<VecDeque<Act>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    shared: Shared,
    accepted: watch::Receiver<u64>,
}

impl Server {
    pub(crate) async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        Self::greeting(Greeting::Plain, script).await
    }

    pub(crate) async fn tls(script: impl IntoIterator<Item = Act>) -> Self {
        Self::greeting(Greeting::Tls(acceptor()), script).await
    }

    pub(crate) async fn greeting(greeting: Greeting, script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let scheme = if matches!(greeting, Greeting::Tls(_)) { "https" } else { "http" };
        let shared = Shared { script: Arc::new(Mutex::new(script.into_iter().collect())), ..Shared::default() };
        let (count, accepted) = watch::channel(0);
        tokio::spawn(accept_all(listener, greeting, shared.clone(), count));
        Self { address, scheme, shared, accepted }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().expect("no panic").clone()
    }

    /// `METHOD TARGET` of each request, in order.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(|seen| format!("{} {}", seen.method, seen.target)).collect()
    }

    pub(crate) fn accepted(&self) -> u64 {
        *self.accepted.borrow()
    }

    pub(crate) async fn wait_for_connections(&self, count: u64) {
        let mut accepted = self.accepted.clone();
        let reached = tokio::time::timeout(DEADLINE, accepted.wait_for(|seen| *seen >= count)).await;
        reached.expect("a connection in time").expect("a server");
    }
}

/// The authority that signed the TLS server's certificate.
pub(crate) fn authority_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/scripted/authority.pem")
}

fn acceptor() -> TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(include_bytes!("scripted/server.pem"));
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("scripted/server-key.pem")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
    TlsAcceptor::from(Arc::new(config.expect("a TLS configuration")))
}

async fn accept_all(listener: TcpListener, greeting: Greeting, shared: Shared, count: watch::Sender<u64>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let first = *count.borrow() == 0;
        match greeting.clone() {
            Greeting::CloseFirst if first => drop(tcp),
            Greeting::Tls(acceptor) => {
                let shared = shared.clone();
                tokio::spawn(async move {
                    if let Ok(tls) = acceptor.accept(tcp).await {
                        serve(tls, shared).await;
                    }
                });
            }
            Greeting::Plain | Greeting::CloseFirst => drop(tokio::spawn(serve(tcp, shared.clone()))),
        }
        count.send_modify(|count| *count += 1);
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut io: S, shared: Shared) {
    while let Some(seen) = read_request(&mut io).await {
        let target = seen.target.clone();
        shared.seen.lock().expect("no panic").push(seen);
        let act = shared.script.lock().expect("no panic").pop_front();
        match act {
            Some(Act::Answer(status, headers, body)) => write_answer(&mut io, status, &headers, body.as_bytes()).await,
            Some(Act::Bytes(body)) => write_answer(&mut io, 200, &[], &body).await,
            Some(Act::AnswerThenClose(status, body)) => {
                return write_answer(&mut io, status, &[], body.as_bytes()).await;
            }
            Some(Act::HangUp) => return,
            Some(Act::Silence) => std::future::pending().await,
            Some(Act::Tunnel) => return tunnel(io, &target).await,
            None => write_answer(&mut io, 599, &[], b"the script is over").await,
        }
    }
}

async fn tunnel<S: AsyncRead + AsyncWrite + Unpin>(mut io: S, target: &str) {
    let mut onward = TcpStream::connect(target).await.expect("the tunnel's target");
    io.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("a client");
    tokio::io::copy_bidirectional(&mut io, &mut onward).await.ok();
}

async fn write_answer<S: AsyncWrite + Unpin>(io: &mut S, status: u16, headers: &[(&str, String)], body: &[u8]) {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let text = format!("HTTP/1.1 {status} Said\r\n{headers}{length}\r\n");
    io.write_all(&[text.as_bytes(), body].concat()).await.ok();
    io.flush().await.ok();
}

async fn read_request<S: AsyncRead + Unpin>(io: &mut S) -> Option<Seen> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(io.read_u8().await.ok()?);
    }
    let head = String::from_utf8(bytes).ok()?;
    let (line, headers) = head.split_once("\r\n")?;
    let mut words = line.split(' ').map(str::to_owned);
    let mut seen =
        Seen { method: words.next()?, target: words.next()?, headers: headers.to_owned(), body: String::new() };
    let mut body = vec![0; seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
    io.read_exact(&mut body).await.ok()?;
    seen.body = String::from_utf8(body).ok()?;
    Some(seen)
}

/// The time in `from_now`, as GitHub writes it.
pub(crate) fn rfc3339_in(from_now: Duration) -> String {
    let at = time::OffsetDateTime::from(std::time::SystemTime::now() + from_now);
    at.format(&time::format_description::well_known::Rfc3339).expect("a year below 10000")
}
