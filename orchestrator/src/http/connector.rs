//! Opens connections: takes a parked one where there is one, else dials.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::error::{ResolveError, host_of};
use super::parked::Lot;
use super::proxy::Proxies;
use super::stream::{Form, Stream};
use super::tls::Tls;
use super::{Counters, HttpError};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type BoxFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// How long a connection may be quiet before the kernel asks whether the other side still lives: a NAT in between
/// forgets quiet connections after some minutes.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// What all connections share.
pub(super) struct Dialer {
    pub(super) counters: Counters,
    pub(super) proxies: Proxies,
    tls: Tls,
    lot: Lot,
}

impl Dialer {
    pub(super) fn from_vars(vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, HttpError> {
        Ok(Self {
            counters: Counters::default(),
            proxies: Proxies::from_vars(vars)?,
            tls: Tls::from_vars(vars),
            lot: Lot::default(),
        })
    }

    /// Dials in the background and parks the connection.
    pub(super) fn park(self: &Arc<Self>, uri: &Uri, limit: Duration) {
        let (dialer, target) = (Arc::clone(self), uri.clone());
        let task = tokio::spawn(async move { dialer.dial(target, limit).await });
        self.lot.add(uri, task);
    }

    async fn open(&self, uri: Uri, limit: Duration) -> Result<Stream, HttpError> {
        let parked = tokio::time::timeout(limit, self.lot.take(&uri)).await;
        match parked {
            Ok(Some(stream)) => stream,
            Ok(None) => self.dial(uri, limit).await,
            Err(_) => Err(HttpError::ConnectTimeout { host: host_of(&uri), limit }),
        }
    }

    async fn dial(&self, uri: Uri, limit: Duration) -> Result<Stream, HttpError> {
        let host = host_of(&uri);
        let proxy = self.proxies.route(&uri);
        let proxy_host = proxy.as_ref().map(|proxy| host_of(proxy.uri()));
        let form = match (&proxy, uri.scheme() == Some(&Scheme::HTTPS)) {
            (Some(_), false) => Form::Absolute,
            _ => Form::Origin,
        };
        let io = self.connect(uri, Route::new(proxy));
        let io = tokio::time::timeout(limit, io)
            .await
            .map_err(|_| HttpError::ConnectTimeout { host: proxy_host.clone().unwrap_or_else(|| host.clone()), limit })?
            .map_err(|cause| HttpError::from_dial(&host, proxy_host.as_deref(), cause))?;
        self.counters.connections.fetch_add(1, Ordering::Relaxed);
        Ok(Stream::new(io, form))
    }

    async fn connect(&self, uri: Uri, mut route: Route) -> Result<MaybeHttpsStream<TokioIo<TcpStream>>, BoxError> {
        if uri.scheme() != Some(&Scheme::HTTPS) {
            return route.call(uri).await.map(MaybeHttpsStream::Http);
        }
        HttpsConnector::from((route, self.tls.config()?)).call(uri).await
    }
}

/// The pool's side of the [`Dialer`].
#[derive(Clone)]
pub(super) struct Connector {
    dialer: Arc<Dialer>,
    limit: Duration,
}

impl Connector {
    pub(super) fn new(dialer: Arc<Dialer>, limit: Duration) -> Self {
        Self { dialer, limit }
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = HttpError;
    type Future = BoxFuture<Stream, HttpError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { dialer, limit } = self.clone();
        Box::pin(async move { dialer.open(uri, limit).await })
    }
}

/// The TCP connection below TLS: to the host, to a proxy that forwards, or through a proxy's tunnel.
struct Route {
    tcp: HttpConnector<Resolver>,
    proxy: Option<Intercept>,
}

impl Route {
    fn new(proxy: Option<Intercept>) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        tcp.enforce_http(false);
        // With Nagle's algorithm on, each POST waits some 40 ms for the other side's delayed acknowledgement.
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEPALIVE));
        Self { tcp, proxy }
    }
}

impl Service<Uri> for Route {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = BoxFuture<TokioIo<TcpStream>, BoxError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let mut tcp = self.tcp.clone();
        let Some(proxy) = self.proxy.clone() else {
            return Box::pin(async move { Ok(tcp.call(uri).await?) });
        };
        if uri.scheme() != Some(&Scheme::HTTPS) {
            return Box::pin(async move { Ok(tcp.call(proxy.uri().clone()).await?) });
        }
        let mut tunnel = Tunnel::new(proxy.uri().clone(), tcp);
        if let Some(authorization) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        Box::pin(async move { Ok(tunnel.call(uri).await?) })
    }
}

/// The system's resolver, with errors that can be recognised.
#[derive(Clone)]
struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = ResolveError;
    type Future = BoxFuture<GaiAddrs, ResolveError>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        self.0.poll_ready(cx).map_err(ResolveError)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let addresses = self.0.call(name);
        Box::pin(async move { addresses.await.map_err(ResolveError) })
    }
}
