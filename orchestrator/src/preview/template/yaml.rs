//! YAML as a tree that knows its lines. Scalars stay as they are written: `80:80`, `yes` and `0x10` are what the reader of a
//! key takes them for. Anchors, aliases and `<<` are resolved, within a budget: a few lines can stand for billions.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

/// What a budget buys: far more than any template has.
const MOST_NODES: usize = 20_000;
const DEEPEST: usize = 64;

/// One node and the line that it begins in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Null,
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key, its line, and its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) value: Node,
}

/// What cannot be read, with its line.
pub(super) type Fault = (usize, String);

impl Node {
    /// Whether it says the same, wherever it stands.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::List(own), Kind::List(others)) => {
                own.len() == others.len() && own.iter().zip(others).all(|(own, other)| own.is_like(other))
            }
            (Kind::Map(own), Kind::Map(others)) => {
                let same = |(own, other): (&Entry, &Entry)| own.key == other.key && own.value.is_like(&other.value);
                own.len() == others.len() && own.iter().zip(others).all(same)
            }
            (own, other) => own == other,
        }
    }

    fn weight(&self) -> usize {
        1 + match &self.kind {
            Kind::Null | Kind::Scalar(_) => 0,
            Kind::List(items) => items.iter().map(Self::weight).sum(),
            Kind::Map(entries) => entries.iter().map(|entry| entry.value.weight()).sum(),
        }
    }

    fn depth(&self) -> usize {
        1 + match &self.kind {
            Kind::Null | Kind::Scalar(_) => 0,
            Kind::List(items) => items.iter().map(Self::depth).max().unwrap_or(0),
            Kind::Map(entries) => entries.iter().map(|entry| entry.value.depth()).max().unwrap_or(0),
        }
    }
}

/// Reads a text with one document.
///
/// # Errors
/// No YAML, or more than the budget; the first fault.
pub(super) fn load(text: &str) -> Result<Node, Fault> {
    let mut loader = Loader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|fault| (fault.marker().line(), format!("is no YAML: {}", fault.info())))?;
        loader.take(event, span.start.line())?;
    }
    Ok(loader.root.unwrap_or(Node { line: 1, kind: Kind::Null }))
}

/// A list or map that is not closed yet.
struct Open {
    line: usize,
    anchor: usize,
    kind: Kind,
    key: Option<(String, usize)>,
}

#[derive(Default)]
struct Loader {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
}

impl Loader {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), Fault> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_none() => Ok(()),
            Event::DocumentStart(_) => Err((line, "has a second document; one is read".to_owned())),
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = is_text(tag.as_deref(), line)? || style != ScalarStyle::Plain;
                self.add(Node { line, kind: scalar(&text, is_text) }, anchor)
            }
            Event::SequenceStart(anchor, tag) => self.start(Kind::List(Vec::new()), anchor, tag.as_deref(), line),
            Event::MappingStart(anchor, tag) => self.start(Kind::Map(Vec::new()), anchor, tag.as_deref(), line),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let node = known.ok_or_else(|| (line, "an alias within its own anchor has no end".to_owned()))?;
                self.nodes += node.weight();
                if self.open.len() + node.depth() > 2 * DEEPEST {
                    return Err((line, format!("is nested more than {DEEPEST} deep")));
                }
                self.add(node, 0)
            }
        }
    }

    fn start(&mut self, kind: Kind, anchor: usize, tag: Option<&Tag>, line: usize) -> Result<(), Fault> {
        is_text(tag, line)?;
        if self.open.len() >= DEEPEST {
            return Err((line, format!("is nested more than {DEEPEST} deep")));
        }
        self.open.push(Open { line, anchor, kind, key: None });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        let Some(Open { line, anchor, mut kind, .. }) = self.open.pop() else { return Ok(()) };
        if let Kind::Map(entries) = &mut kind {
            merge(entries)?;
        }
        self.add(Node { line, kind }, anchor)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err((node.line, format!("has more than {MOST_NODES} values")));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.kind, open.key.take()) {
            (Kind::Map(entries), Some((key, line))) => entries.push(Entry { key, line, value: node }),
            (Kind::Map(entries), None) => open.key = Some(key(node, entries)?),
            (Kind::List(items), _) => items.push(node),
            (Kind::Null | Kind::Scalar(_), _) => {}
        }
        Ok(())
    }
}

fn key(node: Node, entries: &[Entry]) -> Result<(String, usize), Fault> {
    let line = node.line;
    match node.kind {
        Kind::Scalar(key) if key != "<<" && entries.iter().any(|entry| entry.key == key) => {
            Err((line, format!("\"{key}\" is given twice")))
        }
        Kind::Scalar(key) => Ok((key, line)),
        Kind::Null | Kind::List(_) | Kind::Map(_) => Err((line, "a key is no text".to_owned())),
    }
}

/// Lays the maps behind `<<` under the entries.
fn merge(entries: &mut Vec<Entry>) -> Result<(), Fault> {
    let (merges, mut own): (Vec<_>, Vec<_>) = std::mem::take(entries).into_iter().partition(|entry| entry.key == "<<");
    for merge in merges {
        let maps = match merge.value.kind {
            Kind::List(maps) => maps,
            _ => vec![merge.value],
        };
        for map in maps {
            let Kind::Map(inherited) = map.kind else { return Err((merge.line, "\"<<\" wants a map".to_owned())) };
            let fresh = inherited.into_iter().filter(|entry| !own.iter().any(|mine| mine.key == entry.key));
            let fresh: Vec<_> = fresh.collect();
            own.extend(fresh);
        }
    }
    *entries = own;
    Ok(())
}

fn scalar(text: &str, is_text: bool) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" if !is_text => Kind::Null,
        _ => Kind::Scalar(text.to_owned()),
    }
}

/// Whether a tag says that a scalar is a text. Tags that change a meaning are refused.
fn is_text(tag: Option<&Tag>, line: usize) -> Result<bool, Fault> {
    match tag {
        None => Ok(false),
        Some(tag) if tag.is_yaml_core_schema() => Ok(tag.suffix == "str"),
        Some(tag) => Err((line, format!("the tag {}{} is not supported", tag.handle, tag.suffix))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Node, load};

    fn get<'n>(node: &'n Node, key: &str) -> &'n Node {
        let Kind::Map(entries) = &node.kind else { panic!("no map: {node:?}") };
        &entries.iter().find(|entry| entry.key == key).unwrap_or_else(|| panic!("no {key}: {node:?}")).value
    }

    #[test]
    fn scalars_stay_as_written_and_know_their_lines() {
        let tree = load("a: 80:80\nb: yes\nc:\nd: '~'\ne: !!str\nf: 0x10").expect("valid");
        let kinds = ["a", "b", "c", "d", "e", "f"].map(|key| get(&tree, key).kind.clone());
        let text = |text: &str| Kind::Scalar(text.to_owned());
        assert_eq!(kinds, [text("80:80"), text("yes"), Kind::Null, text("~"), text(""), text("0x10")]);
        assert_eq!(get(&tree, "f").line, 6);
    }

    #[test]
    fn merged_map_gives_what_is_missing_only() {
        let tree = load("x: &x {driver: awslogs, options: 1}\ny:\n  <<: *x\n  options: 2").expect("valid");
        assert_eq!(get(get(&tree, "y"), "driver").kind, Kind::Scalar("awslogs".to_owned()));
        assert_eq!(get(get(&tree, "y"), "options").kind, Kind::Scalar("2".to_owned()));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_line() {
        let deep = "[".repeat(100);
        let cases = [
            ("a: 1\na: 2", 2, "\"a\" is given twice"),
            ("a: 1\n---\nb: 2", 2, "second document"),
            ("a: !reset 1", 1, "!reset is not supported"),
            ("a: [1", 2, "is no YAML"),
            ("? [a]\n: 1", 1, "a key is no text"),
            ("a: &a [*a]", 1, "has no end"),
            ("\n<<: 1", 2, "wants a map"),
            (deep.as_str(), 1, "nested"),
        ];
        for (text, line, fault) in cases {
            let (at, told) = load(text).expect_err(text);
            assert!(told.contains(fault), "{text}: {told}");
            assert_eq!(at, line, "{text}: {told}");
        }
    }

    #[test]
    fn billion_of_aliases_is_refused_before_it_is_made() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        assert!(load(&bomb).is_err_and(|(_, fault)| fault.contains("more than")));
    }
}
