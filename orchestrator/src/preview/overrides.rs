//! Variables that a comment or a flag sets for one launch: by an allow-list, and never those that would take over the
//! supervisor, the loader or the credentials.

use std::collections::BTreeSet;
use std::fmt;

use crate::config::faults::Fault;

/// Never to be set from outside, whatever the list says. `ECS_*` is where the supervisor looks for renewals of its lease.
const RESERVED: [&str; 6] = ["LD_", "AWS_", "MAYFLY_", "ECS_", "DYLD_", "GLIBC_"];

/// The same, as whole names.
const RESERVED_NAMES: [&str; 5] = ["PATH", "IFS", "ENV", "BASH_ENV", "HOME"];

/// Longer values are files, and ECS takes 8,192 characters for all overrides together.
pub const LONGEST_VALUE: usize = 1_024;

/// What may be set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvRules(Vec<EnvRule>);

/// One entry of the allow-list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvRule {
    /// `DEBUG`
    Name(String),
    /// `FEATURE_*`, kept as `FEATURE_`.
    Prefix(String),
}

impl EnvRule {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, rule) = match text.strip_suffix('*') {
            Some(prefix) if !prefix.ends_with('_') => {
                return Err(format!("\"{text}\" allows too much; write a name, or a prefix such as FEATURE_*"));
            }
            Some(prefix) => (prefix, Self::Prefix(prefix.to_owned())),
            None => (text, Self::Name(text.to_owned())),
        };
        if !is_identifier(name) {
            return Err(format!("\"{text}\" is no name of a variable, and no prefix such as FEATURE_*"));
        }
        if is_reserved(name) {
            return Err(format!("\"{text}\" is never allowed: it would take over the supervisor or the credentials"));
        }
        Ok(rule)
    }

    fn allows(&self, name: &str) -> bool {
        match self {
            Self::Name(own) => own == name,
            Self::Prefix(prefix) => name.len() > prefix.len() && name.starts_with(prefix),
        }
    }
}

impl fmt::Display for EnvRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

impl EnvRules {
    /// Reads an allow-list.
    ///
    /// # Errors
    /// Each entry that is no name, no prefix that ends with an underscore, or reserved.
    pub fn parse(texts: &[String]) -> Result<Self, Vec<String>> {
        let (rules, faults): (Vec<_>, Vec<_>) =
            texts.iter().map(|text| EnvRule::parse(text.trim())).partition(Result::is_ok);
        match faults.is_empty() {
            true => Ok(Self(rules.into_iter().filter_map(Result::ok).collect())),
            false => Err(faults.into_iter().filter_map(Result::err).collect()),
        }
    }

    /// The entries.
    pub fn rules(&self) -> &[EnvRule] {
        &self.0
    }

    fn judge(&self, name: &str, value: &str) -> Result<(), String> {
        if !is_identifier(name) {
            return Err("is no name of a variable: letters, digits and underscores, no digit first".to_owned());
        }
        if is_reserved(name) {
            return Err("may never be set from outside".to_owned());
        }
        if !self.0.iter().any(|rule| rule.allows(name)) {
            return Err(format!("may not be set; {}", self.told()));
        }
        if value.chars().any(char::is_control) {
            return Err("its value has a line break or another control character".to_owned());
        }
        if value.len() > LONGEST_VALUE {
            return Err(format!("its value has {} bytes; at most {LONGEST_VALUE} are taken", value.len()));
        }
        Ok(())
    }

    fn told(&self) -> String {
        let names: Vec<String> = self.0.iter().map(EnvRule::to_string).collect();
        match names.is_empty() {
            true => "no variable may: allow_env in [preview] lists those that may".to_owned(),
            false => format!("allow_env in [preview] lists those that may: {}", names.join(", ")),
        }
    }
}

/// Checks what a comment or a flag wants to set, and gives it back in its order. The place of a fault is the variable's name.
///
/// # Errors
/// One fault for each variable that may not be set so, or is set twice.
pub fn check_overrides(wanted: &[(String, String)], rules: &EnvRules) -> Result<Vec<(String, String)>, Vec<Fault>> {
    let mut seen = BTreeSet::new();
    let judged = wanted.iter().filter_map(|(name, value)| {
        let twice = (!seen.insert(name)).then(|| "is set twice".to_owned());
        let text = twice.or_else(|| rules.judge(name, value).err())?;
        Some(Fault { place: printable(name), text })
    });
    let faults: Vec<Fault> = judged.collect();
    if faults.is_empty() { Ok(wanted.to_vec()) } else { Err(faults) }
}

fn is_identifier(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().next().is_some_and(|first| !first.is_ascii_digit()) && name.len() <= 255 && name.chars().all(allowed)
}

/// In any case of letters: some programs do not tell them apart.
fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    RESERVED_NAMES.contains(&name.as_str()) || RESERVED.iter().any(|prefix| name.starts_with(prefix))
}

/// A name from a stranger, as it may be shown.
fn printable(name: &str) -> String {
    name.chars().take(64).map(|c| if c.is_ascii_graphic() && c != '`' { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{EnvRules, check_overrides};

    fn rules(texts: &[&str]) -> EnvRules {
        EnvRules::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).expect("valid")
    }

    fn judged(name: &str, value: &str) -> Result<(), String> {
        let wanted = [(name.to_owned(), value.to_owned())];
        check_overrides(&wanted, &rules(&["FEATURE_*", "DEBUG"])).map(|_| ()).map_err(|faults| faults[0].text.clone())
    }

    #[test]
    fn what_the_list_names_may_be_set_and_nothing_else() {
        for (name, value) in [("FEATURE_X", "true"), ("DEBUG", ""), ("FEATURE_a1", "ü = \"$(x)\"")] {
            assert_eq!(judged(name, value), Ok(()), "{name}");
        }
        for name in ["FEATURE_", "FEATURE", "DEBUGGER", "debug", "OTHER"] {
            assert!(judged(name, "1").is_err_and(|fault| fault.contains("FEATURE_*, DEBUG")), "{name}");
        }
    }

    #[test]
    fn names_that_take_over_are_refused_whatever_the_list_says() {
        for name in
            ["LD_PRELOAD", "AWS_ENDPOINT_URL", "PATH", "MAYFLY_ID", "ECS_CONTAINER_METADATA_URI_V4", "Path", "aws_x"]
        {
            assert!(judged(name, "1").is_err_and(|fault| fault.contains("never")), "{name}");
            assert!(
                EnvRules::parse(&[name.to_owned()]).is_err_and(|faults| faults[0].contains("never allowed")),
                "{name}"
            );
        }
        let too_wide = ["*", "LD_*", "AWS_*", "F*", "A B", "1X", ""];
        let faults = EnvRules::parse(&too_wide.map(str::to_owned)).expect_err("none is a rule");
        assert_eq!(faults.len(), too_wide.len(), "{faults:?}");
    }

    #[test]
    fn values_and_names_that_break_out_are_refused() {
        let long = "x".repeat(1_025);
        let cases = [
            ("DEBUG", "a\nb", "control character"),
            ("DEBUG", "a\0b", "control character"),
            ("DEBUG", "a\r", "control character"),
            ("DEBUG", long.as_str(), "1025 bytes"),
            ("1X", "1", "no name"),
            ("", "1", "no name"),
            ("A-B", "1", "no name"),
            ("FEATURE_X\n", "1", "no name"),
        ];
        for (name, value, fault) in cases {
            assert!(judged(name, value).is_err_and(|told| told.contains(fault)), "{name:?}");
        }
    }

    #[test]
    fn all_faults_are_told_and_a_name_set_twice_is_one() {
        let pairs = [("DEBUG", "1"), ("DEBUG", "2"), ("PATH", "/"), ("FEATURE_A", "1")];
        let wanted = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let faults = check_overrides(&wanted, &rules(&["FEATURE_*", "DEBUG"])).expect_err("two faults");
        let places: Vec<_> = faults.iter().map(|fault| fault.place.as_str()).collect();
        assert_eq!(places, ["DEBUG", "PATH"]);
        assert!(
            check_overrides(&wanted[..1], &EnvRules::default())
                .is_err_and(|faults| faults[0].text.contains("no variable may"))
        );
    }

    proptest! {
        #[test]
        fn whatever_is_let_through_is_an_identifier_on_the_list(name in "\\PC{0,12}|[A-Z_]{0,12}", value in ".{0,40}") {
            if judged(&name, &value).is_ok() {
                prop_assert!(name == "DEBUG" || name.starts_with("FEATURE_"));
                prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
                prop_assert!(!value.contains(['\n', '\r', '\0']));
            }
        }
    }
}
