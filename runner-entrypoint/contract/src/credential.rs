//! The right to register a runner, in each form in which it can be handed over.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// A credential for GitHub's REST API, or less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A PAT (classic or fine-grained) or an installation token: sent as it is.
    Token(Secret),
    /// A GitHub App: mints installation tokens, each down-scoped to what it is for.
    App {
        /// The App's id or client id.
        app_id: String,
        /// The App's private key, PEM.
        private_key: Secret,
    },
    /// A registration token: registers a runner and removes it within its hour, and nothing else.
    RegistrationToken(Secret),
}

/// The written form: the content of a one-shot parameter and of an inherited pipe.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Written {
    Token(String),
    App { app_id: String, private_key: String },
    RegistrationToken(String),
}

impl Credential {
    /// Reads the written form.
    ///
    /// # Errors
    /// A text that never contains any part of what was read.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        // serde's own message may quote the input, so it is not passed on.
        let written: Written = serde_json::from_slice(json)
            .map_err(|_| "the credential that was handed over is not of the expected form".to_owned())?;
        Ok(match written {
            Written::Token(token) => Self::Token(Secret::new(token)),
            Written::App { app_id, private_key } => Self::App { app_id, private_key: Secret::new(private_key) },
            Written::RegistrationToken(token) => Self::RegistrationToken(Secret::new(token)),
        })
    }

    /// Writes the form that [`Credential::from_json`] reads.
    pub fn to_json(&self) -> Secret {
        let written = match self {
            Self::Token(token) => Written::Token(token.expose().to_owned()),
            Self::App { app_id, private_key } => {
                Written::App { app_id: app_id.clone(), private_key: private_key.expose().to_owned() }
            }
            Self::RegistrationToken(token) => Written::RegistrationToken(token.expose().to_owned()),
        };
        // A struct of strings always serialises.
        Secret::new(serde_json::to_string(&written).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::Credential;
    use crate::Secret;

    #[test]
    fn credential_survives_being_written_and_read() {
        let app = Credential::App { app_id: "12".to_owned(), private_key: Secret::new("pem") };
        for credential in [Credential::Token(Secret::new("t")), Credential::RegistrationToken(Secret::new("r")), app] {
            assert_eq!(Credential::from_json(credential.to_json().expose().as_bytes()), Ok(credential));
        }
    }

    #[test]
    fn fault_in_a_written_credential_does_not_quote_it() {
        let fault = Credential::from_json(br#"{"token": 12, "marker": "s3cret"}"#);
        assert!(fault.is_err_and(|text| !text.contains("s3cret") && !text.contains("marker")));
    }
}
