//! A value that cannot be printed.

use std::fmt;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// A secret text: redacted in `Debug`, without `Display` and `Serialize`, wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over. Surrounding white space goes: a trailing newline is what `echo token > file` leaves.
    pub fn new(text: impl Into<String>) -> Self {
        let text = Zeroizing::new(text.into());
        if text.trim().len() == text.len() {
            return Self(text);
        }
        Self(Zeroizing::new(text.trim().to_owned()))
    }

    /// The text itself. Each caller is a place to look at when asking where a secret goes.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_of_a_secret_shows_nothing_of_it() {
        let shown = format!("{:?}", Secret::new("ghp_marker"));
        assert_eq!(shown, "Secret(***)");
    }

    #[test]
    fn trailing_newline_is_not_part_of_the_secret() {
        assert_eq!(Secret::new("token\n").expose(), "token");
    }
}
