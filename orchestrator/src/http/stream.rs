//! One open connection: plain or TLS, straight or through a proxy.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;

/// How a request has to be written on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// To the server itself, or through a tunnel: path only.
    Origin,
    /// Plain http to a proxy: the whole address in the request line.
    Absolute,
}

/// An open connection.
pub(super) struct Stream {
    io: MaybeHttpsStream<TokioIo<TcpStream>>,
    form: Form,
}

impl Stream {
    pub(super) fn new(io: MaybeHttpsStream<TokioIo<TcpStream>>, form: Form) -> Self {
        Self { io, form }
    }

    /// Whether the other side has not closed it, as far as this side has heard.
    ///
    /// Session tickets may wait to be read in front of a close, which then shows only in use.
    pub(super) async fn is_open(&self) -> bool {
        let tcp = self.tcp();
        let mut byte = [0];
        // Never waits: a quiet connection is "pending", which is the answer that is wanted.
        poll_fn(|cx| {
            let seen = tcp.poll_peek(cx, &mut ReadBuf::new(&mut byte));
            Poll::Ready(!matches!(seen, Poll::Ready(Ok(0) | Err(_))))
        })
        .await
    }

    fn tcp(&self) -> &TcpStream {
        match &self.io {
            MaybeHttpsStream::Http(tcp) => tcp.inner(),
            MaybeHttpsStream::Https(tls) => tls.inner().get_ref().0.inner().inner(),
        }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.io.connected().proxy(self.form == Form::Absolute)
    }
}

impl Read for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, into)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, from)
    }
}
