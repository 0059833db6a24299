//! What a run of `mayfly` left: exit code, output, and the files of its step.

use std::collections::BTreeMap;

use serde_json::Value;

/// A run that has ended.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Exit code; none after a death by signal.
    pub code: Option<i32>,
    /// The answer.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
    /// `$GITHUB_OUTPUT`, read as GitHub reads it: one `name=value` in each line.
    pub outputs: BTreeMap<String, String>,
    /// `$GITHUB_STEP_SUMMARY`.
    pub summary: String,
}

impl Ran {
    /// One of the step's outputs.
    ///
    /// # Panics
    /// Where it was not set.
    #[track_caller]
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).unwrap_or_else(|| panic!("output {name} was not set: {self:#?}"))
    }

    /// The label, as the next job gets it.
    #[track_caller]
    pub fn label(&self) -> &str {
        self.output("label")
    }

    /// `runs-on` of the next job, as `fromJSON` gives it.
    ///
    /// # Panics
    /// Where the output is no JSON array of texts.
    #[track_caller]
    pub fn runs_on(&self) -> Vec<String> {
        serde_json::from_str(self.output("runs-on")).expect("runs-on is a JSON array of texts")
    }

    /// The ARN of the only task.
    #[track_caller]
    pub fn task_arn(&self) -> &str {
        self.output("task-arn")
    }

    /// The answer of `--output json`.
    ///
    /// # Panics
    /// Where stdout is not one JSON value.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|fault| panic!("stdout is no JSON ({fault}): {self:#?}"))
    }

    /// The error that people read: its paragraph, with the lines that belong to it and its fix.
    ///
    /// # Panics
    /// Where there is none, or more than one.
    #[track_caller]
    pub fn error(&self) -> String {
        let lines: Vec<&str> = self.stderr.lines().filter(|line| !line.starts_with("::")).collect();
        let starts: Vec<usize> = (0..lines.len()).filter(|&at| lines[at].starts_with("error: ")).collect();
        let [start] = starts[..] else { panic!("there is not exactly one error: {self:#?}") };
        let rest = lines[start + 1..].iter().take_while(|line| line.starts_with("  "));
        std::iter::once(&lines[start]).chain(rest).copied().collect::<Vec<_>>().join("\n")
    }

    /// All that was printed.
    pub fn everything(&self) -> String {
        format!("{}\n{}\n{}\n{:?}", self.stdout, self.stderr, self.summary, self.outputs)
    }

    /// Warnings, for people or from the log.
    pub(crate) fn warnings(&self) -> Vec<&str> {
        let is_warning = |line: &&str| line.starts_with("mayfly: warning: ") || line.contains(" WARN ");
        self.stderr.lines().filter(is_warning).collect()
    }
}
