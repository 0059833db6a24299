//! Client tokens: what RunTask remembers of them.
//!
//! ECS developer guide, "Ensuring idempotency": the scope is the cluster; the same parameters get the earlier tasks,
//! others a conflict; after a day the token is free again.

use std::collections::BTreeMap;

use serde_json::Value;
use time::{Duration, OffsetDateTime};

const LIFETIME: Duration = Duration::hours(24);

struct Remembered {
    parameters: Value,
    tasks: Vec<String>,
    at: OffsetDateTime,
}

/// The tokens of all clusters.
#[derive(Default)]
pub(crate) struct Tokens(BTreeMap<(String, String), Remembered>);

/// What a token did before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// Nothing.
    None,
    /// It started these tasks, with the same parameters.
    Same(Vec<String>),
    /// It started these tasks, with other parameters.
    Other(Vec<String>),
}

impl Tokens {
    pub(crate) fn look_up(&self, cluster: &str, token: &str, parameters: &Value, now: OffsetDateTime) -> Earlier {
        let remembered = self.0.get(&(cluster.to_owned(), token.to_owned()));
        match remembered.filter(|remembered| now - remembered.at < LIFETIME) {
            None => Earlier::None,
            Some(same) if same.parameters == *parameters => Earlier::Same(same.tasks.clone()),
            Some(other) => Earlier::Other(other.tasks.clone()),
        }
    }

    pub(crate) fn remember(
        &mut self,
        cluster: &str,
        token: &str,
        parameters: &Value,
        tasks: &[String],
        at: OffsetDateTime,
    ) {
        let remembered = Remembered { parameters: parameters.clone(), tasks: tasks.to_vec(), at };
        self.0.insert((cluster.to_owned(), token.to_owned()), remembered);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::{Duration, OffsetDateTime};

    use super::{Earlier, Tokens};

    #[test]
    fn token_answers_by_cluster_parameters_and_age() {
        let (mut tokens, now) = (Tokens::default(), OffsetDateTime::UNIX_EPOCH);
        let (first, second, ids) = (json!({ "count": 1 }), json!({ "count": 2 }), vec!["t".to_owned()]);
        tokens.remember("mayfly", "token", &first, &ids, now);
        assert_eq!(tokens.look_up("mayfly", "token", &first, now), Earlier::Same(ids.clone()));
        assert_eq!(tokens.look_up("mayfly", "token", &second, now), Earlier::Other(ids));
        assert_eq!(tokens.look_up("other", "token", &first, now), Earlier::None);
        assert_eq!(tokens.look_up("mayfly", "Token", &first, now), Earlier::None);
        assert_eq!(tokens.look_up("mayfly", "token", &first, now + Duration::hours(24)), Earlier::None);
    }
}
