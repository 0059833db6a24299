//! The client as a tower service, for libraries that bring their own requests.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tower_service::Service;

use super::{Http, HttpError, error};

/// How long the head of an answer may take. GitHub gives up on a request of its own after ten seconds.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

impl<B> Service<Request<B>> for Http
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Incoming>;
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Incoming>, HttpError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let http = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(|cause| HttpError::NotSent {
                host: error::host_of(&parts.uri),
                source: std::sync::Arc::from(cause.into()),
            })?;
            http.open(Request::from_parts(parts, body.to_bytes()), ANSWER_LIMIT).await
        })
    }
}
