//! Where a secret is read from: `ssm:NAME`, `ssm-once:NAME`, `secretsmanager:NAME`, `env:NAME`, `file:PATH`.

use std::fs;
use std::time::Instant;

use contract::Secret;

use crate::aws::parameter::{self, Keep};

/// A place that holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretSource {
    Ssm(String, Keep),
    SecretsManager(String),
    Environment(String),
    File(String),
}

impl SecretSource {
    /// Reads the written form.
    ///
    /// # Errors
    /// A text that shows the forms.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let refuse = || {
            format!(
                "\"{text}\" is no place for a secret; write ssm:NAME, ssm-once:NAME (deleted after reading), \
                 secretsmanager:NAME, env:NAME or file:PATH"
            )
        };
        let (kind, name) = text.split_once(':').filter(|(_, name)| !name.is_empty()).ok_or_else(refuse)?;
        let name = name.to_owned();
        match kind {
            "ssm" => Ok(Self::Ssm(name, Keep::Kept)),
            "ssm-once" => Ok(Self::Ssm(name, Keep::Once)),
            "secretsmanager" => Ok(Self::SecretsManager(name)),
            "env" => Ok(Self::Environment(name)),
            "file" => Ok(Self::File(name)),
            _ => Err(refuse()),
        }
    }

    /// The variable of ours that holds it, if it is one.
    pub(crate) fn variable(&self) -> Option<&str> {
        if let Self::Environment(name) = self { Some(name) } else { None }
    }

    /// Reads the secret.
    ///
    /// # Errors
    /// A text that names the place, without any part of the secret.
    pub(crate) fn fetch(&self, until: Instant) -> Result<Secret, String> {
        let secret = match self {
            Self::Ssm(name, keep) => parameter::parameter(name, *keep, until),
            Self::SecretsManager(name) => parameter::secret(name, until),
            Self::Environment(name) => {
                std::env::var(name).map(Secret::new).map_err(|_| format!("the variable {name} is not set"))
            }
            Self::File(path) => {
                fs::read_to_string(path).map(Secret::new).map_err(|cause| format!("{path} cannot be read: {cause}"))
            }
        }?;
        if secret.is_empty() { Err(format!("the secret in {self:?} is empty")) } else { Ok(secret) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::SecretSource;
    use crate::aws::parameter::Keep;

    #[test]
    fn each_place_is_understood() {
        let cases = [
            ("ssm:/a/b", SecretSource::Ssm("/a/b".to_owned(), Keep::Kept)),
            ("ssm-once:/a/b", SecretSource::Ssm("/a/b".to_owned(), Keep::Once)),
            ("secretsmanager:arn:aws:x", SecretSource::SecretsManager("arn:aws:x".to_owned())),
            ("env:TOKEN", SecretSource::Environment("TOKEN".to_owned())),
            ("file:/run/token", SecretSource::File("/run/token".to_owned())),
        ];
        for (text, source) in cases {
            assert_eq!(SecretSource::parse(text), Ok(source), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_forms() {
        for text in ["", "TOKEN", "ssm:", "vault:x", ":x", "SSM:x"] {
            assert!(SecretSource::parse(text).is_err_and(|fault| fault.contains("secretsmanager:NAME")), "{text}");
        }
    }

    #[test]
    fn secret_in_a_file_is_read_without_the_line_end_and_an_empty_one_is_a_fault() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        let source = SecretSource::parse(&format!("file:{}", path.display())).expect("a source");
        assert!(source.fetch(Instant::now()).is_err_and(|fault| fault.contains("cannot be read")));
        std::fs::write(&path, "marker\n").expect("written");
        assert_eq!(source.fetch(Instant::now()).map(|secret| secret.expose().to_owned()), Ok("marker".to_owned()));
        std::fs::write(&path, "\n").expect("written");
        assert!(source.fetch(Instant::now()).is_err_and(|fault| fault.contains("is empty")));
    }

    proptest! {
        #[test]
        fn any_name_is_kept_as_it_is_and_any_text_is_read_or_refused(name in "[^\0]{1,30}", text in any::<String>()) {
            prop_assert_eq!(SecretSource::parse(&format!("file:{name}")), Ok(SecretSource::File(name)));
            let _ = SecretSource::parse(&text);
        }
    }
}
