//! Certificate Manager: whether a listener's certificate is good for a preview's host.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::aws::signed::JsonOperation;
use crate::aws::{Aws, AwsError};

/// Certificate Manager.
#[derive(Clone, Debug)]
pub struct Acm {
    aws: Aws,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its ARN.
    pub arn: String,
    /// Names that it is for.
    pub names: Vec<String>,
    /// `ISSUED`, `PENDING_VALIDATION`, `EXPIRED`, ….
    pub status: String,
    /// When it expires, once it was issued.
    pub expires: Option<SystemTime>,
}

impl Certificate {
    /// Whether browsers take it for a host, as far as names and dates go.
    pub fn serves(&self, host: &str, now: SystemTime) -> bool {
        self.status == "ISSUED" && self.expires.is_none_or(|expires| expires > now) && covers(&self.names, host)
    }
}

/// Whether one of the names is the host. A wildcard stands for one whole label, the first (RFC 6125, section 6.4.3).
pub fn covers(names: &[String], host: &str) -> bool {
    let host = host.trim_end_matches('.');
    names.iter().any(|name| {
        if name.eq_ignore_ascii_case(host) {
            return true;
        }
        let parent = name.strip_prefix("*.");
        let rest = host.split_once('.').filter(|(label, _)| !label.is_empty() && *label != "*");
        parent.zip(rest).is_some_and(|(parent, (_, rest))| parent.eq_ignore_ascii_case(rest))
    })
}

impl Acm {
    /// A client. A load balancer's certificates are in its own region.
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone() }
    }

    /// Whether Certificate Manager knows this certificate: IAM has some of its own.
    pub fn knows(arn: &str) -> bool {
        arn.split(':').nth(2) == Some("acm")
    }

    /// Looks at a certificate.
    ///
    /// # Errors
    /// There is none, a refusal, or no answer.
    pub async fn describe_certificate(&self, arn: &str) -> Result<Certificate, AwsError> {
        const NAME: &str = "DescribeCertificate";
        let operation = JsonOperation { service: "acm", target: "CertificateManager", name: NAME, repeatable: true };
        let answer = self.aws.call(operation, &format!("certificate {arn}"), &json!({ "CertificateArn": arn })).await;
        let answer = answer.map_err(|fault| {
            let denied = fault.code.as_deref() == Some("AccessDeniedException");
            fault.with_fix(denied.then(|| format!("allow acm:{NAME} to the role that mayfly runs as")))
        })?;
        Ok(read(arn, &answer["Certificate"]))
    }
}

fn read(arn: &str, found: &Value) -> Certificate {
    let named = found["SubjectAlternativeNames"].as_array().into_iter().flatten();
    let mut names: Vec<String> = named.filter_map(Value::as_str).map(str::to_owned).collect();
    let first = found["DomainName"].as_str().filter(|name| !names.iter().any(|other| other == name));
    names.extend(first.map(str::to_owned));
    let expires = found["NotAfter"].as_f64().and_then(|at| Duration::try_from_secs_f64(at).ok());
    Certificate {
        arn: arn.to_owned(),
        names,
        status: found["Status"].as_str().unwrap_or_default().to_owned(),
        expires: expires.and_then(|since| UNIX_EPOCH.checked_add(since)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use serde_json::json;

    use super::{Acm, covers};
    use crate::aws::Aws;
    use crate::http::scripted::{Act, Server};

    #[test]
    fn wildcard_is_good_for_one_label_and_no_more() {
        let names = ["*.previews.example.com".to_owned(), "example.com".to_owned()];
        for host in ["pr-1.previews.example.com", "PR-1.Previews.Example.com", "example.com", "example.com."] {
            assert!(covers(&names, host), "{host}");
        }
        for host in
            ["previews.example.com", "pr-1.app.previews.example.com", "www.example.com", ".previews.example.com", ""]
        {
            assert!(!covers(&names, host), "{host}");
        }
        assert!(covers(&names, "*.previews.example.com"), "the wildcard itself");
        assert!(!covers(&["*.com".to_owned()], "*.com.evil"));
    }

    #[tokio::test]
    async fn certificate_serves_its_names_while_it_is_issued_and_not_expired() {
        let said = |status: &str| {
            let certificate = json!({
                "DomainName": "previews.example.com",
                "SubjectAlternativeNames": ["*.previews.example.com"],
                "Status": status,
                "NotAfter": 1_795_000_000.5,
            });
            Act::json(200, json!({ "Certificate": certificate }))
        };
        let server = Server::start([said("ISSUED"), said("PENDING_VALIDATION")]).await;
        let acm = Acm::new(&Aws::at(&server.url("")));
        let arn = "arn:aws:acm:eu-central-1:1:certificate/x";
        let certificate = acm.describe_certificate(arn).await.expect("an answer");
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert!(certificate.serves("pr-1.previews.example.com", at(1_794_999_999)));
        assert!(certificate.serves("previews.example.com", at(1_794_999_999)));
        assert!(!certificate.serves("pr-1.previews.example.com", at(1_795_000_001)));
        assert_eq!(server.seen()[0].header("x-amz-target"), Some("CertificateManager.DescribeCertificate"));
        let pending = acm.describe_certificate(arn).await.expect("an answer");
        assert!(!pending.serves("pr-1.previews.example.com", at(0)));
        assert!(Acm::knows(arn) && !Acm::knows("arn:aws:iam::1:server-certificate/x"));
    }
}
