//! The Listener's command line, with `ACTIONS_RUNNER_INPUT_*` behind it.

use std::collections::{BTreeMap, BTreeSet};

const COMMANDS: [&str; 4] = ["configure", "remove", "run", "warmup"];
const FLAGS: [&str; 12] = [
    "unattended",
    "ephemeral",
    "replace",
    "disableupdate",
    "no-default-labels",
    "runasservice",
    "generateServiceConfig",
    "local",
    "once",
    "version",
    "commit",
    "check",
];
const VALUES: [&str; 10] =
    ["url", "token", "pat", "name", "labels", "runnergroup", "work", "auth", "jitconfig", "startuptype"];
/// Prefix of the variables that stand for arguments.
pub(super) const INPUT: &str = "ACTIONS_RUNNER_INPUT_";

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments {
    pub(super) command: String,
    pub(super) unknown: Vec<String>,
    flags: BTreeSet<String>,
    values: BTreeMap<String, String>,
}

impl Arguments {
    /// The command line wins over the environment.
    pub(super) fn read(
        words: impl IntoIterator<Item = String>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut own = Self { command: "run".to_owned(), ..Self::default() };
        for (name, value) in variables {
            own.take_variable(&name, value);
        }
        let mut words = words.into_iter().peekable();
        if let Some(command) = words.next_if(|word| COMMANDS.contains(&word.as_str())) {
            own.command = command;
        }
        while let Some(word) = words.next() {
            match word.strip_prefix("--") {
                Some(flag) if FLAGS.contains(&flag) => _ = own.flags.insert(flag.to_owned()),
                Some(name) if VALUES.contains(&name) => {
                    let value = words.next_if(|next| !next.starts_with("--")).unwrap_or_default();
                    own.values.insert(name.to_owned(), value);
                }
                _ => own.unknown.push(word.trim_start_matches('-').to_owned()),
            }
        }
        own
    }

    fn take_variable(&mut self, name: &str, value: String) {
        let Some(name) = name.strip_prefix(INPUT).map(str::to_lowercase) else { return };
        if VALUES.contains(&name.as_str()) {
            self.values.insert(name, value);
        } else if value.eq_ignore_ascii_case("true") {
            self.flags.insert(name);
        }
    }

    pub(super) fn has(&self, flag: &str) -> bool {
        self.flags.contains(flag)
    }

    /// A value; an empty one counts as none.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    fn read(words: &[&str], variables: &[(&str, &str)]) -> Arguments {
        let own = |text: &&str| (*text).to_owned();
        Arguments::read(words.iter().map(own), variables.iter().map(|(name, value)| (own(name), own(value))))
    }

    #[test]
    fn values_come_from_the_command_line_before_the_environment() {
        let variables = [("ACTIONS_RUNNER_INPUT_TOKEN", "env"), ("ACTIONS_RUNNER_INPUT_NAME", "box"), ("PATH", "/bin")];
        let arguments = read(&["configure", "--token", "line", "--ephemeral"], &variables);
        assert_eq!((arguments.value("token"), arguments.value("name")), (Some("line"), Some("box")));
        assert!(arguments.has("ephemeral") && !arguments.has("replace"));
    }

    #[test]
    fn unknown_options_are_named_and_do_not_stop_anything() {
        let arguments = read(&["remove", "--frobnicate", "--token", "t"], &[]);
        assert_eq!(
            (arguments.command.as_str(), arguments.unknown.as_slice()),
            ("remove", &["frobnicate".to_owned()][..])
        );
    }
}
