//! The one HTTP client of the process: GitHub's OIDC issuer, the AWS SDK and octocrab all send through it.
//!
//! One pool, one TLS configuration, one reading of the proxy and certificate settings. What a launch costs is round
//! trips, not computing, so a connection can be opened before it is needed: see [`Http::warm`].

mod aws;
mod connector;
mod error;
mod parked;
mod proxy;
mod service;
mod stream;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::PROXY_AUTHORIZATION;
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use self::connector::{Connector, Dialer};
pub(crate) use self::error::find;
pub use self::error::{Cause, HttpError};

/// How long a connection may take to stand, TLS and proxy included, where the caller sets nothing else.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long a used connection is kept for the next request. Below what load balancers commonly grant an idle one, so
/// that the other side is rarely the first to close.
const IDLE_LIMIT: Duration = Duration::from_secs(20);
/// The largest body that [`Http::send`] reads, in bytes. GitHub's and AWS's pages stay below 1 MiB.
const BODY_LIMIT: usize = 16 << 20;

type Pool = Client<Connector, Full<Bytes>>;

/// The client. Clones share everything.
#[derive(Clone)]
pub struct Http {
    dialer: Arc<Dialer>,
    pool: Pool,
}

/// What was done so far: the numbers that a launch is judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Requests sent, each repetition counted.
    pub requests: u64,
    /// Connections that were opened.
    pub connections: u64,
}

#[derive(Debug, Default)]
struct Counters {
    requests: AtomicU64,
    connections: AtomicU64,
}

impl Http {
    /// Reads the proxy and certificate settings through `vars`: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`
    /// (each in either case), `SSL_CERT_FILE` and `AWS_CA_BUNDLE`. Opens no file and no connection.
    ///
    /// # Errors
    /// [`HttpError::Settings`] where a proxy's address cannot be used.
    pub fn from_vars(vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, HttpError> {
        let dialer = Arc::new(Dialer::from_vars(vars)?);
        let pool = build_pool(&dialer, CONNECT_LIMIT);
        Ok(Self { dialer, pool })
    }

    /// Starts a connection to the host of `uri` in the background and keeps it for the next request to that host,
    /// which takes it over even while it is still being made. Sends nothing over it. Call it within the runtime.
    ///
    /// A failure shows where the connection is needed, not here.
    pub fn warm(&self, uri: &Uri) {
        self.dialer.park(uri, CONNECT_LIMIT);
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// A request that certainly did not leave is sent once more, and so is an idempotent one whose connection broke:
    /// a pooled connection that the server closed meanwhile is nobody's error.
    ///
    /// # Errors
    /// Where no complete answer came within `limit`.
    pub async fn send(&self, request: Request<Bytes>, limit: Duration) -> Result<Response<Bytes>, HttpError> {
        let host = error::host_of(request.uri());
        let answer = async {
            let (parts, body) = self.exchange(request).await?.into_parts();
            let body = Limited::new(body, BODY_LIMIT).collect().await;
            let body = body.map_err(|cause| HttpError::broken(&host, cause))?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        };
        tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| Err(HttpError::timeout(&host, limit)))
    }

    /// Sends a request and returns as soon as the head of the answer is there: for bodies too large for the memory.
    ///
    /// # Errors
    /// Where no head came within `limit`. The body has no limit of its own.
    pub async fn open(&self, request: Request<Bytes>, limit: Duration) -> Result<Response<Incoming>, HttpError> {
        let host = error::host_of(request.uri());
        let answer = tokio::time::timeout(limit, self.exchange(request)).await;
        answer.unwrap_or_else(|_| Err(HttpError::timeout(&host, limit)))
    }

    /// What was sent and opened so far, by all clones.
    pub fn stats(&self) -> Stats {
        let counters = &self.dialer.counters;
        Stats {
            requests: counters.requests.load(Ordering::Relaxed),
            connections: counters.connections.load(Ordering::Relaxed),
        }
    }

    /// The same client with another limit for connecting, and a pool of its own; parked connections are shared.
    fn with_connect_limit(&self, limit: Duration) -> Self {
        Self { dialer: Arc::clone(&self.dialer), pool: build_pool(&self.dialer, limit) }
    }

    async fn exchange(&self, mut request: Request<Bytes>) -> Result<Response<Incoming>, HttpError> {
        if let Some(authorization) = self.dialer.proxies.authorization(request.uri()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
        }
        let request = request.map(Full::new);
        match self.attempt(request.clone()).await {
            Err(fault) if may_repeat(request.method(), &fault) => self.attempt(request).await,
            answer => answer,
        }
    }

    async fn attempt(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, HttpError> {
        self.dialer.counters.requests.fetch_add(1, Ordering::Relaxed);
        let host = error::host_of(request.uri());
        self.pool.request(request).await.map_err(|cause| HttpError::from_pool(&host, cause))
    }
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

fn build_pool(dialer: &Arc<Dialer>, connect_limit: Duration) -> Pool {
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE_LIMIT)
        .pool_timer(TokioTimer::new())
        .build(Connector::new(Arc::clone(dialer), connect_limit))
}

fn may_repeat(method: &Method, fault: &HttpError) -> bool {
    match fault {
        HttpError::NotSent { .. } => true,
        HttpError::Broken { .. } => method.is_idempotent(),
        _ => false,
    }
}

#[cfg(test)]
pub(crate) mod scripted;
#[cfg(test)]
mod tests;
