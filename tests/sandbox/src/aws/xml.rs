//! Answers and errors of the Query services, as XML.

use serde_json::Value;

use super::wire::{Protocol, Refusal, Request, Service};

const fn namespace(service: Service) -> &'static str {
    match service {
        Service::Elb => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
        Service::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
        _ => "https://sts.amazonaws.com/doc/2011-06-15/",
    }
}

/// The whole answer around its members.
pub(crate) fn answer(request: &Request, inner: &str, request_id: &str) -> String {
    let (operation, namespace) = (&request.operation, namespace(request.service));
    let body = match request.service.protocol() {
        Protocol::Ec2 => format!("<requestId>{request_id}</requestId>{inner}"),
        _ => format!(
            "<{operation}Result>{inner}</{operation}Result>\
             <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        ),
    };
    format!("<{operation}Response xmlns=\"{namespace}\">{body}</{operation}Response>")
}

/// An error; EC2's has another form than everybody else's.
pub(crate) fn error(service: Service, refusal: &Refusal, request_id: &str) -> String {
    let (code, message) = (text(&refusal.code), text(&refusal.message));
    if service.protocol() == Protocol::Ec2 {
        return format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
             <Message>{message}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
        );
    }
    let (fault, namespace) = (if refusal.status < 500 { "Sender" } else { "Receiver" }, namespace(service));
    format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{fault}</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
}

/// The members of an object as elements; those without a value are left out.
pub(crate) fn members(request: &Request, value: &Value) -> String {
    let entry = if request.service.protocol() == Protocol::Ec2 { "item" } else { "member" };
    content(value, entry)
}

fn content(value: &Value, entry: &str) -> String {
    let element = |name: &str, inner: &Value| format!("<{name}>{}</{name}>", content(inner, entry));
    match value {
        Value::Null => String::new(),
        Value::String(inner) => text(inner),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(entries) => entries.iter().map(|inner| element(entry, inner)).collect(),
        Value::Object(members) => {
            members.iter().filter(|(_, inner)| !inner.is_null()).map(|(name, inner)| element(name, inner)).collect()
        }
    }
}

/// Escapes a text for XML.
pub(crate) fn text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
