//! The load balancer's data plane: requests on a port of its own, given on to targets byte by byte.
//!
//! One request for each connection to a target, so that no connection outlives a change of the rules. What follows the
//! head is not looked at: bodies of any length, streams and WebSockets pass.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};

use super::head::{self, Read};
use super::route::Way;
use crate::aws::shared::Shared;

/// Serves until it is aborted.
pub(crate) async fn serve(listener: TcpListener, shared: Weak<Shared>) {
    loop {
        let accepted = listener.accept().await;
        let Some(shared) = shared.upgrade() else { return };
        match accepted {
            Ok((stream, address)) => {
                tokio::spawn(attend(stream, address.ip().to_string(), shared));
            }
            Err(fault) => tracing::warn!(%fault, "the load balancer could not take a connection"),
        }
    }
}

async fn attend(mut client: TcpStream, from: String, shared: Arc<Shared>) {
    let pace = shared.pace();
    let Ok(Some((head, rest))) = read_head(&mut client).await else {
        return fixed(&mut client, 400, "text/html", &page(400)).await;
    };
    let host = head::header(&head, "host").unwrap_or_default().to_owned();
    let way = shared.state().elb.way(&host);
    // Nothing is held while a request is under way: the stand-in may end meanwhile.
    drop(shared);
    match way {
        Way::Fixed { status, content_type, body } => fixed(&mut client, status, &content_type, &body).await,
        Way::NoTarget => fixed(&mut client, 503, "text/html", &page(503)).await,
        Way::To(target) => {
            let connected = tokio::time::timeout(pace.gateway_timeout, TcpStream::connect(target)).await;
            let failed = match connected {
                Ok(Ok(target)) => {
                    let request = [head::forwarded(&head, &from).as_bytes(), &rest].concat();
                    pass(&mut client, target, &request, pace.gateway_timeout).await
                }
                Ok(Err(_)) => Some(502),
                Err(_) => Some(504),
            };
            if let Some(status) = failed {
                fixed(&mut client, status, "text/html", &page(status)).await;
            }
        }
    }
}

/// Reads up to the end of the head. Answers it, and what came in behind it.
async fn read_head(client: &mut TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        match head::look(&bytes) {
            Read::Complete(end) => {
                let rest = bytes.split_off(end);
                return Ok(String::from_utf8(bytes).ok().map(|head| (head, rest)));
            }
            Read::Refused => return Ok(None),
            Read::More => {}
        }
        match client.read(&mut buffer).await? {
            0 => return Ok(None),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Passes bytes both ways until the target has said all. Answers the status to tell where it has said nothing.
async fn pass(client: &mut TcpStream, mut target: TcpStream, request: &[u8], limit: Duration) -> Option<u16> {
    if target.write_all(request).await.is_err() {
        return Some(502);
    }
    let ((mut from_client, mut to_client), (mut from_target, mut to_target)) = (client.split(), target.split());
    let up = async {
        // A client that has sent all is not one that went away: the answer is still awaited.
        let _ = copy(&mut from_client, &mut to_target).await;
        std::future::pending::<Option<u16>>().await
    };
    let down = async {
        let mut first = [0; 4_096];
        let count = match tokio::time::timeout(limit, from_target.read(&mut first)).await {
            Err(_) => return Some(504),
            Ok(Err(_) | Ok(0)) => return Some(502),
            Ok(Ok(count)) => count,
        };
        let begun = to_client.write_all(&first[..count]).await;
        if begun.is_ok() && copy(&mut from_target, &mut to_client).await.is_err() {
            tracing::debug!("a client went away before its answer ended");
        }
        None
    };
    tokio::select! {
        failed = up => failed,
        failed = down => failed,
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        502 => "Bad Gateway",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        _ => "Fixed Response",
    }
}

/// The page that the load balancer shows for a status of its own.
fn page(status: u16) -> String {
    let title = format!("{status} {}", reason(status));
    format!("<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>\r\n")
}

async fn fixed(client: &mut TcpStream, status: u16, content_type: &str, body: &str) {
    let answer = format!(
        "HTTP/1.1 {status} {}\r\nServer: awselb/2.0\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        reason(status),
        body.len()
    );
    let written = client.write_all(answer.as_bytes()).await;
    if written.is_err() || client.shutdown().await.is_err() {
        tracing::debug!(status, "a client went away before it was answered");
    }
}
