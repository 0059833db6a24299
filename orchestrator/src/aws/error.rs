//! What AWS refused, in one form: operation, object, code, request id, and the fix where it is known.

use std::error::Error;
use std::fmt;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

/// What a caller can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AwsErrorKind {
    /// AWS says no; asking again changes nothing.
    Refused,
    /// The thing is not there.
    NotFound,
    /// Too many requests; the SDK's retries are used up.
    Throttled,
    /// The client token was used with other parameters; by these tasks.
    Conflict(Vec<String>),
    /// No answer, or AWS's own fault.
    Unavailable,
}

/// A call to AWS that did not do what it was for.
#[derive(Debug)]
pub struct AwsError {
    /// What a caller can act on.
    pub kind: AwsErrorKind,
    /// Operation as AWS names it.
    pub operation: &'static str,
    /// The object: `cluster "mayfly"`.
    pub object: String,
    /// AWS's error code.
    pub code: Option<String>,
    /// AWS's text.
    pub message: String,
    /// What support asks for.
    pub request_id: Option<String>,
    /// What to do about it.
    pub fix: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl AwsError {
    /// An error that did not come through the SDK.
    pub fn new(
        kind: AwsErrorKind,
        operation: &'static str,
        object: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            operation,
            object: object.into(),
            code: None,
            message: message.into(),
            request_id: None,
            fix: None,
            source: None,
        }
    }

    /// Takes the SDK's error apart.
    pub fn from_sdk<E>(operation: &'static str, object: impl Into<String>, error: SdkError<E, Response>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let object = object.into();
        let request_id = error.request_id().map(str::to_owned);
        let (code, message) = (error.code().map(str::to_owned), error.message().map(str::to_owned));
        let status = error.raw_response().map(|response| response.status().as_u16());
        let kind = kind(code.as_deref(), message.as_deref().unwrap_or_default(), status);
        let message = message.unwrap_or_else(|| root_cause(&error));
        let source = if code.is_none() { Some(Box::from(error)) } else { None };
        Self { kind, operation, object, code, message, request_id, fix: None, source }
    }

    /// Adds the code that AWS gave.
    #[must_use]
    pub fn with_code(mut self, code: Option<String>) -> Self {
        self.code = code;
        self
    }

    /// Adds the request id that AWS gave.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_fix(mut self, fix: Option<String>) -> Self {
        self.fix = fix;
        self
    }
}

/// Throttling comes under several codes, and as `InvalidParameterException: Rate exceeded` (dagster-io/dagster#33439).
pub fn kind(code: Option<&str>, message: &str, status: Option<u16>) -> AwsErrorKind {
    match code.unwrap_or_default() {
        "ThrottlingException"
        | "Throttling"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "TooManyRequestsException" => AwsErrorKind::Throttled,
        _ if message.contains("Rate exceeded") => AwsErrorKind::Throttled,
        "ClusterNotFoundException" | "ResourceNotFoundException" => AwsErrorKind::NotFound,
        "RepositoryNotFoundException" | "ImageNotFoundException" => AwsErrorKind::NotFound,
        // `ParameterNotFound`, `TargetGroupNotFound`, `InvalidNetworkInterfaceID.NotFound`.
        code if code.ends_with("NotFound") => AwsErrorKind::NotFound,
        "ServerException" | "InternalFailure" | "ServiceUnavailable" | "IDPCommunicationError" => {
            AwsErrorKind::Unavailable
        }
        "" if status.is_none() => AwsErrorKind::Unavailable,
        _ if status.is_some_and(|status| status >= 500) => AwsErrorKind::Unavailable,
        _ => AwsErrorKind::Refused,
    }
}

fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, operation, object, code, message, request_id, .. } = self;
        match kind {
            AwsErrorKind::Unavailable => write!(f, "AWS did not answer {operation} for {object}: ")?,
            AwsErrorKind::Throttled => write!(f, "AWS has had too many requests, {operation} for {object}: ")?,
            _ => write!(f, "AWS refused {operation} for {object}: ")?,
        }
        if let Some(code) = code {
            write!(f, "{code}: ")?;
        }
        f.write_str(message.trim_end_matches('.'))?;
        match request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl Error for AwsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::{AwsErrorKind, kind};

    #[test]
    fn throttling_is_recognised_in_each_of_its_disguises() {
        for (code, message) in
            [("ThrottlingException", ""), ("InvalidParameterException", "Rate exceeded"), ("Throttling", "x")]
        {
            assert_eq!(kind(Some(code), message, Some(400)), AwsErrorKind::Throttled, "{code}");
        }
    }

    #[test]
    fn server_faults_and_silence_are_unavailable_and_everything_else_a_refusal() {
        assert_eq!(kind(None, "", None), AwsErrorKind::Unavailable);
        assert_eq!(kind(Some("Weird"), "", Some(503)), AwsErrorKind::Unavailable);
        assert_eq!(kind(Some("AccessDeniedException"), "", Some(400)), AwsErrorKind::Refused);
        for code in ["ClusterNotFoundException", "ParameterNotFound", "RuleNotFound", "InvalidInstanceID.NotFound"] {
            assert_eq!(kind(Some(code), "", Some(400)), AwsErrorKind::NotFound, "{code}");
        }
    }
}
