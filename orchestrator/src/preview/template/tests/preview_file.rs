//! `[preview]` of `mayfly.toml`, and its page.

use super::super::{Condition, Essential, Image, NetworkMode, Source, SourceFile, Template};
use super::{assert_refused, faults, from_compose, from_json, from_toml, preview};
use crate::config::file::File;

const PAGE: &str = include_str!("../../../../docs/preview-template.md");

#[test]
fn two_lines_are_a_template() {
    let template = from_toml("command = \"./serve --port 8080\"\nport = 8080").expect("accepted");
    assert_eq!((template.app.as_str(), &template.app().image), ("app", &Image::Preview));
    assert_eq!(template.app().command, ["./serve", "--port", "8080"]);
    assert_eq!(template.entrance.map(|entrance| entrance.port), Some(8080));
    assert_eq!((template.notes.len(), template.volumes.len()), (0, 0));
}

/// Every key but those that name other files.
const FULL: &str = r#"
app = "web"
command = ["./serve"]
entry_point = "/bin/entry"
port = 8080
health_path = "/health"
cpu = 512
memory = 1024
ephemeral_storage = 30
execution_role = "exec"
task_role = "role"
network_mode = "bridge"
architecture = "arm64"
log_group = "/previews"
env = { A = "b", N = 1, T = true, D = 0.5 }
secrets = { DB = "arn:aws:ssm:eu-central-1:1:parameter/db" }
allow_env = ["FEATURE_*"]
volumes = ["data"]
mounts = ["data:/data:ro"]
user = "1000"
working_dir = "/srv"
stop_timeout = 60
depends_on = { db = "healthy" }
health_check = { command = "curl -f http://127.0.0.1:8080/", interval = 10 }
log_options = { awslogs-group = "own" }

[[preview.container]]
name = "seed"
role = "init"
command = "./seed"
depends_on = { db = "healthy" }

[[preview.container]]
name = "db"
image = "postgres:17"
essential = false
cpu = 128
memory = 256
ports = [5432]
health_check = { command = ["pg_isready"] }
"#;

#[test]
fn app_init_and_sidecar_are_read_with_all_their_keys() {
    let template = from_toml(FULL).expect("accepted");
    let web = template.app();
    assert_eq!(web.words(), ["/bin/entry", "./serve"]);
    let environment: Vec<_> = web.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(environment, ["A=b", "D=0.5", "N=1", "T=true"]);
    let waits: Vec<_> = web.depends_on.iter().map(|other| (other.container_name.as_str(), other.condition)).collect();
    assert_eq!(waits, [("db", Condition::Healthy), ("seed", Condition::Success)]);
    assert_eq!(web.health_check.as_ref().map(|check| check.command[0].as_str()), Some("CMD-SHELL"));
    assert_eq!(web.logging.as_ref().map(|logging| logging.options["awslogs-group"].as_str()), Some("own"));
    assert_eq!((web.stop_timeout, web.user.as_deref()), (Some(60), Some("1000")));
    assert_eq!((template.network_mode, template.ephemeral_storage), (Some(NetworkMode::Bridge), Some(30)));
    assert_eq!(template.platform.as_ref().and_then(|platform| platform.cpu_architecture.as_deref()), Some("ARM64"));
    assert_eq!((template.allow_env.rules().len(), template.hints.log_group.as_deref()), (1, Some("/previews")));
    let [seed, db] = ["seed", "db"].map(|name| template.container(name).expect("it is there"));
    assert_eq!((&seed.image, seed.essential), (&Image::Preview, Essential::No));
    assert_eq!((db.essential, db.ports[0].container_port, db.memory), (Essential::No, 5432, Some(256)));
    assert_eq!(db.health_check.as_ref().map(|check| check.command.join(" ")).as_deref(), Some("CMD pg_isready"));
}

#[test]
fn what_the_section_says_about_the_app_stands_over_another_source() {
    let lines = "command = \"other\"\nenv = { A = \"2\" }\ncpu = 1024\nport = 80";
    let compose = "services: {web: {image: a, command: x, environment: {A: 1, B: 1}, ports: [80]}}";
    let json = r#"{"containerDefinitions": [{"name": "web", "image": "a", "command": ["x"], "portMappings": [{"containerPort": 80}],
        "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]}], "cpu": "256"}"#;
    for template in [from_compose(lines, compose, None), from_json(lines, json)] {
        let template = template.expect("accepted");
        let web = template.app();
        assert_eq!(web.command, ["other"]);
        assert_eq!((web.environment["A"].as_str(), web.environment["B"].as_str()), ("2", "1"));
        assert_eq!((template.size.cpu, web.ports.len()), (Some(1_024), 1));
    }
}

#[test]
fn timeout_before_the_command_is_a_wish_here_too() {
    let template =
        from_toml("entry_point = [\"timeout\", \"-k\", \"5\", \"45m\"]\ncommand = \"./serve\"").expect("accepted");
    assert_eq!(template.hints.ttl.map(|ttl| ttl.as_secs()), Some(2_700));
    assert_eq!(template.app().words(), ["./serve"]);
    assert!(template.notes[0].contains("its options -k 5 are dropped"), "{:?}", template.notes);
}

#[test]
fn keys_and_values_that_cannot_be_meant_are_refused() {
    for (text, told) in [
        ("[preview]\nporT = 1", "porT"),
        ("[[preview.container]]\nimages = 1", "images"),
        ("[preview]\nport = 70000", "70000"),
        ("[preview]\nnetwork_mode = \"host\"", "host"),
        ("[preview]\ndepends_on = { a = \"done\" }", "done"),
    ] {
        let fault = File::parse(text).expect_err(text);
        assert!(fault.starts_with("line 2: ") && fault.contains(told), "{fault}");
    }
    let cases = [
        ("mounts = [\"data\"]", "mayfly.toml [preview] app: mounts", "is no mount"),
        ("mounts = [\"data:/x:z\"]", "mayfly.toml [preview] app: mounts", "is no mount"),
        ("mounts = [\"data:/x\"]", "mayfly.toml [preview]", "which is not declared"),
        ("architecture = \"sparc\"", "mayfly.toml [preview] architecture", "neither x86_64 nor arm64"),
        ("allow_env = [\"AWS_*\"]", "mayfly.toml [preview] allow_env", "never allowed"),
        ("command = \"'\"", "mayfly.toml [preview] app: command", "not closed"),
        (
            "[[preview.container]]\nname = \"s\"\nrole = \"init\"\nessential = true",
            "mayfly.toml [preview] s: essential",
            "ends before",
        ),
        ("[[preview.container]]\nimage = \"x\"", "mayfly.toml [preview]", "container \"\": a name"),
    ];
    for (lines, place, told) in cases {
        let found = faults(from_toml(lines));
        assert!(found.iter().any(|fault| fault.starts_with(place) && fault.contains(told)), "{lines}: {found:#?}");
    }
    let two = "[[preview.container]]\nname = \"db\"";
    assert_refused(
        from_compose(two, "services: {web: {image: a}}", None),
        "mayfly.toml [[preview.container]]",
        "in one place",
    );
}

#[test]
fn every_key_stands_on_the_page() {
    for section in ["[preview]", "[[preview.container]]"] {
        let fault = File::parse(&format!("{section}\nno_such_key = 1")).expect_err("unknown");
        let keys: Vec<&str> = fault.split('`').skip(3).step_by(2).collect();
        assert!(keys.len() > 10, "{fault}");
        for key in keys {
            let row = |line: &&str| line.starts_with('|') && line.contains(&format!("`{key}`"));
            assert!(PAGE.lines().any(|line| row(&line)), "docs/preview-template.md has no row for {key}");
        }
    }
}

/// Blocks of code in a language, each with its text.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    PAGE.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn examples_on_the_page_are_accepted() {
    let sections = blocks("toml");
    let compose = blocks("yaml");
    assert!(sections.len() >= 3 && compose.len() == 2, "{} {}", sections.len(), compose.len());
    for text in sections {
        let file = File::parse(text).expect(text).preview.expect("it has the section");
        if file.template.is_none() {
            Template::parse(&file, Source::Preview).expect(text);
        }
    }
    let params = SourceFile { name: "ecs-params.yml", text: compose[1] };
    let file = SourceFile { name: "docker-compose.yml", text: compose[0] };
    Template::parse(&preview(""), Source::Compose { file, params: Some(params) }).expect("accepted");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("big.json"), " ".repeat(600 * 1024)).expect("written");
    for (name, told) in [("none.yml", "cannot be read"), ("big.json", "a template has at most")] {
        let result = Template::read(&preview(&format!("template = \"{name}\"")), folder.path());
        let found = faults(result);
        assert!(found[0].contains(name) && found[0].contains(told), "{found:?}");
    }
}
