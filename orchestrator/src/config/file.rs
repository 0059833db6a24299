//! `mayfly.toml`: read strictly, unknown keys are faults.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::ConfigError;
use crate::preview::template::PreviewFile;

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// GitHub's side.
    #[serde(default)]
    pub github: GitHubSection,
    /// AWS's side.
    #[serde(default)]
    pub aws: AwsSection,
    /// The machine that `--key` leaves open.
    #[serde(default)]
    pub runner: RunnerSection,
    /// Machines by key; what a profile leaves out comes from `[runner]`.
    #[serde(default)]
    pub profile: BTreeMap<String, RunnerSection>,
    /// The app that previews run.
    pub preview: Option<PreviewFile>,
}

macro_rules! section {
    ($(#[doc = $doc:literal])+ $name:ident { $($field:ident),+ $(,)? }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $( $field: Option<Scalar>, )+ }

        impl $name {
            /// The value of a key, as text.
            pub fn get(&self, key: &str) -> Option<&str> {
                match key {
                    $( stringify!($field) => self.$field.as_ref().map(|scalar| scalar.0.as_str()), )+
                    _ => None,
                }
            }
        }
    };
}

section! {
    /// `[github]`: where runners register.
    GitHubSection { repo, org, enterprise, github_api_url, runner_group }
}
section! {
    /// `[aws]`: where machines run.
    AwsSection { region, cluster, role_arn, audience, subnets, security_groups, assign_public_ip }
}
section! {
    /// `[runner]` and `[profile.KEY]`: what a machine is.
    RunnerSection {
        launch_mode, task_definition, container, cpu, memory, ephemeral_storage, platform, capacity_provider, count,
        max_idle, max_lifetime, handover, wait, wait_timeout, runner_dist, network, subnets, security_groups, assign_public_ip,
    }
}

/// A text, number, truth value or list of them: settings are checked in one place, whichever layer they come from.
#[derive(Debug)]
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScalarVisitor;

        impl<'de> Visitor<'de> for ScalarVisitor {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number, true, false, or a list of texts")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.to_owned()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }
            fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Scalar, E> {
                Ok(Scalar(truth.to_string()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
                let mut texts = Vec::new();
                while let Some(Scalar(text)) = list.next_element()? {
                    texts.push(text);
                }
                Ok(Scalar(texts.join(",")))
            }
        }

        deserializer.deserialize_any(ScalarVisitor)
    }
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or has a key that nobody knows; with line and column.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let place = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|cause| ConfigError::one(&place, format!("cannot be read: {cause}")))?;
        Self::parse(&text).map_err(|cause| ConfigError::one(&place, cause))
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// Not TOML, or a key that nobody knows.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|fault| located(&fault, text))
    }

    /// The value of a runner's setting for a key: the profile's own, else `[runner]`'s; with its place.
    pub fn runner(&self, profile: &str, key: &str) -> Option<(String, &str)> {
        let own = self.profile.get(profile).and_then(|section| section.get(key));
        own.map(|value| (format!("mayfly.toml [profile.{profile}] {key}"), value))
            .or_else(|| self.runner.get(key).map(|value| (format!("mayfly.toml [runner] {key}"), value)))
    }
}

/// The fault in one line. TOML's own text draws the place over several.
fn located(fault: &toml::de::Error, text: &str) -> String {
    let message = fault.message().replace('\n', ", ");
    let start = fault.span().and_then(|span| text.get(..span.start));
    start.map_or_else(|| message.clone(), |before| format!("line {}: {message}", before.matches('\n').count() + 1))
}

#[cfg(test)]
mod tests {
    use super::File;

    #[test]
    fn profile_stands_over_runner_section_and_lists_become_commas() {
        let file =
            File::parse("[runner]\ncpu = 1024\nsubnets = [\"a\", \"b\"]\n[profile.big]\ncpu = 4096").expect("valid");
        assert_eq!(file.runner("big", "cpu"), Some(("mayfly.toml [profile.big] cpu".to_owned(), "4096")));
        assert_eq!(file.runner("other", "cpu"), Some(("mayfly.toml [runner] cpu".to_owned(), "1024")));
        assert_eq!(file.runner("big", "subnets").map(|(_, value)| value), Some("a,b"));
    }

    #[test]
    fn unknown_key_is_a_fault_that_names_it() {
        let fault = File::parse("[runner]\ncpus = 2").expect_err("unknown key");
        assert!(fault.starts_with("line 2: ") && fault.contains("cpus"), "{fault}");
    }
}
