//! The JSON Web Token by which a GitHub App says who it is.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use crate::Secret;

/// GitHub refuses tokens that live longer than ten minutes; one is left for a clock that runs ahead of GitHub's.
const LIFETIME_SECONDS: u64 = 9 * 60;
/// GitHub recommends to date the token back, for a clock that runs ahead.
const DATED_BACK_SECONDS: u64 = 60;

/// A private key that was understood.
pub struct AppKey(RsaKeyPair);

impl AppKey {
    /// Reads a PEM (PKCS#1, as GitHub hands it out, or PKCS#8), or base64 of one, as people store it in one line.
    ///
    /// # Errors
    /// A text that says what was wrong, without any part of the key.
    pub fn parse(text: &Secret) -> Result<Self, String> {
        let pem = unwrap_base64(text);
        if !pem.expose().contains("-----BEGIN") {
            return Err(
                "the App's private key is not a PEM: it must begin with \"-----BEGIN RSA PRIVATE KEY-----\"".to_owned()
            );
        }
        if !pem.expose().contains("-----END") {
            return Err(
                "the App's private key is cut off: its \"-----END …-----\" line is missing; store the whole file"
                    .to_owned(),
            );
        }
        let der = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes())
            .map_err(|_| "the App's private key is a damaged PEM; store the file as GitHub gave it".to_owned())?;
        let pair = match &der {
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            _ => return Err("the App's private key is not an RSA key; GitHub Apps have RSA keys".to_owned()),
        };
        pair.map(Self)
            .map_err(|cause| format!("the App's private key is damaged ({cause}); store the file as GitHub gave it"))
    }

    /// Signs a token for the App, valid from one minute ago for nine minutes.
    ///
    /// # Errors
    /// A text, where the key cannot sign.
    pub fn sign(&self, app_id: &str, now: SystemTime) -> Result<Secret, String> {
        let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let header = r#"{"alg":"RS256","typ":"JWT"}"#;
        let claims =
            serde_json::json!({ "iat": now - DATED_BACK_SECONDS, "exp": now + LIFETIME_SECONDS, "iss": app_id });
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| "the App's private key could not sign".to_owned())?;
        Ok(Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

fn unwrap_base64(text: &Secret) -> Secret {
    if text.expose().contains("-----BEGIN") {
        // Environment variables and parameters often carry the line ends as two characters.
        return Secret::new(text.expose().replace("\\n", "\n"));
    }
    let packed: String = text.expose().split_whitespace().collect();
    let unpacked = STANDARD.decode(packed).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    unpacked.map_or_else(|| text.clone(), Secret::new)
}
