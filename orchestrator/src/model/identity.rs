//! Who asks for a launch, and the id and client tokens that follow from it (design: one UUID everywhere, exactly one task).

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::LaunchId;

/// The workflow run that `mayfly` is a step of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkflowRun {
    /// `OWNER/REPO`.
    pub repository: String,
    /// GitHub's number of the repository: survives renames.
    pub repository_id: u64,
    /// GitHub's number of the run: the same in every attempt.
    pub run_id: u64,
    /// The attempt, from 1.
    pub attempt: u32,
}

/// How an id came about: what can be done with it later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Derived from the run and the secret namespace: a queued job's label can be recognised as ours again.
    Derived,
    /// Random, inside a run: a retried step still adopts, but a later re-run cannot be recognised.
    RandomInRun,
    /// Random, outside of any run.
    Random,
}

/// Identity of a launch group: the id, and the seed of its client tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The id.
    pub id: LaunchId,
    /// How the id came about.
    pub origin: Origin,
    /// The attempt that asks (1 outside of a run).
    pub attempt: u32,
    seed: String,
}

impl Identity {
    /// Derives the identity of a launch. Same run, same key and same namespace give the same identity.
    pub fn new(run: Option<&WorkflowRun>, key: &str, namespace: Option<&Uuid>) -> Self {
        let Some(run) = run else {
            let id = LaunchId::random();
            return Self { id, origin: Origin::Random, attempt: 1, seed: id.to_string() };
        };
        let Some(namespace) = namespace else {
            let seed = format!("{}/{}/{key}", run.repository_id, run.run_id);
            return Self { id: LaunchId::random(), origin: Origin::RandomInRun, attempt: run.attempt, seed };
        };
        let id = LaunchId::derived(namespace, run.repository_id, run.run_id, key);
        Self { id, origin: Origin::Derived, attempt: run.attempt, seed: id.to_string() }
    }

    /// The identity of a preview: what it shows tells all of it, so that everybody who asks for the same meets at the same
    /// tokens.
    pub fn of_preview(id: LaunchId) -> Self {
        Self { id, origin: Origin::Derived, attempt: 1, seed: id.to_string() }
    }

    /// The token that makes RunTask start at most one task for this index and generation.
    pub fn client_token(&self, index: u32, generation: u32) -> ClientToken {
        let text = format!("mayfly/1\n{}\n{index}\n{}\n{generation}", self.seed, self.attempt);
        ClientToken(Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// RunTask's `clientToken`: 64 hexadecimal digits, which is ECS's limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientToken(String);

impl ClientToken {
    /// The token's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Identity, Origin, WorkflowRun};
    use uuid::Uuid;

    fn run(attempt: u32) -> WorkflowRun {
        WorkflowRun { repository: "octo/demo".to_owned(), repository_id: 4242, run_id: 7, attempt }
    }

    #[test]
    fn retried_step_in_a_run_with_namespace_has_the_same_id_and_tokens() {
        let namespace = Uuid::from_u128(1);
        let first = Identity::new(Some(&run(1)), "default", Some(&namespace));
        let again = Identity::new(Some(&run(1)), "default", Some(&namespace));
        assert_eq!(first, again);
        assert_eq!(first.origin, Origin::Derived);
    }

    #[test]
    fn later_attempt_keeps_the_label_and_changes_the_token() {
        let namespace = Uuid::from_u128(1);
        let first = Identity::new(Some(&run(1)), "default", Some(&namespace));
        let second = Identity::new(Some(&run(2)), "default", Some(&namespace));
        assert_eq!(first.id, second.id);
        assert_ne!(first.client_token(0, 0), second.client_token(0, 0));
    }

    #[test]
    fn retried_step_without_namespace_has_another_id_but_the_same_token() {
        let first = Identity::new(Some(&run(1)), "default", None);
        let again = Identity::new(Some(&run(1)), "default", None);
        assert_ne!(first.id, again.id);
        assert_eq!(first.client_token(0, 0), again.client_token(0, 0));
        assert_eq!(first.origin, Origin::RandomInRun);
    }

    #[test]
    fn every_key_index_and_generation_has_a_token_of_its_own_within_the_limit_of_ecs() {
        let namespace = Uuid::from_u128(1);
        let mut seen = std::collections::HashSet::new();
        for key in ["default", "big"] {
            let identity = Identity::new(Some(&run(1)), key, Some(&namespace));
            for (index, generation) in [(0, 0), (0, 1), (1, 0), (10, 1), (1, 10)] {
                let token = identity.client_token(index, generation);
                assert!(token.as_str().len() <= 64);
                assert!(seen.insert(token));
            }
        }
    }

    #[test]
    fn launches_outside_of_runs_never_share_anything() {
        let (one, other) = (Identity::new(None, "default", None), Identity::new(None, "default", None));
        assert_ne!(one.id, other.id);
        assert_ne!(one.client_token(0, 0), other.client_token(0, 0));
    }
}
