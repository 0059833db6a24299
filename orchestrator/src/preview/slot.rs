//! A slot: one pull request of one repository. It has one URL, one comment, one family, one environment, whatever is launched in
//! it.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// GitHub's number of a pull request within its repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct PullNumber(u64);

impl PullNumber {
    /// The number; `None` for 0, which no pull request has.
    pub fn new(number: u64) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    /// The number, for paths and names.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for PullNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PullNumber {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.trim().trim_start_matches('#').parse().ok().and_then(Self::new);
        number.ok_or_else(|| format!("\"{text}\" is not the number of a pull request; write for example 42"))
    }
}

/// A commit: 40 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha(String);

impl Sha {
    /// The first seven digits, as GitHub shows a commit.
    pub fn short(&self) -> &str {
        &self.0[..7]
    }

    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Sha {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().to_ascii_lowercase();
        if text.len() == 40 && text.chars().all(|c| c.is_ascii_hexdigit()) {
            return Ok(Self(text));
        }
        Err(format!("\"{text}\" is not a commit; write all of its 40 hexadecimal digits"))
    }
}

impl Serialize for Sha {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// One pull request of one repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Slot {
    /// `OWNER/REPO`, as GitHub writes it.
    pub repo: String,
    /// The pull request.
    pub pr: PullNumber,
}

impl Slot {
    /// Name of the GitHub environment and of the commit status: one for each pull request, since deployments of a shared one
    /// would make each other inactive.
    pub fn environment(&self) -> String {
        format!("preview/pr-{}", self.pr)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.repo, self.pr)
    }
}

#[cfg(test)]
mod tests {
    use super::{PullNumber, Sha};

    #[test]
    fn pull_request_is_a_positive_number_with_or_without_its_hash_sign() {
        let read = |text: &str| text.parse::<PullNumber>().map(PullNumber::get).ok();
        assert_eq!([read("42"), read("#42"), read(" 7 ")], [Some(42), Some(42), Some(7)]);
        assert_eq!([read("0"), read("-1"), read("12a"), read(""), read("refs/pull/3")], [None; 5]);
    }

    #[test]
    fn commit_is_all_of_its_digits() {
        let full = "0123456789ABCDEF0123456789abcdef01234567";
        let sha: Sha = full.parse().expect("a commit");
        assert_eq!((sha.short(), sha.as_str()), ("0123456", full.to_ascii_lowercase().as_str()));
        assert!("0123456".parse::<Sha>().is_err() && "g".repeat(40).parse::<Sha>().is_err());
    }
}
