//! Certificate Manager: certificates that are there from the start.

use serde::Deserialize;
use serde_json::{Value, json};

use super::config::{AwsConfig, CertificateConfig};
use super::wire::{Answer, Refusal, Request, seconds};

pub(crate) fn answer(config: &AwsConfig, request: &Request) -> Result<Answer, Refusal> {
    let answer = match request.operation.as_str() {
        "DescribeCertificate" => describe(config, &request.input()?)?,
        "ListCertificates" => list(config),
        _ => return Err(request.unknown()),
    };
    Ok(Answer::Json(answer))
}

/// The ARN of the certificate for this domain.
pub(crate) fn arn_of(config: &AwsConfig, domain: &str) -> Option<String> {
    let place = config.certificates.iter().position(|certificate| certificate.domain == domain)?;
    Some(arn(config, place))
}

fn arn(config: &AwsConfig, place: usize) -> String {
    config.arn("acm", &format!("certificate/12345678-1234-1234-1234-{place:012}"))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Describe {
    certificate_arn: String,
}

fn describe(config: &AwsConfig, input: &Describe) -> Result<Value, Refusal> {
    let given = &input.certificate_arn;
    if !given.starts_with("arn:") || !given.contains(":certificate/") {
        let text = format!("Invalid Arn: {given}");
        return Err(Refusal::client("InvalidArnException", text));
    }
    let missing = || {
        let text = format!("Could not find certificate {given} in account {}.", config.account);
        Refusal::client("ResourceNotFoundException", text)
    };
    let found = config.certificates.iter().enumerate().find(|(place, _)| arn(config, *place) == *given);
    let (_, certificate) = found.ok_or_else(missing)?;
    Ok(json!({ "Certificate": detail(config, given, certificate) }))
}

fn detail(config: &AwsConfig, arn: &str, certificate: &CertificateConfig) -> Value {
    let now = config.clock.now();
    json!({
        "CertificateArn": arn,
        "DomainName": certificate.domain,
        "SubjectAlternativeNames": certificate.names,
        "Status": certificate.status,
        "Type": "AMAZON_ISSUED",
        "KeyAlgorithm": "RSA-2048",
        "NotBefore": seconds(now - time::Duration::days(1)),
        "NotAfter": seconds(now + certificate.valid_for),
        "InUseBy": [],
    })
}

fn list(config: &AwsConfig) -> Value {
    let certificates = config.certificates.iter().enumerate().map(|(place, certificate)| {
        json!({
            "CertificateArn": arn(config, place),
            "DomainName": certificate.domain,
            "SubjectAlternativeNameSummaries": certificate.names,
            "Status": certificate.status,
        })
    });
    json!({ "CertificateSummaryList": certificates.collect::<Value>() })
}
