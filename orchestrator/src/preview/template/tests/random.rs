//! Whatever is in a file: an answer, and no panic.

use proptest::prelude::*;
use serde_json::Value;

use super::super::{Source, SourceFile, Template};
use super::{from_compose, from_json, task_definition};
use crate::config::file::File;

/// Keys and values of compose files, put together at random.
fn yaml() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        "[a-z0-9:/.$\\-]{0,8}",
        Just("service_healthy".to_owned()),
        Just("timeout 1m x".to_owned()),
        Just("80:80".to_owned()),
        Just("*a".to_owned()),
        Just("&a x".to_owned()),
        Just("~".to_owned()),
        Just("-1".to_owned()),
        Just("\"${A:-1}\"".to_owned()),
    ];
    let keys = [
        "services",
        "web",
        "image",
        "command",
        "environment",
        "ports",
        "volumes",
        "depends_on",
        "healthcheck",
        "test",
        "deploy",
        "mem_limit",
        "logging",
        "options",
        "<<",
        "version",
        "task_definition",
        "task_size",
        "run_params",
        "condition",
        "resources",
    ];
    let tree = scalar.prop_recursive(5, 60, 5, move |inner| {
        let pair =
            (proptest::sample::select(keys.to_vec()), inner.clone()).prop_map(|(key, value)| format!("{key}: {value}"));
        prop_oneof![
            proptest::collection::vec(pair, 0..5).prop_map(|pairs| format!("{{{}}}", pairs.join(", "))),
            proptest::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
        ]
    });
    (tree.clone(), tree).prop_map(|(web, file)| format!("services: {{web: {web}, db: {file}}}\nvolumes: {file}\n"))
}

/// A good definition of which one value is replaced.
fn spoilt() -> impl Strategy<Value = String> {
    let scalars = vec![
        Value::Null,
        true.into(),
        (-1).into(),
        1e300.into(),
        "".into(),
        "x".into(),
        Value::Array(vec![]),
        serde_json::json!({}),
    ];
    (any::<proptest::sample::Index>(), proptest::sample::select(scalars)).prop_map(|(place, value)| {
        let mut definition = task_definition::exported();
        let mut paths = Vec::new();
        collect(&definition, String::new(), &mut paths);
        if let Some(member) = definition.pointer_mut(&paths[place.index(paths.len())]) {
            *member = value;
        }
        definition.to_string()
    })
}

fn collect(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| collect(value, format!("{path}/{name}"), paths));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| collect(item, format!("{path}/{at}"), paths));
        }
        _ => {}
    }
    paths.push(path);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn compose_of_known_words_is_accepted_or_refused(compose in yaml(), params in yaml()) {
        let _ = from_compose("", &compose, Some(&params));
    }

    #[test]
    fn any_text_is_accepted_or_refused(text in "(\\PC|[\n\t {}\\[\\]:,&*!|>'\"%@#-]){0,80}") {
        let _ = from_compose("", &text, Some(&text));
        let _ = from_json("", &text);
        if let Ok(File { preview: Some(preview), .. }) = File::parse(&text) {
            let _ = Template::parse(&preview, Source::Preview);
        }
    }

    #[test]
    fn spoilt_definition_is_accepted_or_refused(text in spoilt()) {
        let _ = from_json("", &text);
    }

    #[test]
    fn any_section_is_accepted_or_refused(
        key in "(port|cpu|memory|command|mounts|env|volumes|app|health_path|allow_env|architecture)",
        value in "([0-9]{1,6}|\"[a-z :/*]{0,12}\"|\\[\"[a-z :/*]{0,12}\"\\]|\\{ a = \"b\" \\})",
    ) {
        if let Ok(File { preview: Some(preview), .. }) = File::parse(&format!("[preview]\n{key} = {value}")) {
            let _ = Template::parse(&preview, Source::Preview);
            let file = SourceFile { name: "c.yml", text: "services: {web: {image: a, ports: [80]}}" };
            let _ = Template::parse(&preview, Source::Compose { file, params: None });
        }
    }
}
