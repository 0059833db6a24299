//! Single calls to services that speak AWS's Query protocol: a form in, XML out. ELB and EC2 have nothing newer.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::single::{Refusal, Single};
use super::{Aws, AwsError, AwsErrorKind};

/// How a service wraps what it has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `<XResponse><XResult>…`, as most do.
    Result,
    /// `<XResponse>…`, as EC2 does.
    Bare,
}

/// A service that speaks the Query protocol.
#[derive(Clone, Copy, Debug)]
pub struct QueryService {
    name: &'static str,
    version: &'static str,
    form: Form,
}

impl QueryService {
    /// Elastic Load Balancing, second version: application load balancers.
    pub const ELB: Self = Self { name: "elasticloadbalancing", version: "2015-12-01", form: Form::Result };
    /// EC2.
    pub const EC2: Self = Self { name: "ec2", version: "2016-11-15", form: Form::Bare };
}

/// One operation of such a service.
#[derive(Clone, Copy, Debug)]
pub struct QueryOperation {
    /// The service.
    pub service: QueryService,
    /// Operation's name.
    pub name: &'static str,
    /// Whether a repetition after a lost answer does no harm.
    pub repeatable: bool,
}

/// An answer that says nothing but that it was done.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Done {}

/// The parameters of a call, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Adds one.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    /// Adds a list, numbered from 1: `NAME.1`, `NAME.2`.
    #[must_use]
    pub fn with_list<I: IntoIterator<Item: Into<String>>>(self, name: &str, values: I) -> Self {
        let numbered = values.into_iter().enumerate();
        numbered.fold(self, |form, (index, value)| form.with(format!("{name}.{}", index + 1), value))
    }

    fn encoded(&self, operation: QueryOperation) -> String {
        let mut text = format!("Action={}&Version={}", operation.name, operation.service.version);
        for (name, value) in &self.0 {
            text.push('&');
            encode(name, &mut text);
            text.push('=');
            encode(value, &mut text);
        }
        text
    }
}

/// What is not unreserved in RFC 3986 goes as `%XX`.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

impl Aws {
    /// Calls the operation.
    ///
    /// # Errors
    /// A refusal, no answer, or one that cannot be read.
    pub async fn query<T: DeserializeOwned + Default>(
        &self,
        operation: QueryOperation,
        object: &str,
        parameters: &Parameters,
    ) -> Result<T, AwsError> {
        let single = Single {
            service: operation.service.name,
            operation: operation.name,
            object,
            repeatable: operation.repeatable,
            headers: vec![("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())],
            body: Bytes::from(parameters.encoded(operation)),
            refusal,
        };
        let answer = self.send(&single).await?;
        let read = read(operation.service.form, &String::from_utf8_lossy(&answer));
        read.map_err(|fault| single.fault(AwsErrorKind::Unavailable, format!("the answer cannot be read: {fault}")))
    }
}

fn read<T: DeserializeOwned + Default>(form: Form, text: &str) -> Result<T, quick_xml::DeError> {
    match form {
        Form::Bare => quick_xml::de::from_str(text),
        Form::Result => quick_xml::de::from_str::<Envelope<T>>(text).map(|envelope| envelope.0),
    }
}

/// The one element whose name ends in `Result`; each operation has a name of its own for it.
struct Envelope<T>(T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Envelope<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor(PhantomData))
    }
}

struct EnvelopeVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for EnvelopeVisitor<T> {
    type Value = Envelope<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer with a result")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<T>, A::Error> {
        let mut result = None;
        while let Some(name) = map.next_key::<String>()? {
            if name.ends_with("Result") {
                result = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Envelope(result.unwrap_or_default()))
    }
}

/// Both forms of a refusal: `ErrorResponse/Error`, and EC2's `Response/Errors/Error`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct RefusalXml {
    error: Option<Problem>,
    errors: Problems,
    #[serde(alias = "RequestID")]
    request_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Problems {
    error: Vec<Problem>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Problem {
    code: Option<String>,
    message: Option<String>,
}

fn refusal(answer: &Response<Bytes>) -> Refusal {
    let text = String::from_utf8_lossy(answer.body());
    // A load balancer or proxy in between answers in HTML: then the status is all there is to tell.
    let parsed: RefusalXml = quick_xml::de::from_str(&text).unwrap_or_default();
    let problem = parsed.error.or(parsed.errors.error.into_iter().next()).unwrap_or_default();
    Refusal { code: problem.code, message: problem.message, request_id: parsed.request_id }
}

#[cfg(test)]
mod tests;
