//! The runner's labels.

use contract::env;

/// GitHub's limits for `generate-jitconfig` (labels) and `config.sh --labels` (length).
const MOST_LABELS: usize = 100;
const LONGEST_LABEL: usize = 256;

/// Reads labels separated by commas.
pub(super) fn read_labels(text: Option<&str>) -> Result<Vec<String>, String> {
    let text = text
        .ok_or_else(|| format!("{} and {} are missing; a runner without labels gets no job", env::LABELS, env::ID))?;
    let labels: Vec<String> = text.split(',').map(|label| label.trim().to_owned()).collect();
    if labels.len() > MOST_LABELS {
        return Err(format!("{} has {} labels; GitHub takes at most {MOST_LABELS}", env::LABELS, labels.len()));
    }
    match labels.iter().find(|label| label.is_empty() || label.len() > LONGEST_LABEL) {
        None => Ok(labels),
        Some(wrong) if wrong.is_empty() => Err(format!("{} has an empty label: \"{text}\"", env::LABELS)),
        Some(wrong) => {
            Err(format!("{} has a label of {} characters; GitHub takes {LONGEST_LABEL}", env::LABELS, wrong.len()))
        }
    }
}
