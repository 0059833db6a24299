//! Everything that is wrong with the settings, told at once.

use std::fmt;

/// One fault: where the value came from, what is wrong, what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `--cpu`, `MAYFLY_CPU`, `mayfly.toml [runner] cpu`.
    pub place: String,
    /// The fault with its fix.
    pub text: String,
}

/// Collects faults while settings are read.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Notes a fault.
    pub fn add(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.0.push(Fault { place: place.into(), text: text.into() });
    }

    /// Notes the error of a result and gives its value.
    pub fn take<T>(&mut self, place: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|text| self.add(place, text)).ok()
    }

    /// Notes what another reading has found.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The value, if nothing was wrong.
    ///
    /// # Errors
    /// All faults, where there is any.
    pub fn into_result<T>(self, value: Option<T>) -> Result<T, ConfigError> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(ConfigError { faults: self.0 }),
        }
    }
}

/// The settings cannot be used. Nothing was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Never empty.
    pub faults: Vec<Fault>,
}

impl ConfigError {
    /// A single fault.
    pub fn one(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { faults: vec![Fault { place: place.into(), text: text.into() }] }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.faults.iter().map(|Fault { place, text }| format!("{place}: {text}")).collect();
        match lines.as_slice() {
            [line] => f.write_str(line),
            lines => write!(f, "{} settings cannot be used\n  {}", lines.len(), lines.join("\n  ")),
        }
    }
}

impl std::error::Error for ConfigError {}
