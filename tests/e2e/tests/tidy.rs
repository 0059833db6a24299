//! Rules of the repository that no compiler checks: who may name which client, what stands at the top, which names exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const PRODUCTS: [&str; 3] = ["orchestrator/src", "runner-entrypoint/src", "runner-entrypoint/contract/src"];
const KIT: [&str; 3] = ["docker", "terraform", "workflows"];
const TOP: [&str; 12] = [
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "docker",
    "orchestrator",
    "runner-entrypoint",
    "terraform",
    "tests",
    "workflows",
];
/// Longer files hide what they are for.
const LONGEST: usize = 500;

/// Text files below a folder of the repository, by their path in it. Dotted ones and what cargo builds are left out.
fn files(folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect(&Path::new(ROOT).join(folder), &mut found);
    assert!(!found.is_empty(), "there is nothing in {folder}");
    found
}

fn collect(folder: &Path, found: &mut BTreeMap<String, String>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|fault| panic!("{} cannot be read: {fault}", folder.display()));
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if name.as_encoded_bytes().starts_with(b".") || name == "target" {
            continue;
        }
        if path.is_dir() {
            collect(&path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let short = path.strip_prefix(ROOT).expect("it was found below the root");
            found.insert(short.to_string_lossy().into_owned(), text);
        }
    }
}

/// Sources of the products without their tests.
fn product_sources() -> BTreeMap<String, String> {
    let mut sources: BTreeMap<String, String> = PRODUCTS.iter().flat_map(|folder| files(folder)).collect();
    sources.retain(|path, _| path.ends_with(".rs"));
    let tests: Vec<PathBuf> = sources.iter().flat_map(|(path, text)| test_modules(Path::new(path), text)).collect();
    sources.retain(|path, _| !tests.iter().any(|test| Path::new(path).with_extension("").starts_with(test)));
    sources.into_iter().map(|(path, text)| (path, without_tests(&text))).collect()
}

/// Paths, without `.rs`, of the modules that a file declares for its tests.
fn test_modules(path: &Path, text: &str) -> Vec<PathBuf> {
    let is_root = ["lib.rs", "main.rs"].iter().any(|name| path.ends_with(name));
    let folder = if is_root { path.with_file_name("") } else { path.with_extension("") };
    let declared = text.split("#[cfg(test)]").skip(1).filter_map(|after| {
        let line = after.lines().find(|line| !line.trim().is_empty() && !line.trim().starts_with('#'))?;
        let name = line.trim().strip_suffix(';')?.rsplit_once("mod ")?.1;
        Some(folder.join(name))
    });
    declared.collect()
}

/// A file's text up to its own tests, which stand at its end.
fn without_tests(text: &str) -> String {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text).to_owned()
}

/// Lines of these sources that contain a text, outside of comments.
fn lines_with(sources: &BTreeMap<String, String>, text: &str) -> Vec<String> {
    let lines = sources.iter().flat_map(|(path, source)| source.lines().enumerate().map(move |line| (path, line)));
    let hits = lines.filter(|(_, (_, line))| line.contains(text) && !line.trim_start().starts_with("//"));
    hits.map(|(path, (number, line))| format!("{path}:{}: {}", number + 1, line.trim())).collect()
}

/// All names such as `MAYFLY_CLUSTER` in a text.
fn variables(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let words = text.split(|c: char| !is_part(c));
    words.filter(|word| word.starts_with("MAYFLY_") && word.len() > "MAYFLY_".len()).map(str::to_owned).collect()
}

fn is_under(line: &str, folders: &[&str]) -> bool {
    folders.iter().any(|folder| line.starts_with(&format!("{folder}/")) || line.starts_with(&format!("{folder}.rs:")))
}

#[test]
fn only_the_module_github_names_octocrab() {
    let hits = lines_with(&product_sources(), "octocrab::");
    let strays: Vec<_> = hits.iter().filter(|line| !is_under(line, &["orchestrator/src/github"])).collect();
    assert!(!hits.is_empty() && strays.is_empty(), "{strays:#?}");
}

#[test]
fn only_the_modules_aws_and_ecs_name_the_aws_sdk() {
    let hits = lines_with(&product_sources(), "aws_sdk_");
    let allowed = ["orchestrator/src/aws", "orchestrator/src/ecs"];
    let strays: Vec<_> = hits.iter().filter(|line| !is_under(line, &allowed)).collect();
    assert!(!hits.is_empty() && strays.is_empty(), "{strays:#?}");
}

#[test]
fn decisions_have_no_client_in_them() {
    let sources = product_sources();
    for path in ["orchestrator/src/plan.rs", "orchestrator/src/ecs/stopped.rs", "runner-entrypoint/src/machine/step.rs"]
    {
        let source = sources.get(path).unwrap_or_else(|| panic!("{path} is gone"));
        let clients = ["async fn", "ureq::", "aws_sdk_", "octocrab::", "SystemTime::now", "Instant::now"];
        let found: Vec<_> = clients.iter().filter(|client| source.contains(*client)).collect();
        assert!(found.is_empty(), "{path}: {found:?}");
    }
}

#[test]
fn products_do_not_unwrap() {
    let hits = lines_with(&product_sources(), ".unwrap()");
    assert!(hits.is_empty(), "{hits:#?}");
}

#[test]
fn top_level_is_the_fixed_set() {
    let entries = fs::read_dir(ROOT).expect("the root can be read");
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let strays: Vec<_> =
        names.filter(|name| !name.starts_with('.') && name != "target" && !TOP.contains(&name.as_str())).collect();
    assert!(strays.is_empty(), "{strays:?}");
}

#[test]
fn no_file_is_too_long() {
    let ends = [".rs", ".tf", ".hcl", ".sh", ".yml", ".Dockerfile"];
    let all = files("");
    let sources = all.iter().filter(|(path, _)| ends.iter().any(|end| path.ends_with(end)));
    let long: Vec<_> =
        sources.map(|(path, text)| (text.lines().count(), path)).filter(|(lines, _)| *lines > LONGEST).collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let silent: Vec<_> =
        files("").into_iter().filter(|(path, text)| path.ends_with(".rs") && !text.starts_with("//!")).collect();
    let silent: Vec<_> = silent.iter().map(|(path, _)| path).collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn every_variable_of_the_kit_exists() {
    let known: BTreeSet<String> = product_sources().values().flat_map(|text| variables(text)).collect();
    for folder in KIT {
        let files = files(folder);
        // A workflow may have variables of its own, which its steps read.
        let reads = |name: &str| {
            let forms = [format!("${name}"), format!("${{{name}"), format!("env.{name}")];
            files.values().any(|text| forms.iter().any(|form| text.contains(form)))
        };
        for (path, text) in &files {
            let names = variables(text).into_iter();
            let unknown: Vec<_> = names.filter(|name| !known.contains(name) && !reads(name)).collect();
            assert!(unknown.is_empty(), "{path} names what nobody reads: {unknown:?}");
        }
    }
}

#[test]
fn names_of_the_contract_are_written_once() {
    const CONTRACT: &str = "runner-entrypoint/contract/src/env.rs";
    // The table of the settings of `mayfly` itself: users read it, and some are called like what is passed on to machines.
    const SETTINGS: &str = "orchestrator/src/config/specs.rs";
    let sources = product_sources();
    let names = variables(&sources[CONTRACT]);
    assert!(!names.is_empty());
    let mut repeated = Vec::new();
    for name in names {
        let hits = lines_with(&sources, &format!("\"{name}\""));
        repeated.extend(hits.into_iter().filter(|line| !line.starts_with(CONTRACT) && !line.starts_with(SETTINGS)));
    }
    assert!(repeated.is_empty(), "use contract::env: {repeated:#?}");
}
