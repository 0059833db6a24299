//! The protocols on the wire: JSON 1.1 (ECS, SSM, CloudWatch Logs, ECR, ACM, CodeBuild) and Query with XML (STS, ELB, EC2).

use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{query, xml};

/// A service of the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Service {
    Sts,
    Ecs,
    Ssm,
    Logs,
    Ecr,
    Acm,
    CodeBuild,
    Elb,
    Ec2,
}

/// How a service is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Json,
    Query,
    /// The Query protocol with answers and errors of another form.
    Ec2,
}

impl Service {
    /// The service's name in credential scopes and in IAM actions.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::Ecs => "ecs",
            Self::Ssm => "ssm",
            Self::Logs => "logs",
            Self::Ecr => "ecr",
            Self::Acm => "acm",
            Self::CodeBuild => "codebuild",
            Self::Elb => "elasticloadbalancing",
            Self::Ec2 => "ec2",
        }
    }

    pub(crate) const fn protocol(self) -> Protocol {
        match self {
            Self::Sts | Self::Elb => Protocol::Query,
            Self::Ec2 => Protocol::Ec2,
            Self::Ecs | Self::Ssm | Self::Logs | Self::Ecr | Self::Acm | Self::CodeBuild => Protocol::Json,
        }
    }

    /// The service's version of its API, by which forms are told apart. STS is asked for where there is none.
    fn of_version(version: Option<&str>) -> Option<Self> {
        match version {
            None | Some("2011-06-15") => Some(Self::Sts),
            Some("2015-12-01") => Some(Self::Elb),
            Some("2016-11-15") => Some(Self::Ec2),
            Some(_) => None,
        }
    }

    fn of_target(prefix: &str) -> Option<Self> {
        match prefix {
            "AmazonEC2ContainerServiceV20141113" => Some(Self::Ecs),
            "AmazonSSM" => Some(Self::Ssm),
            "Logs_20140328" => Some(Self::Logs),
            "AmazonEC2ContainerRegistry_V20150921" => Some(Self::Ecr),
            "CertificateManager" => Some(Self::Acm),
            "CodeBuild_20161006" => Some(Self::CodeBuild),
            _ => None,
        }
    }
}

/// One request, told apart from the others of the endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) service: Service,
    pub(crate) operation: String,
    /// The JSON body, or the form's fields as nested objects and lists of strings.
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
    /// The members of a result of a Query service, to be written as XML.
    Members(Value),
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
        let parameters = query::read(body);
        let missing = || Refusal::client("MissingAction", "the request carries neither x-amz-target nor an Action");
        let operation = parameters["Action"].as_str().ok_or_else(missing)?.to_owned();
        let version = parameters["Version"].as_str();
        let unknown = || Refusal::client("InvalidAction", format!("the sandbox has no version {version:?} of an API"));
        let service = Service::of_version(version).ok_or_else(unknown)?;
        Ok(Self { service, operation, parameters })
    }

    /// The refusal of an operation that the service, or the sandbox, has not.
    pub(crate) fn unknown(&self) -> Refusal {
        let code = match self.service.protocol() {
            Protocol::Json => "UnknownOperationException",
            Protocol::Query | Protocol::Ec2 => "InvalidAction",
        };
        Refusal::client(code, format!("the sandbox has no {}", self.operation))
    }
}

impl Request {
    /// The input of the operation, of the form that the service's model gives it.
    pub(crate) fn input<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        T::deserialize(&self.parameters).map_err(|fault| Refusal::client("SerializationException", fault.to_string()))
    }
}

/// Writes an answer in the protocol of the request's service.
pub(crate) fn encode(request: &Request, outcome: &Result<Answer, Refusal>, request_id: &str) -> Response<Body> {
    let json = |status, text| respond(status, "application/x-amz-json-1.1", text, request_id);
    let xml = |status, text| respond(status, "text/xml", text, request_id);
    match outcome {
        Ok(Answer::Json(value)) => json(200, value.to_string()),
        Ok(Answer::Xml(inner)) => xml(200, xml::answer(request, inner, request_id)),
        Ok(Answer::Members(members)) => xml(200, xml::answer(request, &xml::members(request, members), request_id)),
        Err(refusal) => match request.service.protocol() {
            Protocol::Json => json(refusal.status, json_error(refusal)),
            Protocol::Query | Protocol::Ec2 => xml(refusal.status, xml::error(request.service, refusal, request_id)),
        },
    }
}

/// Answers a request that could not even be read; who sends no `x-amz-target` is taken for a caller of STS.
pub(crate) fn encode_unread(headers: &HeaderMap, refusal: &Refusal, request_id: &str) -> Response<Body> {
    if headers.contains_key("x-amz-target") {
        return respond(refusal.status, "application/x-amz-json-1.1", json_error(refusal), request_id);
    }
    respond(refusal.status, "text/xml", xml::error(Service::Sts, refusal, request_id), request_id)
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

/// Seconds since 1970 with milliseconds, as JSON 1.1 carries times.
pub(crate) fn seconds(at: OffsetDateTime) -> f64 {
    (at.unix_timestamp_nanos() / 1_000_000) as f64 / 1_000.0
}
