//! Web identity tokens: read, and checked against their issuer's published keys.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::Value;

use super::wire::Refusal;

/// How long the issuer has to hand out its keys.
const KEYS_TIMEOUT: Duration = Duration::from_secs(5);

/// A JSON Web Token in its three parts. Nothing of it is to be believed before [`WebToken::verify`].
#[derive(Debug)]
pub(crate) struct WebToken {
    header: Value,
    pub(crate) claims: Value,
    signed: String,
    signature: Vec<u8>,
}

impl WebToken {
    pub(crate) fn read(token: &str) -> Result<Self, Refusal> {
        Self::split(token).ok_or_else(|| {
            let text = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
            Refusal::client("InvalidIdentityToken", text)
        })
    }

    fn split(token: &str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let json = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let (header, claims) = (json(header)?, json(claims).filter(Value::is_object)?);
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { header, claims, signed: signed.to_owned(), signature })
    }

    /// The text of a claim, or nothing.
    pub(crate) fn claim(&self, name: &str) -> &str {
        self.claims[name].as_str().unwrap_or_default()
    }

    /// Checks the signature (RS256 and nothing else) with the key set's key of the header's `kid`.
    pub(crate) fn verify(&self, keys: &Value) -> Result<(), Refusal> {
        let refuse = |text: &str| Refusal::client("InvalidIdentityToken", text);
        if self.header["alg"] != "RS256" {
            return Err(refuse("Unsupported algorithm: the token must be signed with RS256"));
        }
        let kid = &self.header["kid"];
        let key = keys["keys"].as_array().into_iter().flatten().find(|key| &key["kid"] == kid && key["kty"] == "RSA");
        let key = key.ok_or_else(no_key)?;
        let number =
            |member: &str| URL_SAFE_NO_PAD.decode(key[member].as_str().unwrap_or_default()).unwrap_or_default();
        let public = RsaPublicKeyComponents { n: number("n"), e: number("e") };
        public
            .verify(&RSA_PKCS1_2048_8192_SHA256, self.signed.as_bytes(), &self.signature)
            .map_err(|_| refuse("The token's signature is invalid"))
    }

    /// Checks `exp`, `nbf` and `iat` against the time, in seconds since 1970.
    pub(crate) fn check_times(&self, now: i64) -> Result<(), Refusal> {
        let invalid = |text: String| Err(Refusal::client("InvalidIdentityToken", text));
        let Some(expires) = self.claims["exp"].as_i64() else {
            return invalid("Missing a required claim: exp".to_owned());
        };
        if expires <= now {
            let text =
                format!("Token expired: current date/time {now} must be before the expiration date/time {expires}");
            return Err(Refusal::client("ExpiredTokenException", text));
        }
        let Some(issued) = self.claims["iat"].as_i64() else {
            return invalid("Missing a required claim: iat".to_owned());
        };
        // Five minutes of another clock are let pass, as AWS does for its own signatures.
        let begins = self.claims["nbf"].as_i64().unwrap_or(issued).max(issued);
        if begins > now + 300 {
            return invalid(format!("The token is not yet valid: current date/time {now}, valid from {begins}"));
        }
        Ok(())
    }
}

fn no_key() -> Refusal {
    let text = "Couldn't retrieve verification key from your identity provider, please reference \
                AssumeRoleWithWebIdentity documentation for requirements";
    Refusal::client("InvalidIdentityToken", text)
}

/// Fetches the issuer's keys over HTTP. Blocks.
pub(crate) fn fetch_keys(issuer: &str) -> Result<Value, Refusal> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(KEYS_TIMEOUT)).proxy(None).build().into();
    let url = format!("{}/.well-known/jwks", issuer.trim_end_matches('/'));
    match agent.get(&url).call() {
        Ok(mut answer) => answer.body_mut().read_json().map_err(|_| no_key()),
        Err(ureq::Error::StatusCode(_)) => Err(no_key()),
        Err(fault) => {
            let text = format!("The identity provider {issuer} could not be reached: {fault}");
            Err(Refusal::client("IDPCommunicationError", text))
        }
    }
}
