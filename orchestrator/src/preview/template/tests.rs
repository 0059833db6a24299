//! Templates from each of their sources.

mod apps;
mod compose;
mod ecs_params;
mod preview_file;
mod random;
mod task_definition;

use super::{PreviewFile, Source, SourceFile, Template};
use crate::config::ConfigError;
use crate::config::file::File;

/// `[preview]` with these lines.
fn preview(lines: &str) -> PreviewFile {
    File::parse(&format!("[preview]\n{lines}")).expect("valid TOML").preview.expect("it is there")
}

fn from_toml(lines: &str) -> Result<Template, ConfigError> {
    Template::parse(&preview(lines), Source::Preview)
}

fn from_compose(lines: &str, text: &str, params: Option<&str>) -> Result<Template, ConfigError> {
    let params = params.map(|text| SourceFile { name: "ecs-params.yml", text });
    let file = SourceFile { name: "docker-compose.yml", text };
    Template::parse(&preview(lines), Source::Compose { file, params })
}

fn from_json(lines: &str, text: &str) -> Result<Template, ConfigError> {
    Template::parse(&preview(lines), Source::TaskDefinition(SourceFile { name: "task-def.json", text }))
}

/// The faults, each as `place: text`.
fn faults(result: Result<Template, ConfigError>) -> Vec<String> {
    let error = result.expect_err("it is refused");
    error.faults.iter().map(|fault| format!("{}: {}", fault.place, fault.text)).collect()
}

/// One fault that begins and goes on so.
fn assert_refused(result: Result<Template, ConfigError>, place: &str, text: &str) {
    let found = faults(result);
    assert!(found.len() == 1 && found[0].starts_with(place) && found[0].contains(text), "{place} {text}: {found:#?}");
}
