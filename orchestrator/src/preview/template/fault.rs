//! Reading a tree: what is wrong is noted with file and line, and the reading goes on, so that all faults are told at once.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::yaml::{Entry, Kind, Node};
use crate::config::Faults;

/// Reads one file.
pub(super) struct Reader<'r> {
    file: &'r str,
    /// Values for `${NAME}`.
    pub(super) variables: &'r BTreeMap<String, String>,
    pub(super) faults: Faults,
    pub(super) notes: Vec<String>,
}

impl<'r> Reader<'r> {
    pub(super) fn new(file: &'r str, variables: &'r BTreeMap<String, String>) -> Self {
        Self { file, variables, faults: Faults::default(), notes: Vec::new() }
    }

    pub(super) fn fault(&mut self, line: usize, text: impl Into<String>) {
        self.faults.add(format!("{}:{line}", self.file), text);
    }

    pub(super) fn note(&mut self, line: usize, text: &str) {
        self.notes.push(format!("{}:{line}: {text}", self.file));
    }

    /// The value of a result, whose error is noted.
    pub(super) fn take<T>(&mut self, what: &str, line: usize, result: Result<T, String>) -> Option<T> {
        result.map_err(|fault| self.fault(line, format!("{what}: {fault}"))).ok()
    }

    pub(super) fn text(&mut self, what: &str, node: &Node) -> Option<String> {
        match &node.kind {
            Kind::Scalar(text) => Some(text.clone()),
            _ => self.wanted(what, node, "a text"),
        }
    }

    pub(super) fn parsed<T: FromStr>(&mut self, what: &str, node: &Node, form: &str) -> Option<T> {
        let text = self.text(what, node)?;
        let parsed = text.trim().parse().map_err(|_| format!("\"{text}\" is not {form}"));
        self.take(what, node.line, parsed)
    }

    pub(super) fn truth(&mut self, what: &str, node: &Node) -> Option<bool> {
        let text = self.text(what, node)?;
        let truth = match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Ok(true),
            "false" | "no" | "off" => Ok(false),
            _ => Err(format!("\"{text}\" is neither true nor false")),
        };
        self.take(what, node.line, truth)
    }

    pub(super) fn list<'n>(&mut self, what: &str, node: &'n Node) -> &'n [Node] {
        match &node.kind {
            Kind::List(items) => items,
            Kind::Null => &[],
            _ => self.wanted(what, node, "a list").unwrap_or(&[]),
        }
    }

    pub(super) fn texts(&mut self, what: &str, node: &Node) -> Vec<String> {
        self.list(what, node).iter().filter_map(|item| self.text(what, item)).collect()
    }

    pub(super) fn map<'n>(&mut self, what: &str, node: &'n Node) -> Section<'n> {
        let entries = match &node.kind {
            Kind::Map(entries) => entries.iter().collect(),
            Kind::Null => Vec::new(),
            _ => self.wanted(what, node, "a map").unwrap_or_default(),
        };
        Section { what: what.to_owned(), entries }
    }

    /// `{a: b}` or `["a=b"]`, as compose files write variables and labels.
    pub(super) fn pairs(&mut self, what: &str, node: &Node) -> BTreeMap<String, String> {
        let without_value = |name: &str| {
            format!(
                "\"{name}\" has no value; the environment of this command is not read: write {name}=value, or allow_env and --env"
            )
        };
        let mut pairs = BTreeMap::new();
        if let Kind::Map(entries) = &node.kind {
            for Entry { key, line, value } in entries {
                match value.kind {
                    Kind::Null => self.fault(*line, format!("{what}: {}", without_value(key))),
                    _ => pairs.extend(self.text(&format!("{what} {key}"), value).map(|text| (key.clone(), text))),
                }
            }
            return pairs;
        }
        for item in self.list(what, node) {
            let Some(text) = self.text(what, item) else { continue };
            match text.split_once('=') {
                Some((name, value)) => {
                    pairs.insert(name.to_owned(), value.to_owned());
                }
                None => self.fault(item.line, format!("{what}: {}", without_value(&text))),
            }
        }
        pairs
    }

    pub(super) fn wanted<T>(&mut self, what: &str, node: &Node, form: &str) -> Option<T> {
        let found = match &node.kind {
            Kind::Null => "nothing",
            Kind::Scalar(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        };
        self.fault(node.line, format!("{what} wants {form} and has {found}"));
        None
    }
}

/// A map whose keys are taken one by one. What is left over is refused by its name.
pub(super) struct Section<'n> {
    what: String,
    entries: Vec<&'n Entry>,
}

impl<'n> Section<'n> {
    /// How a key is called in messages.
    pub(super) fn name(&self, key: &str) -> String {
        format!("{}: \"{key}\"", self.what)
    }

    /// A key's value, with its name for messages.
    pub(super) fn take(&mut self, key: &str) -> Option<(String, &'n Node)> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some((self.name(key), &self.entries.remove(at).value))
    }

    /// All that are left.
    pub(super) fn take_all(&mut self) -> Vec<&'n Entry> {
        std::mem::take(&mut self.entries)
    }

    /// Refuses what is left, each with its fix where there is one. `x-…` is for people.
    pub(super) fn refuse_rest(self, reader: &mut Reader<'_>, fix: impl Fn(&str) -> Option<&'static str>) {
        for Entry { key, line, .. } in self.entries.iter().filter(|entry| !entry.key.starts_with("x-")) {
            let fix = fix(key).map(|fix| format!("; {fix}")).unwrap_or_default();
            reader.fault(*line, format!("{}: \"{key}\" is not supported{fix}", self.what));
        }
    }
}
