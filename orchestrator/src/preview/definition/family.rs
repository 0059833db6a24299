//! The family of a slot: where all revisions of one pull request are found.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// ECS's limit (API reference, RegisterTaskDefinition).
const LONGEST: usize = 255;

/// `mayfly-preview-<owner>-<repo>-pr-<N>`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family(String);

impl Family {
    /// The family of a pull request. GitHub does not tell letters by their case; a name that ECS cannot write, or that is too
    /// long, ends with a hash of the whole one, so that `my.app` and `my-app` stay apart.
    pub fn of(repository: &str, pull_request: u64) -> Self {
        let lower = repository.to_ascii_lowercase();
        let (prefix, suffix) = ("mayfly-preview-", format!("-pr-{pull_request}"));
        let plain = lower.replacen('/', "-", 1);
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let room = LONGEST - prefix.len() - suffix.len();
        if plain.len() <= room && plain.chars().all(allowed) {
            return Self(format!("{prefix}{plain}{suffix}"));
        }
        let hash: String = Sha256::digest(&lower)[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        let written: String = plain.chars().map(|c| if allowed(c) { c } else { '-' }).take(room - 9).collect();
        Self(format!("{prefix}{written}-{hash}{suffix}"))
    }

    /// As ECS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Family;

    #[test]
    fn family_names_the_slot_and_similar_names_stay_apart() {
        assert_eq!(Family::of("Acme/Shop_2", 12).as_str(), "mayfly-preview-acme-shop_2-pr-12");
        let dotted = Family::of("acme/my.app", 12);
        assert!(dotted.as_str().starts_with("mayfly-preview-acme-my-app-") && dotted.as_str().ends_with("-pr-12"));
        assert_ne!(dotted, Family::of("acme/my-app", 12));
        assert_ne!(dotted, Family::of("acme/my.app", 1));
    }

    proptest! {
        #[test]
        fn ecs_takes_every_family(repository in "\\PC{0,300}", pull_request: u64) {
            let family = Family::of(&repository, pull_request).to_string();
            prop_assert!(family.len() <= 255);
            prop_assert!(family.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
            let suffix = format!("-pr-{pull_request}");
            prop_assert!(family.ends_with(&suffix));
        }
    }
}
