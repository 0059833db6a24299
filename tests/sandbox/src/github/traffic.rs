//! What happens around every request: faults, rate limits, ETags, headers, the contract, the log.

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::caller::bearer;
use super::exchange::Exchange;
use super::fault::FaultKind;
use super::hub::Hub;
use super::rate::Resource;
use super::refusal::Refusal;
use crate::connection::Scissors;

/// Whether a path belongs to GitHub's REST API. The rest is the issuer's, the stand-in runner's and the sandbox's own.
fn is_api(path: &str) -> bool {
    !["/oidc", "/_standin", "/_sandbox"].iter().any(|own| path.starts_with(own))
}

/// The path as GitHub.com has it: a GitHub Enterprise Server serves the same below `/api/v3`.
fn plain_path(path: &str) -> &str {
    path.strip_prefix("/api/v3").unwrap_or(path)
}

/// One request on its way through.
struct Passage {
    hub: Hub,
    exchange: Exchange,
    headers: HeaderMap,
    body: Bytes,
    scissors: Scissors,
}

/// The middleware.
pub(crate) async fn pass(
    State(hub): State<Hub>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
        return Refusal::new(StatusCode::BAD_REQUEST, "the request's body ended early").into_response();
    };
    let path = plain_path(parts.uri.path()).to_owned();
    let fault = hub.faults.strike(parts.method.as_str(), &path);
    if let Some(FaultKind::IdToken(wrong)) = &fault {
        parts.extensions.insert(*wrong);
    }
    let header_text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let exchange = Exchange {
        at: hub.now(),
        method: parts.method.to_string(),
        path,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        user_agent: header_text(header::USER_AGENT).unwrap_or_default().to_owned(),
        request: serde_json::from_slice(&body).ok(),
        status: 0,
        answer: None,
        request_id: request_id(),
        fault,
    };
    let passage = Passage { hub, exchange, headers: parts.headers.clone(), body: body.clone(), scissors };
    let served = Request::from_parts(parts, Body::from(body));
    passage.finish(served, next).await
}

impl Passage {
    async fn finish(mut self, request: Request, next: Next) -> Response {
        let answer = self.serve(request, next).await;
        let (mut parts, body) = answer.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        self.exchange.status = parts.status.as_u16();
        self.exchange.answer = serde_json::from_slice(&body).ok();
        self.check_contract(&body);
        self.add_headers(&mut parts.headers);
        let body = self.add_etag(&mut parts, body);
        self.exchange.status = parts.status.as_u16();
        self.hub.log.add(self.exchange);
        Response::from_parts(parts, Body::from(body))
    }

    /// The route's answer, or what a fault makes of it.
    async fn serve(&self, request: Request, next: Next) -> Response {
        match &self.exchange.fault {
            Some(FaultKind::Hang) => std::future::pending().await,
            Some(FaultKind::Delay(millis)) => {
                tokio::time::sleep(std::time::Duration::from_millis(*millis)).await;
                self.limited(request, next).await
            }
            Some(FaultKind::LostRequest) => {
                self.scissors.cut();
                StatusCode::BAD_GATEWAY.into_response()
            }
            Some(FaultKind::LostAnswer) => {
                let answer = self.limited(request, next).await;
                self.scissors.cut();
                answer
            }
            Some(FaultKind::FailAfter(status)) => {
                self.limited(request, next).await;
                injected(*status, "Server Error")
            }
            Some(FaultKind::FailBefore(status)) => injected(*status, "Server Error"),
            Some(FaultKind::Status { status, message }) => injected(*status, message),
            Some(FaultKind::SecondaryLimit(seconds)) => slow_down(StatusCode::FORBIDDEN, *seconds),
            Some(FaultKind::TooManyRequests(seconds)) => slow_down(StatusCode::TOO_MANY_REQUESTS, *seconds),
            Some(FaultKind::IdToken(_)) | None => self.limited(request, next).await,
        }
    }

    /// The route's answer, where the limits allow it.
    async fn limited(&self, request: Request, next: Next) -> Response {
        if !self.is_counted() {
            return next.run(request).await;
        }
        if self.exchange.user_agent.is_empty() {
            // GitHub asks every client for a name.
            let text =
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header";
            return Refusal::forbidden(text).into_response();
        }
        if self.hub.rates.spend(self.token(), self.resource(), self.hub.now()).is_none() {
            return Refusal::forbidden("API rate limit exceeded for this token.").into_response();
        }
        next.run(request).await
    }

    /// `/rate_limit` costs nothing.
    fn is_counted(&self) -> bool {
        is_api(&self.exchange.path) && self.exchange.path != "/rate_limit"
    }

    fn token(&self) -> &str {
        bearer(&self.headers).unwrap_or_default()
    }

    fn resource(&self) -> Resource {
        Resource::of(&self.exchange.path)
    }

    fn check_contract(&self, body: &Bytes) {
        let Some(checker) = self.hub.checker.as_ref().filter(|_| is_api(&self.exchange.path)) else { return };
        checker.check_request(&self.exchange, &self.body);
        if self.exchange.fault.is_none() {
            checker.check_answer(&self.exchange, body);
        }
    }

    fn add_headers(&self, headers: &mut HeaderMap) {
        set(headers, "x-github-request-id", &self.exchange.request_id);
        if !is_api(&self.exchange.path) {
            return;
        }
        let usage = self.hub.rates.usage(self.token(), self.resource(), self.hub.now());
        set(headers, "x-github-media-type", "github.v3; format=json");
        set(headers, "x-github-api-version-selected", "2022-11-28");
        set(headers, "x-ratelimit-limit", &usage.limit.to_string());
        set(headers, "x-ratelimit-remaining", &usage.remaining().to_string());
        set(headers, "x-ratelimit-used", &usage.used.to_string());
        set(headers, "x-ratelimit-reset", &usage.reset.to_string());
        set(headers, "x-ratelimit-resource", self.resource().name());
    }

    /// Marks a GET's answer with its hash; who has the same already gets 304, which is free.
    fn add_etag(&self, parts: &mut http::response::Parts, body: Bytes) -> Bytes {
        let cacheable = is_api(&self.exchange.path) && self.exchange.method == "GET" && parts.status == StatusCode::OK;
        if !cacheable {
            return body;
        }
        let hash = Sha256::digest(&body);
        let tag = format!("W/\"{}\"", hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        set(&mut parts.headers, "etag", &tag);
        if self.headers.get(header::IF_NONE_MATCH).is_none_or(|known| known.as_bytes() != tag.as_bytes()) {
            return body;
        }
        self.hub.rates.refund(self.token(), self.resource(), self.hub.now());
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_LENGTH);
        Bytes::new()
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn injected(status: u16, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Refusal::new(status, message).into_response()
}

fn slow_down(status: StatusCode, seconds: u32) -> Response {
    let text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    let mut answer = Refusal::new(status, text).into_response();
    set(answer.headers_mut(), "retry-after", &seconds.to_string());
    answer
}

/// Looks like GitHub's: hexadecimal groups between colons.
fn request_id() -> String {
    let hex = Uuid::new_v4().simple().to_string().to_uppercase();
    format!("{}:{}:{}", &hex[..4], &hex[4..10], &hex[10..22])
}

/// The body of an exchange as JSON, for routes that take any.
pub(crate) fn json_body<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    let value: Value =
        serde_json::from_slice(body).map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "Problems parsing JSON"))?;
    serde_json::from_value(value).map_err(|fault| Refusal::invalid(format!("Invalid request.\n\n{fault}")))
}
