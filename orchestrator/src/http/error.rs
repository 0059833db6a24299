//! Why there was no answer: which host, what failed, and the fix where it is known.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use rustls::{CertificateError, Error as TlsError};

/// A cause, shared so that the error can be cloned out of the pool's own.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// No answer came. An answer of any status is not an error here.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HttpError {
    /// A proxy or certificate setting cannot be used.
    #[error("{0}")]
    Settings(String),
    /// The host's name has no address.
    #[error("could not find the address of {host}; check the name, and set HTTPS_PROXY where only a proxy reaches it")]
    Dns {
        /// The host that was looked for.
        host: String,
        /// What the resolver said.
        source: Cause,
    },
    /// No connection: refused, no route, reset.
    #[error("could not connect to {host}")]
    Connect {
        /// The host, or the proxy on the way to it.
        host: String,
        /// What the system said.
        source: Cause,
    },
    /// No connection in time.
    #[error("could not connect to {host} within {limit:?}; a firewall may drop the packets, or a proxy be needed")]
    ConnectTimeout {
        /// The host that was called.
        host: String,
        /// The limit that was passed.
        limit: Duration,
    },
    /// The other side's TLS was not acceptable, or ours was not to it.
    #[error("the TLS connection to {host} failed: {complaint}")]
    Tls {
        /// The host that was called.
        host: String,
        /// What was wrong, with the fix where it is known.
        complaint: String,
        /// What rustls said.
        source: Cause,
    },
    /// The proxy opened no tunnel.
    #[error("the proxy {proxy} opened no tunnel to {host}: {complaint}")]
    Proxy {
        /// The proxy, without its credentials.
        proxy: String,
        /// The host behind it.
        host: String,
        /// What was wrong, with the fix where it is known.
        complaint: String,
        /// What the tunnel said.
        source: Cause,
    },
    /// The connection closed before the request was written: the server has seen nothing of it.
    #[error("the connection to {host} closed before the request was sent")]
    NotSent {
        /// The host that was called.
        host: String,
        /// What the connection said.
        source: Cause,
    },
    /// The connection broke after the request was (perhaps) written: the server may have acted on it.
    #[error("the connection to {host} broke before the answer was complete")]
    Broken {
        /// The host that was called.
        host: String,
        /// What the connection said.
        source: Cause,
    },
    /// The answer did not come in time: the server may have acted on the request.
    #[error("{host} did not answer within {limit:?}")]
    Timeout {
        /// The host that was called.
        host: String,
        /// The limit that was passed.
        limit: Duration,
    },
}

impl HttpError {
    /// Whether the same request can succeed in a moment. Settings, certificates and proxy refusals stay as they are.
    pub fn is_passing(&self) -> bool {
        !matches!(self, Self::Settings(_) | Self::Tls { .. } | Self::Proxy { .. })
    }

    /// Whether the server has certainly seen nothing of the request.
    pub fn is_unsent(&self) -> bool {
        !matches!(self, Self::Broken { .. } | Self::Timeout { .. })
    }

    pub(super) fn timeout(host: &str, limit: Duration) -> Self {
        Self::Timeout { host: host.to_owned(), limit }
    }

    pub(super) fn broken(host: &str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Broken { host: host.to_owned(), source: Arc::from(cause.into()) }
    }

    /// What the pool's error means. The connector's own errors are in its chain and come out as they went in.
    pub(super) fn from_pool(host: &str, cause: hyper_util::client::legacy::Error) -> Self {
        if let Some(own) = find::<Self>(&cause) {
            return own.clone();
        }
        let host = host.to_owned();
        if cause.is_connect() {
            return Self::Connect { host, source: Arc::new(cause) };
        }
        // hyper says "canceled" only of a request that it still holds: not a byte of it was written
        // (hyper src/client/dispatch.rs, `TrySendError::take_message`).
        if find::<hyper::Error>(&cause).is_some_and(hyper::Error::is_canceled) {
            return Self::NotSent { host, source: Arc::new(cause) };
        }
        Self::Broken { host, source: Arc::new(cause) }
    }

    /// What it means that no connection could be made to `host`, or to `proxy` on the way there.
    pub(super) fn from_dial(host: &str, proxy: Option<&str>, cause: Box<dyn Error + Send + Sync>) -> Self {
        let cause: Cause = Arc::from(cause);
        if let Some(own) = find::<Self>(&*cause) {
            return own.clone();
        }
        let first = proxy.unwrap_or(host).to_owned();
        if let Some(ResolveError(fault)) = find::<ResolveError>(&*cause) {
            // Without the layers in between, which say the same twice more.
            let source = Arc::new(io::Error::new(fault.kind(), fault.to_string()));
            return Self::Dns { host: first, source };
        }
        if let Some(fault) = find::<TlsError>(&*cause) {
            let complaint = explain_tls(fault);
            return Self::Tls { host: host.to_owned(), complaint, source: cause };
        }
        if let (Some(proxy), None) = (proxy, find::<io::Error>(&*cause)) {
            let complaint = explain_tunnel(&*cause);
            return Self::Proxy { proxy: proxy.to_owned(), host: host.to_owned(), complaint, source: cause };
        }
        Self::Connect { host: first, source: cause }
    }
}

/// The resolver found no address. Wraps the system's error, which alone cannot be told from a refused connection.
#[derive(Debug, thiserror::Error)]
#[error("name resolution failed")]
pub(super) struct ResolveError(#[source] pub(super) io::Error);

/// `HOST`, or `HOST:PORT` where the port is not the scheme's own.
pub(super) fn host_of(uri: &Uri) -> String {
    let host = uri.host().unwrap_or("(no host)");
    let usual = if uri.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 };
    match uri.port_u16() {
        Some(port) if port != usual => format!("{host}:{port}"),
        _ => host.to_owned(),
    }
}

/// The first `T` in the chain of causes.
pub(crate) fn find<'a, T: Error + 'static>(fault: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(fault);
    while let Some(fault) = next {
        if let Some(found) = fault.downcast_ref::<T>() {
            return Some(found);
        }
        // `io::Error::source` answers with the source of what it wraps and so would skip the wrapped error itself.
        let wrapped = fault.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| fault.source());
    }
    None
}

fn explain_tls(fault: &TlsError) -> String {
    let TlsError::InvalidCertificate(complaint) = fault else {
        return fault.to_string();
    };
    match complaint {
        CertificateError::UnknownIssuer => {
            "its certificate was issued by an authority that is not known here; behind a \
             proxy that inspects TLS, set SSL_CERT_FILE to a PEM file that has the proxy's authority"
                .to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired; check this machine's clock".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; check this machine's clock".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name; check the URL".to_owned()
        }
        _ => fault.to_string(),
    }
}

/// hyper-util does not export the tunnel's error type, so that its text is all there is to go by.
fn explain_tunnel(fault: &(dyn Error + 'static)) -> String {
    if fault.to_string().contains("authorization required") {
        return "it asks for a user and password; write the proxy's URL as http://USER:PASSWORD@HOST:PORT".to_owned();
    }
    "it may refuse this destination; if it is reached without a proxy, name it in NO_PROXY".to_owned()
}
