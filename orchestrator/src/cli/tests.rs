//! What the pages tell people to type is known to the command line.

use clap::{Command, CommandFactory as _};

use super::Cli;

const PAGES: [(&str, &str); 6] = [
    ("README.md", include_str!("../../../README.md")),
    ("previews.md", include_str!("../../docs/previews.md")),
    ("preview-template.md", include_str!("../../docs/preview-template.md")),
    ("operations.md", include_str!("../../docs/operations.md")),
    ("output.md", include_str!("../../docs/output.md")),
    ("configuration.md", include_str!("../../docs/configuration.md")),
];

/// The command that words begin with, and the words behind its name.
fn find<'c, 'w>(root: &'c Command, words: &'w [&'w str]) -> (&'c Command, &'w [&'w str]) {
    let (mut command, mut rest) = (root, words);
    while let Some((first, behind)) = rest.split_first() {
        let Some(found) = command.find_subcommand(first) else { break };
        (command, rest) = (found, behind);
    }
    (command, rest)
}

fn has_flag(command: &Command, name: &str) -> bool {
    command.get_arguments().any(|argument| argument.get_long() == Some(name))
}

#[test]
fn every_command_on_the_pages_is_known_with_its_flags() {
    let mut root = Cli::command();
    root.build();
    let mut flags = 0;
    for (page, text) in PAGES {
        let text = text.replace("\\\n", " ");
        let said = text.lines().flat_map(|line| line.split("mayfly ").skip(1));
        for said in said.map(|said| said.split(['`', '#', ')', ';']).next().unwrap_or_default()) {
            let words: Vec<&str> = said.split_whitespace().collect();
            let (command, rest) = find(&root, &words);
            let own = rest.iter().take_while(|word| **word != "--").filter_map(|word| word.strip_prefix("--"));
            for name in own.map(|word| word.split('=').next().unwrap_or_default().trim_end_matches([',', '.', ':'])) {
                assert!(has_flag(command, name), "{page}: \"mayfly {said}\": --{name}");
                flags += 1;
            }
        }
    }
    assert!(flags > 20, "only {flags} flags were found: the pages are written in another way now");
}

#[test]
fn every_flag_of_a_preview_in_the_table_of_settings_is_known() {
    let mut root = Cli::command();
    root.build();
    let commands = [["preview", "up"].as_slice(), ["comment"].as_slice()];
    let page = include_str!("../../docs/configuration.md");
    for row in page.lines().filter(|line| line.starts_with("| `--") && line.contains("MAYFLY_PREVIEW_")) {
        let name = row.trim_start_matches("| `--").split('`').next().unwrap_or_default();
        assert!(commands.iter().any(|words| has_flag(find(&root, words).0, name)), "{row}");
    }
}
