//! Signature Version 4, seen from the server: what was signed, and was it signed with this key?
//!
//! Written from the public description ("Create a signed AWS API request" in the IAM user guide), not with the SDK's
//! own signer: a signer that checks itself would agree with its own mistakes.

use axum::http::{HeaderMap, Method, Uri};
use ring::{digest, hmac};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The parts of an `Authorization` header, with the two headers that belong to it.
#[derive(Debug)]
pub(crate) struct Signature<'a> {
    pub(crate) access_key: &'a str,
    /// `20260901T120000Z`.
    pub(crate) signed_at: &'a str,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    pub(crate) token: Option<&'a str>,
    date: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// A request as it came in, as far as it is signed.
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

impl<'a> Signature<'a> {
    /// Reads the header; `None` when it is absent or not of the documented form.
    pub(crate) fn read(headers: &'a HeaderMap) -> Option<Self> {
        let fields = header(headers, "authorization")?.strip_prefix(ALGORITHM)?.trim_start();
        let field = |name: &str| fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
        let mut scope = field("Credential")?.split('/');
        let signature = Self {
            access_key: scope.next()?,
            date: scope.next()?,
            region: scope.next()?,
            service: scope.next()?,
            signed_headers: field("SignedHeaders")?,
            signature: field("Signature")?,
            signed_at: header(headers, "x-amz-date")?,
            token: header(headers, "x-amz-security-token"),
        };
        (scope.next() == Some("aws4_request") && signature.signed_at.starts_with(signature.date)).then_some(signature)
    }

    /// Whether this key made the signature over this request. Host and, where there is one, the session token must be
    /// signed.
    pub(crate) fn was_made_with(&self, secret: &str, signed: &Signed<'_>) -> bool {
        let names: Vec<&str> = self.signed_headers.split(';').collect();
        if !names.contains(&"host") || (self.token.is_some() && !names.contains(&"x-amz-security-token")) {
            return false;
        }
        let scope = format!("{}/{}/{}/aws4_request", self.date, self.region, self.service);
        let request = hex(digest::digest(&digest::SHA256, self.canonical_request(signed).as_bytes()).as_ref());
        let to_sign = format!("{ALGORITHM}\n{}\n{scope}\n{request}", self.signed_at);
        let Some(claimed) = unhex(self.signature) else { return false };
        hmac::verify(&self.key(secret), to_sign.as_bytes(), &claimed).is_ok()
    }

    fn canonical_request(&self, signed: &Signed<'_>) -> String {
        let mut query: Vec<&str> =
            signed.uri.query().unwrap_or_default().split('&').filter(|p| !p.is_empty()).collect();
        query.sort_unstable();
        let headers: String = self
            .signed_headers
            .split(';')
            .map(|name| format!("{name}:{}\n", header(signed.headers, name).unwrap_or_default().trim()))
            .collect();
        let body = hex(digest::digest(&digest::SHA256, signed.body).as_ref());
        let (method, path, query) = (signed.method, signed.uri.path(), query.join("&"));
        format!("{method}\n{path}\n{query}\n{headers}\n{}\n{body}", self.signed_headers)
    }

    fn key(&self, secret: &str) -> hmac::Key {
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{secret}").as_bytes());
        for part in [self.date, self.region, self.service, "aws4_request"] {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        key
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, Method, Uri};

    use super::{Signature, Signed};

    /// The example of the IAM user guide, "Signature Version 4 signing example": ListUsers with AWS's example key.
    fn example() -> HeaderMap {
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
                             SignedHeaders=content-type;host;x-amz-date, \
                             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static(authorization));
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"));
        headers.insert("host", HeaderValue::from_static("iam.amazonaws.com"));
        headers.insert("x-amz-date", HeaderValue::from_static("20150830T123600Z"));
        headers
    }

    fn verify(headers: &HeaderMap, secret: &str, uri: &'static str) -> bool {
        let (method, uri) = (Method::GET, Uri::from_static(uri));
        let signed = Signed { method: &method, uri: &uri, headers, body: b"" };
        Signature::read(headers).is_some_and(|signature| signature.was_made_with(secret, &signed))
    }

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const LIST_USERS: &str = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08";

    #[test]
    fn published_example_verifies() {
        assert!(verify(&example(), SECRET, LIST_USERS));
    }

    #[test]
    fn other_key_other_request_and_token_that_was_not_signed_are_refused() {
        assert!(!verify(&example(), "another", LIST_USERS));
        assert!(!verify(&example(), SECRET, "https://iam.amazonaws.com/?Action=DeleteUser&Version=2010-05-08"));
        let mut with_token = example();
        with_token.insert("x-amz-security-token", HeaderValue::from_static("slipped in"));
        assert!(!verify(&with_token, SECRET, LIST_USERS));
    }
}
