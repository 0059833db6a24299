//! A runner's name at GitHub: `mf-<place>-<id>-<index>-<attempt>.<generation>-<created>`.
//!
//! The name carries all that a later pass needs to judge a runner without a database: whose it is (the place), which launch
//! it belongs to, and when it was made.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::LaunchId;

const PREFIX: &str = "mf-";
const PLACE_DIGITS: usize = 8;
/// GitHub's limit for a runner's name.
pub const MAX_LENGTH: usize = 64;

/// Short hash of where launches of ours live: account, region and cluster, or this machine. Names of other places are none
/// of our business.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place(String);

impl Place {
    /// The place of an ECS cluster. The cluster's short name: a cluster ARN and a cluster name mean the same place.
    pub fn cluster(account: &str, region: &str, cluster: &str) -> Self {
        let name = cluster.rsplit('/').next().unwrap_or(cluster);
        Self::hashed(&format!("ecs/{account}/{region}/{name}"))
    }

    /// The place of this machine and user.
    pub fn host(host: &str, user: &str) -> Self {
        Self::hashed(&format!("host/{host}/{user}"))
    }

    fn hashed(text: &str) -> Self {
        let digest = Sha256::digest(text);
        Self(digest.iter().take(PLACE_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect())
    }

    /// What all names of this place begin with.
    pub fn prefix(&self) -> String {
        format!("{PREFIX}{}-", self.0)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A runner's name, in its parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RunnerName {
    /// Whose it is.
    pub place: Place,
    /// The launch.
    pub id: LaunchId,
    /// Which of `--count` launches.
    pub index: u32,
    /// The run's attempt.
    pub attempt: u32,
    /// How often this index was launched before, within its attempt.
    pub generation: u32,
    /// When the launch was asked for, in whole seconds.
    pub created: SystemTime,
}

impl RunnerName {
    /// Reads a name; `None` for what is not of our making.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.split('-');
        let place =
            parts.next().filter(|part| part.len() == PLACE_DIGITS && part.chars().all(|c| c.is_ascii_hexdigit()))?;
        let id = parts.next().filter(|part| part.len() == 32)?.parse().ok()?;
        let index = parts.next()?.parse().ok()?;
        let (attempt, generation) = parts.next()?.split_once('.')?;
        let seconds = u64::from_str_radix(parts.next()?, 36).ok()?;
        if parts.next().is_some() {
            return None;
        }
        Some(Self {
            place: Place(place.to_owned()),
            id,
            index,
            attempt: attempt.parse().ok()?,
            generation: generation.parse().ok()?,
            created: UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?,
        })
    }
}

impl fmt::Display for RunnerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, id, index, attempt, generation, created } = self;
        let seconds = created.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        write!(f, "{PREFIX}{place}-{}-{index}-{attempt}.{generation}-{}", id.digits(), base36(seconds))
    }
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0'));
        number /= 36;
        if number == 0 {
            break;
        }
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{LaunchId, MAX_LENGTH, Place, RunnerName};

    fn name(index: u32, attempt: u32, generation: u32) -> RunnerName {
        RunnerName {
            place: Place::cluster("123456789012", "eu-central-1", "mayfly"),
            id: LaunchId::random(),
            index,
            attempt,
            generation,
            created: UNIX_EPOCH + Duration::from_secs(1_795_000_000),
        }
    }

    #[test]
    fn name_is_read_back_as_it_was_written() {
        let name = name(3, 2, 1);
        assert_eq!(RunnerName::parse(&name.to_string()), Some(name));
    }

    #[test]
    fn longest_name_that_limits_allow_fits_into_githubs_limit() {
        assert!(name(255, 99, 99).to_string().len() <= MAX_LENGTH);
    }

    #[test]
    fn cluster_arn_and_cluster_name_are_the_same_place() {
        let arn = Place::cluster("1", "r", "arn:aws:ecs:r:1:cluster/mayfly");
        assert_eq!(arn, Place::cluster("1", "r", "mayfly"));
    }

    #[test]
    fn names_that_are_not_ours_are_not_read() {
        let ours = name(0, 1, 0).to_string();
        let longer = format!("{ours}-x");
        for text in ["", "mf-", "ip-10-0-0-1", "mf-abc-def", longer.as_str(), &ours[1..], &ours.replace('.', "-")] {
            assert_eq!(RunnerName::parse(text), None, "{text}");
        }
    }
}
