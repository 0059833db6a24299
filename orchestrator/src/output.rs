//! What is said, and where: people, programs, and GitHub's workflow files.

pub mod report;
pub mod workflow;

pub use report::{LaunchReport, StartReport};
pub use workflow::Workflow;

use crate::cli::Output;

/// Prints the answer of a command to stdout. Everything else goes to stderr.
#[expect(clippy::print_stdout, reason = "the one place that answers")]
pub fn answer(text: &str) {
    println!("{}", text.trim_end());
}

/// Says something on the way: to stderr, so that stdout has the answer alone.
#[expect(clippy::print_stderr, reason = "the one place that talks")]
pub fn say(text: &str) {
    eprintln!("{text}");
}

/// Prints an answer in the asked form.
pub fn answer_as<T: serde::Serialize>(output: Output, value: &T, text: impl FnOnce() -> String) {
    match output {
        Output::Text => answer(&text()),
        Output::Json => answer(&serde_json::to_string_pretty(value).unwrap_or_default()),
    }
}
