//! A small OIDC issuer: one key, any claims.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs1KeyDer;
use rustls_pki_types::pem::PemObject as _;
use sandbox::keys::{APP_PRIVATE_KEY, WRONG_PRIVATE_KEY};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// A running issuer.
pub(crate) struct Issuer {
    pub(crate) url: String,
    key: RsaKeyPair,
}

fn key(pem: &str) -> RsaKeyPair {
    let der = PrivatePkcs1KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    RsaKeyPair::from_der(der.secret_pkcs1_der()).unwrap()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Issuer {
    pub(crate) fn start(runtime: &Runtime) -> Self {
        let key = key(APP_PRIVATE_KEY);
        let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(key.public());
        let keys = json!({ "keys": [{ "kty": "RSA", "kid": "one", "n": encode(n), "e": encode(e) }] });
        let app = axum::Router::new()
            .route("/oidc/.well-known/jwks", axum::routing::get(move || async move { axum::Json(keys) }));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/oidc", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { url, key }
    }

    /// Claims of a run of `octo/demo` that are good at the moment.
    pub(crate) fn claims(&self, now: i64) -> Value {
        json!({
            "iss": self.url,
            "aud": "sts.amazonaws.com",
            "sub": "repo:octo/demo:ref:refs/heads/main",
            "repository_id": "4242",
            "iat": now,
            "nbf": now - 300,
            "exp": now + 300,
        })
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        sign(&self.key, "RS256", "one", claims)
    }

    /// Signed by a key that the issuer does not publish, under the name of the one that it does.
    pub(crate) fn sign_wrongly(&self, claims: &Value) -> String {
        sign(&key(WRONG_PRIVATE_KEY), "RS256", "one", claims)
    }

    pub(crate) fn sign_as(&self, algorithm: &str, kid: &str, claims: &Value) -> String {
        sign(&self.key, algorithm, kid, claims)
    }
}

fn sign(key: &RsaKeyPair, algorithm: &str, kid: &str, claims: &Value) -> String {
    let header = json!({ "alg": algorithm, "kid": kid, "typ": "JWT" });
    let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", encode(signature))
}
