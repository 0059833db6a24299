//! Answers to those who ask what can be said, and to those who were not understood.

use super::{Dialect, Malformed};

/// The commands, as Markdown.
pub fn text(dialect: &Dialect) -> String {
    let prefix = &dialect.feature_prefix;
    format!(
        "The command is the whole comment; whatever quotes it or stands around it makes it none.\n\n\
         - `/preview up` starts a preview of this pull request, or replaces it without a gap\n  \
           - `/preview up 0123abc`: only if that is still the head; for forks always, and in full\n  \
           - `ttl=2h` how long it lives, `size=small|medium|large` or `size=1024:2048` (CPU units:MiB), `NAME=value` for \
         the app\n\
         - `/preview extend 2h` renews its lease\n\
         - `/preview down` ends it\n\
         - `/preview status` tells how it stands\n\
         - `/preview validate` checks what a preview needs\n\
         - `/preview help` says this\n\
         - `/testenv up FEATURE_NAME=true` is `/preview up` with `{prefix}NAME=true`; `/testenv down` ends it\n"
    )
}

/// The answer to a command that was not understood, as Markdown.
pub fn malformed(fault: &Malformed, dialect: &Dialect) -> String {
    // `why` shows words of a stranger: within a code span nothing of them is a link, and they have no backticks any more.
    format!(
        "Not understood, and nothing was done: `{why}`\n\n`{usage}`\n\n<details><summary>All commands</summary>\n\n{all}\n</details>\n",
        why = fault.why,
        usage = fault.usage,
        all = text(dialect),
    )
}

#[cfg(test)]
mod tests {
    use crate::chat::{Dialect, Heard, grammar};

    #[test]
    fn answer_to_a_malformed_command_shows_its_words_without_mentions_links_or_markup() {
        let dialect = Dialect::default();
        let body = "/preview up @octo/all`x`<!--#1-->https://evil.example";
        let Heard::Malformed(fault) = grammar::read(body, &dialect) else { panic!("understood") };
        let answer = super::malformed(&fault, &dialect);
        let first = answer.lines().next().expect("a line");
        assert_eq!(first.matches('`').count(), 2, "{first}");
        assert!(!first.contains('@') && !first.contains('<') && !first.contains('#'), "{first}");
        assert!(answer.contains("`/preview up [commit]"), "{answer}");
    }

    #[test]
    fn help_names_every_command_and_the_dialects_variable() {
        let text = super::text(&Dialect { feature_prefix: "ACME_".to_owned() });
        for part in ["up", "extend", "down", "status", "validate", "help"] {
            assert!(text.contains(&format!("`/preview {part}")), "{part}");
        }
        assert!(text.contains("`ACME_NAME=true`"), "{text}");
    }
}
