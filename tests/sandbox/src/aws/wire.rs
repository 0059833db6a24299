//! The two protocols on the wire: JSON 1.1 (ECS, SSM, CloudWatch Logs) and Query with XML (STS).

use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

/// A service of the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Service {
    Sts,
    Ecs,
    Ssm,
    Logs,
}

impl Service {
    /// The service's name in credential scopes and in IAM actions.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::Ecs => "ecs",
            Self::Ssm => "ssm",
            Self::Logs => "logs",
        }
    }

    fn of_target(prefix: &str) -> Option<Self> {
        match prefix {
            "AmazonEC2ContainerServiceV20141113" => Some(Self::Ecs),
            "AmazonSSM" => Some(Self::Ssm),
            "Logs_20140328" => Some(Self::Logs),
            _ => None,
        }
    }
}

/// One request, told apart from the others of the endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) service: Service,
    pub(crate) operation: String,
    /// The JSON body, or the form's fields as strings.
    pub(crate) parameters: Value,
}

/// What a service refuses with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    /// Members of the error beside its message.
    pub(crate) more: Map<String, Value>,
}

impl Refusal {
    /// An error that the caller is to blame for: HTTP 400.
    pub(crate) fn client(code: &str, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_owned(), message: message.into(), more: Map::new() }
    }

    pub(crate) fn forbidden(code: &str, message: impl Into<String>) -> Self {
        Self { status: 403, ..Self::client(code, message) }
    }

    pub(crate) fn with(mut self, member: &str, value: Value) -> Self {
        self.more.insert(member.to_owned(), value);
        self
    }
}

/// What a service answers with.
#[derive(Debug)]
pub(crate) enum Answer {
    Json(Value),
    /// The inner XML of `<OperationResult>`.
    Xml(String),
}

impl Request {
    /// Reads a request by its `x-amz-target` (JSON 1.1) or by the `Action` of its form (Query).
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        match headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
            Some(target) => Self::read_json(target, body),
            None => Self::read_form(body),
        }
    }

    fn read_json(target: &str, body: &[u8]) -> Result<Self, Refusal> {
        let unknown = || Refusal::client("UnknownOperationException", "");
        let (prefix, operation) = target.split_once('.').ok_or_else(unknown)?;
        let service = Service::of_target(prefix).ok_or_else(unknown)?;
        let parameters: Value = match body {
            [] => json!({}),
            body => serde_json::from_slice(body)
                .map_err(|fault| Refusal::client("SerializationException", fault.to_string()))?,
        };
        if !parameters.is_object() {
            return Err(Refusal::client("SerializationException", "the input must be a JSON object"));
        }
        Ok(Self { service, operation: operation.to_owned(), parameters })
    }

    fn read_form(body: &[u8]) -> Result<Self, Refusal> {
        let mut fields = Map::new();
        for pair in body.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
            let split = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
            let value = pair.get(split + 1..).unwrap_or_default();
            fields.insert(form_decode(&pair[..split]), Value::String(form_decode(value)));
        }
        let missing = || Refusal::client("MissingAction", "the request carries neither x-amz-target nor an Action");
        let operation = fields.get("Action").and_then(Value::as_str).ok_or_else(missing)?.to_owned();
        Ok(Self { service: Service::Sts, operation, parameters: Value::Object(fields) })
    }
}

fn form_decode(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let escaped = tail.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
            continue;
        }
        bytes.push(if *first == b'+' { b' ' } else { *first });
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Request {
    /// The input of the operation, of the form that the service's model gives it.
    pub(crate) fn input<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        T::deserialize(&self.parameters).map_err(|fault| Refusal::client("SerializationException", fault.to_string()))
    }
}

/// Writes an answer in the protocol of the request's service.
pub(crate) fn encode(request: &Request, outcome: &Result<Answer, Refusal>, request_id: &str) -> Response<Body> {
    match outcome {
        Ok(Answer::Json(value)) => respond(200, "application/x-amz-json-1.1", value.to_string(), request_id),
        Ok(Answer::Xml(inner)) => {
            let xml = xml_answer(&request.operation, inner, request_id);
            respond(200, "text/xml", xml, request_id)
        }
        Err(refusal) if request.service == Service::Sts => {
            respond(refusal.status, "text/xml", xml_error(refusal, request_id), request_id)
        }
        Err(refusal) => respond(refusal.status, "application/x-amz-json-1.1", json_error(refusal), request_id),
    }
}

/// Answers a request that could not even be read; who sends no `x-amz-target` is taken for a caller of STS.
pub(crate) fn encode_unread(headers: &HeaderMap, refusal: &Refusal, request_id: &str) -> Response<Body> {
    if headers.contains_key("x-amz-target") {
        return respond(refusal.status, "application/x-amz-json-1.1", json_error(refusal), request_id);
    }
    respond(refusal.status, "text/xml", xml_error(refusal, request_id), request_id)
}

/// An answer with a status, a text and a request id, and nothing of a service in it.
pub(crate) fn respond(status: u16, content_type: &str, body: String, request_id: &str) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .header("x-amzn-requestid", request_id)
        .body(Body::from(body))
        .expect("the header values are ASCII")
}

fn json_error(refusal: &Refusal) -> String {
    let mut body = refusal.more.clone();
    body.insert("__type".to_owned(), json!(refusal.code));
    body.insert("message".to_owned(), json!(refusal.message));
    Value::Object(body).to_string()
}

const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

fn xml_answer(operation: &str, inner: &str, request_id: &str) -> String {
    format!(
        "<{operation}Response xmlns=\"{STS_NAMESPACE}\"><{operation}Result>{inner}</{operation}Result>\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    )
}

fn xml_error(refusal: &Refusal, request_id: &str) -> String {
    let fault = if refusal.status < 500 { "Sender" } else { "Receiver" };
    format!(
        "<ErrorResponse xmlns=\"{STS_NAMESPACE}\"><Error><Type>{fault}</Type><Code>{}</Code>\
         <Message>{}</Message></Error>\
         <RequestId>{request_id}</RequestId></ErrorResponse>",
        xml_text(&refusal.code),
        xml_text(&refusal.message),
    )
}

/// Escapes a text for XML.
pub(crate) fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Seconds since 1970 with milliseconds, as JSON 1.1 carries times.
pub(crate) fn seconds(at: OffsetDateTime) -> f64 {
    (at.unix_timestamp_nanos() / 1_000_000) as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::form_decode;

    #[test]
    fn form_fields_are_decoded_and_stray_percent_signs_kept() {
        assert_eq!(form_decode(b"a+b%2Fc%3d%zz%"), "a b/c=%zz%");
        assert_eq!(form_decode("%C3%A4".as_bytes()), "ä");
    }
}
