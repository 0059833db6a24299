//! RSA keys and RS256 tokens: the App's, the issuer's, and a wrong one. See `keys/README.md`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs1KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

/// Private key (PEM) of the App that the sandbox knows. A stand-in, worth nothing.
pub const APP_PRIVATE_KEY: &str = include_str!("../keys/standin-app.pem");
/// Private key (PEM) that nobody knows: for tokens that must be refused.
pub const WRONG_PRIVATE_KEY: &str = include_str!("../keys/standin-wrong.pem");
const ISSUER_PRIVATE_KEY: &str = include_str!("../keys/standin-issuer.pem");

/// A key pair with the id under which its public half is published.
pub(crate) struct Key {
    pair: RsaKeyPair,
    pub(crate) kid: &'static str,
}

impl Key {
    pub(crate) fn issuer() -> Self {
        Self::from_fixture(ISSUER_PRIVATE_KEY, "standin-issuer-1")
    }

    /// Claims the issuer's key id, so that only the signature gives it away.
    pub(crate) fn wrong() -> Self {
        Self::from_fixture(WRONG_PRIVATE_KEY, "standin-issuer-1")
    }

    fn from_fixture(pem: &str, kid: &'static str) -> Self {
        let der = PrivatePkcs1KeyDer::from_pem_slice(pem.as_bytes()).expect("the key fixtures are PKCS#1 PEM files");
        let pair = RsaKeyPair::from_der(der.secret_pkcs1_der()).expect("the key fixtures are RSA keys");
        Self { pair, kid }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": self.kid, "x5t": self.kid });
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .expect("a 2048 bit key signs any message");
        format!("{signed}.{}", encode(signature))
    }

    pub(crate) fn jwk(&self) -> Value {
        let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(self.pair.public());
        json!({ "kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.kid, "n": encode(n), "e": encode(e) })
    }
}

/// The public half of an App's key: what GitHub keeps.
#[derive(Clone, Debug)]
pub struct PublicKey(PublicKeyComponents<Vec<u8>>);

impl PublicKey {
    /// The public half of a private key in PEM (PKCS#1).
    ///
    /// # Errors
    /// A text, where it is none.
    pub fn of_private(pem: &str) -> Result<Self, String> {
        let der = PrivatePkcs1KeyDer::from_pem_slice(pem.as_bytes()).map_err(|fault| format!("not a PEM: {fault}"))?;
        let pair = RsaKeyPair::from_der(der.secret_pkcs1_der()).map_err(|fault| format!("not an RSA key: {fault}"))?;
        Ok(Self(PublicKeyComponents::from(pair.public())))
    }

    /// The claims of an RS256 token, if this key signed it.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Value = serde_json::from_slice(&decode(header)?).ok()?;
        // The algorithm is the verifier's choice, never the token's: a token that names another is refused.
        if header["alg"] != "RS256" {
            return None;
        }
        self.0.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &decode(signature)?).ok()?;
        serde_json::from_slice(&decode(claims)?).ok()
    }
}

/// The claims of a token, unverified: only to find out whose key to verify with.
pub(crate) fn peek(token: &str) -> Option<Value> {
    let claims = token.split('.').nth(1)?;
    serde_json::from_slice(&decode(claims)?).ok()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
