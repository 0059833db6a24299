//! The layers, laid over one another.

use std::collections::HashMap;
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use contract::duration;

use super::file::File;
use super::specs::{self, Kind, Section, Spec};
use super::{ConfigError, Faults};
use crate::cli::{PlaceArgs, StartArgs};

/// A lookup in the environment: the only seam, so that nothing else reads it.
pub type Vars<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced {
    /// The value as written.
    pub value: String,
    /// Where it was written.
    pub place: String,
}

/// The values that count.
#[derive(Debug, Default)]
pub struct Settings(HashMap<&'static str, Sourced>);

impl Settings {
    /// Reads `mayfly.toml` (the given file must be there, the default one may be missing) and lays the layers over one
    /// another.
    ///
    /// # Errors
    /// The file's faults.
    pub fn load(kind: Kind, flags: &Flags, vars: Vars<'_>, file: Option<&Path>) -> Result<Self, ConfigError> {
        Ok(Self::layered(kind, flags, vars, &File::find(file)?))
    }

    /// Lays the layers over one another.
    pub fn layered(kind: Kind, flags: &Flags, vars: Vars<'_>, file: &File) -> Self {
        let profile = pick(&specs::KEY, flags, vars, file, "").map_or_else(|| "default".to_owned(), |key| key.value);
        let picked = kind.specs().filter_map(|spec| Some((spec.name, pick(spec, flags, vars, file, &profile)?)));
        Self(picked.collect())
    }

    /// A setting as written.
    pub fn get(&self, name: &str) -> Option<&Sourced> {
        let known = || [Kind::Runner, Kind::Preview].into_iter().flat_map(Kind::specs).any(|spec| spec.name == name);
        debug_assert!(known(), "no setting is called {name}");
        self.0.get(name)
    }

    /// A setting's text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|sourced| sourced.value.clone())
    }

    /// A setting that has a form.
    pub fn parsed<T: FromStr<Err: Display>>(&self, name: &str, faults: &mut Faults) -> Option<T> {
        let Sourced { value, place } = self.get(name)?;
        faults.take(place, value.parse().map_err(|fault: T::Err| fault.to_string()))
    }

    /// A whole number within bounds.
    pub fn number(&self, name: &str, bounds: (u32, u32), faults: &mut Faults) -> Option<u32> {
        let Sourced { value, place } = self.get(name)?;
        let (low, high) = bounds;
        let number = value.parse().ok().filter(|number| (low..=high).contains(number));
        faults.take(place, number.ok_or_else(|| format!("\"{value}\" is not a whole number from {low} to {high}")))
    }

    /// A duration, or its default.
    pub fn duration(&self, name: &str, default: Duration, faults: &mut Faults) -> Duration {
        let Some(Sourced { value, place }) = self.get(name) else { return default };
        let duration = duration::parse(value).and_then(|duration| match duration.is_zero() {
            true => Err("must be longer than nothing: every machine has an end".to_owned()),
            false => Ok(duration),
        });
        faults.take(place, duration).unwrap_or(default)
    }

    /// A truth value, or its default.
    pub fn truth(&self, name: &str, default: bool, faults: &mut Faults) -> bool {
        let Some(Sourced { value, place }) = self.get(name) else { return default };
        let truth = match value.to_ascii_lowercase().as_str() {
            "true" | "enabled" | "yes" | "1" => Ok(true),
            "false" | "disabled" | "no" | "0" => Ok(false),
            _ => Err(format!("\"{value}\" is neither true nor false")),
        };
        faults.take(place, truth).unwrap_or(default)
    }

    /// A list separated by commas.
    pub fn list(&self, name: &str) -> Vec<String> {
        let items = self.get(name).map(|sourced| sourced.value.split([',', ' ', '\n'])).into_iter().flatten();
        items.map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// Whether a setting was meant for this machine: typed as a flag, or written in `[runner]`, a profile or
    /// `[preview.launch]`. A variable or `[aws]` is shared by all machines.
    pub fn is_own(&self, name: &str) -> bool {
        let own = ["--", "mayfly.toml [runner]", "mayfly.toml [profile.", "mayfly.toml [preview.launch]"];
        self.get(name).is_some_and(|sourced| own.iter().any(|place| sourced.place.starts_with(place)))
    }

    /// Where a setting was written, or how it could be: for faults about settings that are missing.
    pub fn place(&self, name: &str) -> String {
        self.get(name).map_or_else(|| format!("--{}", name.replace('_', "-")), |sourced| sourced.place.clone())
    }
}

/// Values of flags by the name of their setting. A flag that was given counts even when it is empty: then it is a fault.
pub type Flags = HashMap<&'static str, String>;

fn pick(spec: &Spec, flags: &Flags, vars: Vars<'_>, file: &File, profile: &str) -> Option<Sourced> {
    if let Some(value) = flags.get(spec.name) {
        return Some(Sourced { value: value.trim().to_owned(), place: format!("--{}", spec.name.replace('_', "-")) });
    }
    // An empty variable is one that is not set: `${{ vars.MISSING }}` gives an empty text in a workflow.
    let var = spec.vars.iter().find_map(|name| Some((*name, vars(name).filter(|value| !value.trim().is_empty())?)));
    if let Some((name, value)) = var {
        return Some(Sourced { value: value.trim().to_owned(), place: name.to_owned() });
    }
    let (place, value) = match spec.section {
        Section::GitHub => {
            file.github.get(spec.name).map(|value| (format!("mayfly.toml [github] {}", spec.name), value))
        }
        Section::Aws => aws_section(spec, file),
        Section::Runner => file.runner(profile, spec.name),
        Section::Network => file.runner(profile, spec.name).or_else(|| aws_section(spec, file)),
        Section::Preview => preview_section(spec, file),
        Section::PreviewNetwork => preview_section(spec, file).or_else(|| aws_section(spec, file)),
        Section::None => None,
    }?;
    Some(Sourced { value: value.trim().to_owned(), place })
}

fn aws_section<'f>(spec: &Spec, file: &'f File) -> Option<(String, &'f str)> {
    file.aws.get(spec.name).map(|value| (format!("mayfly.toml [aws] {}", spec.name), value))
}

fn preview_section<'f>(spec: &Spec, file: &'f File) -> Option<(String, &'f str)> {
    file.preview_launch(spec.name).map(|value| (format!("mayfly.toml [preview.launch] {}", spec.name), value))
}

impl PlaceArgs {
    /// The flags that were given.
    pub fn flags(&self) -> Flags {
        given([
            ("region", &self.region),
            ("cluster", &self.cluster),
            ("role_arn", &self.role_arn),
            ("audience", &self.audience),
            ("repo", &self.repo),
            ("org", &self.org),
            ("enterprise", &self.enterprise),
            ("github_api_url", &self.github_api_url),
        ])
    }
}

impl StartArgs {
    /// The flags that were given.
    pub fn flags(&self) -> Flags {
        let mut flags = self.place.flags();
        flags.extend(given([
            ("launch_mode", &self.launch_mode),
            ("key", &self.key),
            ("count", &self.count),
            ("task_definition", &self.task_definition),
            ("container", &self.container),
            ("network", &self.network),
            ("subnets", &self.subnets),
            ("security_groups", &self.security_groups),
            ("assign_public_ip", &self.assign_public_ip),
            ("cpu", &self.cpu),
            ("memory", &self.memory),
            ("ephemeral_storage", &self.ephemeral_storage),
            ("platform", &self.platform),
            ("capacity_provider", &self.capacity_provider),
            ("runner_dist", &self.runner_dist),
            ("runner_group", &self.runner_group),
            ("max_idle", &self.max_idle),
            ("max_lifetime", &self.max_lifetime),
            ("handover", &self.handover),
            ("wait", &self.wait),
            ("wait_timeout", &self.wait_timeout),
        ]));
        flags
    }
}

/// Those of the flags that were given.
pub fn given<const N: usize>(flags: [(&'static str, &Option<String>); N]) -> Flags {
    flags.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::{File, Flags, Kind, Section, Settings, Spec};

    #[test]
    fn every_setting_stands_in_the_documentation_with_its_flag_variables_and_key() {
        let page = include_str!("../../docs/configuration.md");
        let specs: Vec<&Spec> = [Kind::Runner, Kind::Preview].into_iter().flat_map(Kind::specs).collect();
        for spec in specs {
            let line = page
                .lines()
                .find(|line| line.starts_with('|') && spec.vars.iter().all(|name| line.contains(&format!("`{name}`"))));
            let line = line.unwrap_or_else(|| panic!("docs/configuration.md has no line for {:?}", spec.vars));
            if spec.name != "namespace" {
                assert!(line.contains(&format!("`--{}`", spec.name.replace('_', "-"))), "{line}");
            }
            assert_eq!(spec.section == Section::None, !line.contains("] "), "{line}");
        }
    }

    fn layered(flag: Option<&str>, var: Option<&str>, file: &str) -> Option<(String, String)> {
        let flags: Flags = flag.map(|value| ("cluster", value.to_owned())).into_iter().collect();
        let vars = |name: &str| (name == "MAYFLY_CLUSTER").then(|| var.map(str::to_owned)).flatten();
        let file = File::parse(file).expect("valid");
        Settings::layered(Kind::Runner, &flags, &vars, &file)
            .get("cluster")
            .map(|sourced| (sourced.value.clone(), sourced.place.clone()))
    }

    #[test]
    fn flag_stands_over_variable_over_file() {
        let file = "[aws]\ncluster = \"f\"";
        let cases = [
            (Some("a"), Some("e"), file, Some(("a", "--cluster"))),
            (None, Some("e"), file, Some(("e", "MAYFLY_CLUSTER"))),
            (None, Some("  "), file, Some(("f", "mayfly.toml [aws] cluster"))),
            (None, None, "", None),
            (Some(""), Some("e"), file, Some(("", "--cluster"))),
        ];
        for (flag, var, file, expected) in cases {
            let expected = expected.map(|(value, place)| (value.to_owned(), place.to_owned()));
            assert_eq!(layered(flag, var, file), expected, "{flag:?} {var:?}");
        }
    }
}
