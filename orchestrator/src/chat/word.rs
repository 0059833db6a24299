//! Words of a command: values, and how a word that is not understood is shown.

use std::time::Duration;

use contract::duration;

/// How much of a word is shown.
const SHOWN: usize = 40;

/// A word of a stranger, made fit to be shown: short, and without anything that Markdown or GitHub could make something of.
pub(super) fn shown(word: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || "-_.=:/,+%".contains(c);
    let mut text: String = word.chars().take(SHOWN).map(|c| if keep(c) { c } else { '?' }).collect();
    if word.chars().count() > SHOWN {
        text.push_str("...");
    }
    text
}

/// A duration with a unit: a bare `30` means minutes to some and hours to others.
pub(super) fn lease(text: &str) -> Result<Duration, String> {
    let refuse = || format!("\"{}\" is not a duration; write for example 30m, 2h or 1h30m", shown(text));
    if !text.ends_with(['s', 'm', 'h', 'd']) {
        return Err(refuse());
    }
    let time = duration::parse(text).map_err(|_| refuse())?;
    if time.as_secs() == 0 { Err(refuse()) } else { Ok(time) }
}

/// Names that belong to the system, to AWS or to us: setting them from a comment would change what runs, not how it behaves.
pub(super) fn is_reserved(name: &str) -> bool {
    const PREFIXES: [&str; 6] = ["AWS_", "ECS_", "LD_", "DYLD_", "MAYFLY_", "GITHUB_"];
    const NAMES: [&str; 8] = ["PATH", "HOME", "IFS", "ENV", "BASH_ENV", "SHELL", "PORT", "NODE_OPTIONS"];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
