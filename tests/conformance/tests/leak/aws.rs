//! As much of AWS as a task needs for its secrets: the role's credentials, a parameter, a secret; and requests by hand.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::{Value, json};

/// What lies in the path to the role's credentials: nothing else protects them.
pub(crate) const ROLE_PATH: &str = "/role/marked-path-of-the-role";
/// The key that signs requests.
pub(crate) const ROLE_KEY: &str = "marked-key-of-the-role";

/// A stand-in that gives one secret to everybody who asks, for as long as the test runs.
pub(crate) struct Aws {
    pub(crate) url: String,
    actions: Arc<Mutex<Vec<String>>>,
}

impl Aws {
    pub(crate) fn start(secret: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        let actions = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&actions);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away has its reasons, and the next one is another.
                let _ = answer(&stream, &secret, &noted);
            }
        });
        Self { url, actions }
    }

    /// What was asked for so far.
    pub(crate) fn actions(&self) -> Vec<String> {
        self.actions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn answer(stream: &TcpStream, secret: &str, noted: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let (head, _) = read_message(stream)?;
    let target = head.iter().find_map(|line| line.strip_prefix("x-amz-target: "));
    let action = target.and_then(|target| target.split('.').next_back()).unwrap_or_default();
    noted.lock().unwrap_or_else(PoisonError::into_inner).push(action.to_owned());
    let body = match action {
        "GetParameter" => json!({ "Parameter": { "Value": secret } }),
        "GetSecretValue" => json!({ "SecretString": secret }),
        "DeleteParameter" => json!({}),
        _ => json!({ "AccessKeyId": "AKID", "SecretAccessKey": ROLE_KEY, "Token": "session" }),
    };
    let body = body.to_string();
    let mut stream = stream;
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

/// Asks a server with a token; gives the answer's JSON.
pub(crate) fn post(url: &str, path: &str, token: &str) -> Value {
    let host = url.trim_start_matches("http://");
    let (host, prefix) = host.split_once('/').unwrap_or((host, ""));
    let prefix = if prefix.is_empty() { String::new() } else { format!("/{}", prefix.trim_end_matches('/')) };
    let mut stream = TcpStream::connect(host).expect("the server listens");
    let request = format!(
        "POST {prefix}{path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\naccept: \
         application/vnd.github+json\r\nuser-agent: leak-test\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let (_, body) = read_message(&stream).expect("it answers");
    serde_json::from_slice(&body).unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&body)))
}

/// The lines of the head, their names in lower case, and the body.
fn read_message(stream: &TcpStream) -> std::io::Result<(Vec<String>, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        head.push(format!("{}: {value}", name.to_lowercase()));
    }
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head, body))
}
