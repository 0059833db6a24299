//! Volumes of a compose file: named ones live as long as the task, folders of the host are those of an instance.

use super::super::container::{Access, Mount};
use super::super::fault::Reader;
use super::super::yaml::{Entry, Kind, Node};
use super::super::{Host, Volume};

/// The volumes at the top of the file.
pub(super) fn declared(what: &str, node: &Node, reader: &mut Reader<'_>) -> Vec<Volume> {
    let mut volumes = Vec::new();
    for Entry { key, value, .. } in reader.map(what, node).take_all() {
        let mut map = reader.map(&format!("volume \"{key}\""), value);
        if let Some((what, node)) = map.take("driver")
            && let Some(driver) = reader.text(&what, node).filter(|driver| driver != "local")
        {
            reader.fault(
                node.line,
                format!("{what}: \"{driver}\" is not supported; a volume is empty and as old as the task"),
            );
        }
        map.take("name");
        map.refuse_rest(reader, |key| match key {
            "external" => Some("a volume is empty and as old as the task; EFS comes with --template task-def.json"),
            _ => None,
        });
        volumes.push(Volume { name: key.clone(), ..Volume::default() });
    }
    volumes
}

/// What a service mounts. Volumes without a name get one.
pub(super) fn mounts(
    what: &str,
    node: &Node,
    service: &str,
    all: &mut Vec<Volume>,
    reader: &mut Reader<'_>,
) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for item in reader.list(what, node) {
        let Some(Wanted { source, path, access }) = wanted(what, item, reader) else { continue };
        let source = source.map(|source| volume(source, all));
        let source = source.unwrap_or_else(|| Ok(add(format!("{service}-{}", mounts.len()), None, all)));
        if let Some(source_volume) = reader.take(what, item.line, source) {
            mounts.push(Mount { source_volume, container_path: path, access });
        }
    }
    mounts
}

struct Wanted {
    /// None: a volume without a name.
    source: Option<String>,
    path: String,
    access: Access,
}

fn wanted(what: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Wanted> {
    if matches!(node.kind, Kind::Map(_)) {
        return long(what, node, reader);
    }
    let text = reader.text(what, node)?;
    reader.take(what, node.line, short(&text))
}

/// `/path`, `volume:/path`, `volume:/path:ro`.
fn short(text: &str) -> Result<Wanted, String> {
    let fault = || format!("\"{text}\" is no volume; write volume:/path or volume:/path:ro");
    let parts: Vec<&str> = text.split(':').collect();
    let (source, path, options) = match parts.as_slice() {
        [path] => (None, *path, ""),
        [source, path] => (Some(*source), *path, ""),
        [source, path, options] => (Some(*source), *path, *options),
        _ => return Err(fault()),
    };
    let access = match options {
        "" | "rw" => Access::ReadWrite,
        "ro" => Access::ReadOnly,
        _ => return Err(format!("\"{text}\": the option \"{options}\" is not supported; ro and rw are")),
    };
    if !path.starts_with('/') || source == Some("") {
        return Err(fault());
    }
    Ok(Wanted { source: source.map(str::to_owned), path: path.to_owned(), access })
}

fn long(what: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Wanted> {
    let mut map = reader.map(what, node);
    if let Some((what, node)) = map.take("type")
        && let Some(kind) = reader.text(&what, node).filter(|kind| !["volume", "bind"].contains(&kind.as_str()))
    {
        reader.fault(node.line, format!("{what}: \"{kind}\" is not supported; volume and bind are"));
    }
    let source = map.take("source").and_then(|(what, node)| reader.text(&what, node));
    let path = map.take("target").and_then(|(what, node)| reader.text(&what, node));
    let read_only = map.take("read_only").and_then(|(what, node)| reader.truth(&what, node));
    map.refuse_rest(reader, |_| None);
    let path = path.filter(|path| path.starts_with('/'));
    let path = reader.take(what, node.line, path.ok_or_else(|| "has no target such as /path".to_owned()))?;
    Some(Wanted { source, path, access: Access::from(read_only.unwrap_or(false)) })
}

fn volume(source: String, all: &mut Vec<Volume>) -> Result<String, String> {
    if source.starts_with('.') || source.starts_with('~') {
        let fix = "the files are not where the task runs; put them into the image";
        return Err(format!("the folder \"{source}\" of this machine is not supported; {fix}"));
    }
    if source.starts_with('/') {
        let name = source.trim_matches('/').replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        return Ok(add(format!("host-{name}"), Some(source), all));
    }
    match all.iter().any(|volume| volume.name == source) {
        true => Ok(source),
        false => Err(format!("the volume \"{source}\" is not declared; add it to the volumes at the top")),
    }
}

fn add(name: String, source_path: Option<String>, all: &mut Vec<Volume>) -> String {
    if !all.iter().any(|volume| volume.name == name) {
        let host = source_path.map(|path| Host { source_path: Some(path) });
        all.push(Volume { name: name.clone(), host, ..Volume::default() });
    }
    name
}
