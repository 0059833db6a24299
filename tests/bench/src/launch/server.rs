//! A server with canned answers over TLS. It takes as little time of its own as can be, and notes what it takes.

use std::io::{self, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::ledger::Ledger;
use crate::moment::Moment;
use crate::tls;

/// One request, as far as answers depend on it.
pub(crate) struct Request {
    /// `x-amz-target`, where there is one.
    pub(crate) target: String,
    pub(crate) body: Vec<u8>,
}

/// A canned answer: the operation's name and all bytes, head and body.
pub(crate) type Answer = (&'static str, Arc<[u8]>);

/// Chooses an answer.
pub(crate) type Answers = Arc<dyn Fn(&Request) -> Option<Answer> + Send + Sync>;

/// Starts a server on a free port; it ends with the process.
///
/// # Errors
/// The address cannot be listened on.
pub(crate) fn start(ip: IpAddr, answers: Answers, ledger: Ledger) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((ip, 0))?;
    let address = listener.local_addr()?;
    let tls = tls::server_config();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (tls, answers, ledger) = (Arc::clone(&tls), Arc::clone(&answers), ledger.clone());
            // A connection that breaks off shows at the client, which is what is looked at.
            std::thread::spawn(move || serve(stream, tls, &answers, &ledger));
        }
    });
    Ok(address)
}

fn serve(stream: TcpStream, tls: Arc<ServerConfig>, answers: &Answers, ledger: &Ledger) -> io::Result<()> {
    stream.set_nodelay(true)?;
    ledger.connected();
    let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    let watched = Watched { stream, ledger: ledger.clone(), working_since: None };
    let mut stream = BufReader::new(StreamOwned::new(connection, watched));
    while let Some(request) = read_request(&mut stream)? {
        let answer = answers(&request).ok_or_else(|| io::Error::other("no answer is planned for this"))?;
        ledger.asked(answer.0);
        stream.get_mut().write_all(&answer.1)?;
        stream.get_mut().flush()?;
    }
    Ok(())
}

/// `None`: the client has hung up.
fn read_request(reader: &mut impl io::BufRead) -> io::Result<Option<Request>> {
    let mut request = Request { target: String::new(), body: Vec::new() };
    let mut length = 0;
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
            "x-amz-target" => value.trim().clone_into(&mut request.target),
            _ => {}
        }
    }
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body)?;
    Ok(Some(request))
}

/// A connection that notes the time between the end of each read and the beginning of the next: then it is the server that
/// works, be it on a handshake or on an answer.
struct Watched {
    stream: TcpStream,
    ledger: Ledger,
    working_since: Option<Moment>,
}

impl Watched {
    fn rest(&mut self) {
        if let Some(since) = self.working_since.take() {
            self.ledger.served((since, Moment::now()));
        }
    }
}

impl Read for Watched {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.rest();
        let length = self.stream.read(into)?;
        self.working_since = Some(Moment::now());
        Ok(length)
    }
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.rest();
    }
}
