//! A GitHub of few words: it answers what a test tells it to, and remembers what it was asked.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One request: `METHOD /path`, its authorization, its body.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

/// One answer.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Status(u16, &'static str),
    /// With further header lines.
    Headed(u16, &'static str, &'static str),
    /// The connection is closed without one.
    None,
}

#[derive(Default)]
struct Script {
    requests: Vec<Request>,
    planned: VecDeque<(&'static str, Answer)>,
}

/// The server; it ends with the process.
pub(crate) struct GitHub {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
}

impl GitHub {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = Arc::clone(&script);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream, &shared));
            }
        });
        Self { address, script }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers the next request whose `METHOD /path` contains the text. Later plans for the same text come later.
    pub(crate) fn plan(&self, containing: &'static str, answer: Answer) -> &Self {
        self.script.lock().expect("no panic").planned.push_back((containing, answer));
        self
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.script.lock().expect("no panic").requests.clone()
    }

    /// `METHOD /last/part` of all requests so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        let shorten = |request: Request| request.line.replace("/repos/octo/demo/actions/runners", "");
        self.requests().into_iter().map(shorten).collect()
    }
}

fn serve(stream: &TcpStream, script: &Mutex<Script>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader) {
        let answer = {
            let mut script = script.lock().expect("no panic");
            let planned = script.planned.iter().position(|(containing, _)| request.line.contains(containing));
            let answer = planned.and_then(|at| script.planned.remove(at)).map(|(_, answer)| answer);
            script.requests.push(request.clone());
            answer.map_or_else(|| usual(&request.line), |answer| answer.written())
        };
        (&mut &*stream).write_all(answer?.as_bytes()).ok()?;
    }
    None
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let line = first.trim_end().strip_suffix(" HTTP/1.1")?.to_owned();
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "authorization" => authorization = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line, authorization, body: String::from_utf8(body).ok()? })
}

impl Answer {
    fn written(&self) -> Option<String> {
        match self {
            Self::Status(status, body) => Some(http(*status, "", body)),
            Self::Headed(status, headers, body) => Some(http(*status, headers, body)),
            Self::None => None,
        }
    }
}

/// What GitHub answers when nothing is wrong.
fn usual(line: &str) -> Option<String> {
    if line.contains("generate-jitconfig") {
        let file = |text: &str| STANDARD.encode(text);
        let files = serde_json::json!({
            ".runner": file("{\"agentId\": 42}"), ".credentials": file("{}"), ".credentials_rsaparams": file("{}"),
        });
        let blob = STANDARD.encode(files.to_string());
        let body = serde_json::json!({ "runner": { "id": 42, "name": "it" }, "encoded_jit_config": blob });
        return Some(http(201, "", &body.to_string()));
    }
    if line.contains("registration-token") {
        return Some(http(201, "", "{\"token\": \"REGTOKEN\", \"expires_at\": \"2026-11-21T12:00:00Z\"}"));
    }
    Some(if line.starts_with("DELETE") { http(204, "", "") } else { http(404, "", "{\"message\": \"Not Found\"}") })
}

fn http(status: u16, headers: &str, body: &str) -> String {
    let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    format!("HTTP/1.1 {status} X\r\nx-github-request-id: AB:12\r\n{headers}{length}\r\n{body}")
}
