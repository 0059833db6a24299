//! A GitHub of few words over http or https: answers at once, and notes when it was asked for what.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::moment::Moment;
use crate::tls;

/// One request: its first line, and when it had arrived.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) line: String,
    pub(super) at: Moment,
}

/// How it is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The server; it ends with the process.
pub(super) struct GitHub {
    address: SocketAddr,
    scheme: Scheme,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl GitHub {
    pub(super) fn start(scheme: Scheme) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let calls = Arc::<Mutex<Vec<Call>>>::default();
        let tls = (scheme == Scheme::Https).then(tls::server_config);
        let noted = Arc::clone(&calls);
        std::thread::spawn(move || {
            // One after another, as an entrypoint calls: a thread for each would add its start to what is measured.
            for stream in listener.incoming().flatten() {
                // A connection that breaks off shows at the client, which is what is looked at.
                let _ = accept(stream, tls.clone(), &noted);
            }
        });
        Ok(Self { address, scheme, calls })
    }

    pub(super) fn url(&self) -> String {
        format!("{}://{}", self.scheme.text(), self.address)
    }

    /// The calls since the last time.
    pub(super) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn accept(stream: TcpStream, tls: Option<Arc<ServerConfig>>, calls: &Mutex<Vec<Call>>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let Some(tls) = tls else { return serve(stream, calls) };
    let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    serve(StreamOwned::new(connection, stream), calls)
}

fn serve(stream: impl Read + Write, calls: &Mutex<Vec<Call>>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let at = Moment::now();
        skip_rest(&mut reader)?;
        let answer = answer(&line);
        calls.lock().unwrap_or_else(PoisonError::into_inner).push(Call { line: line.trim_end().to_owned(), at });
        reader.get_mut().write_all(answer.as_bytes())?;
        reader.get_mut().flush()?;
    }
}

fn skip_rest(reader: &mut impl BufRead) -> io::Result<()> {
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    reader.read_exact(&mut vec![0; length])
}

fn answer(line: &str) -> String {
    let body = if line.contains("generate-jitconfig") {
        json!({ "runner": { "id": 42, "name": "bench" }, "encoded_jit_config": jit_config() })
    } else if line.contains("-token") {
        json!({ "token": "BENCHTOKEN", "expires_at": "2099-01-01T00:00:00Z" })
    } else if line.starts_with("DELETE") {
        return "HTTP/1.1 204 No Content\r\n\r\n".to_owned();
    } else {
        return "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}".to_owned();
    };
    let body = body.to_string();
    format!("HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// The three files of a JIT configuration, as base64 of a JSON object of base64. The last is as large as a real
/// one's RSA key.
fn jit_config() -> String {
    let files = json!({
        ".runner": STANDARD.encode(b"{\"agentId\": 42}"),
        ".credentials": STANDARD.encode(b"{}"),
        ".credentials_rsaparams": STANDARD.encode([b' '; 1_700]),
    });
    STANDARD.encode(files.to_string())
}
