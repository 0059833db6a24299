//! GitHub's workflow commands and files: `$GITHUB_OUTPUT`, `$GITHUB_STEP_SUMMARY`, `::add-mask::`, `::error::`.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::PathBuf;

use contract::Secret;

use super::say;
use crate::config::Vars;
use crate::config::place::in_workflow;

/// The step that we run in; outside of workflows everything here does nothing.
#[derive(Clone, Debug, Default)]
pub struct Workflow {
    active: bool,
    output: Option<PathBuf>,
    summary: Option<PathBuf>,
}

impl Workflow {
    /// Reads where the step's files are.
    pub fn from_vars(vars: Vars<'_>) -> Self {
        let active = in_workflow(vars);
        let file = |name: &str| vars(name).filter(|path| active && !path.is_empty()).map(PathBuf::from);
        Self { active, output: file("GITHUB_OUTPUT"), summary: file("GITHUB_STEP_SUMMARY") }
    }

    /// Masks what was minted here in everything that the job prints from now on. What came from GitHub's own secrets is masked
    /// already, and a mask is itself a line that shows the value to whoever redirects our stderr. Never the label, `runs-on` or an ARN: GitHub drops job
    /// outputs that contain a masked value.
    pub fn mask(&self, secret: &Secret) {
        if !self.active {
            return;
        }
        for line in secret.expose().lines().filter(|line| line.len() > 3) {
            say(&format!("::add-mask::{}", escaped(line)));
        }
    }

    /// An error on the run's page.
    pub fn error(&self, text: &str) {
        self.annotate("error", text);
    }

    /// A warning on the run's page.
    pub fn warning(&self, text: &str) {
        self.annotate("warning", text);
    }

    fn annotate(&self, level: &str, text: &str) {
        if self.active {
            say(&format!("::{level} title=mayfly::{}", escaped(text)));
        }
    }

    /// Sets the step's outputs.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn outputs(&self, pairs: &[(&str, String)]) -> io::Result<()> {
        let lines: String =
            pairs.iter().map(|(name, value)| format!("{name}={}\n", value.replace(['\r', '\n'], " "))).collect();
        append(self.output.as_ref(), &lines)
    }

    /// Adds to the job's summary.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn summary(&self, markdown: &str) -> io::Result<()> {
        append(self.summary.as_ref(), markdown)
    }
}

fn append(path: Option<&PathBuf>, text: &str) -> io::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let name_it = |cause: io::Error| io::Error::new(cause.kind(), format!("cannot write {}: {cause}", path.display()));
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(name_it)?;
    file.write_all(text.as_bytes()).map_err(name_it)
}

/// The escapes of actions/toolkit's `command.ts`.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::Workflow;

    #[test]
    fn outputs_are_appended_one_line_each_and_cannot_smuggle_others_in() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("output");
        let shown = path.display().to_string();
        let vars = move |name: &str| match name {
            "GITHUB_ACTIONS" => Some("true".to_owned()),
            "GITHUB_OUTPUT" => Some(shown.clone()),
            _ => None,
        };
        let workflow = Workflow::from_vars(&vars);
        workflow.outputs(&[("label", "a".to_owned())]).expect("writable");
        workflow.outputs(&[("x", "b\nlabel=evil".to_owned())]).expect("writable");
        assert_eq!(std::fs::read_to_string(path).ok().as_deref(), Some("label=a\nx=b label=evil\n"));
    }

    #[test]
    fn nothing_is_written_outside_of_workflows() {
        let workflow = Workflow::from_vars(&|_| None);
        workflow.outputs(&[("label", "a".to_owned())]).expect("nothing to do");
        workflow.summary("x").expect("nothing to do");
    }
}
