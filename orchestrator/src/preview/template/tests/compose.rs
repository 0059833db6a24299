//! Compose files.

use std::path::Path;
use std::time::Duration;

use super::super::{Access, Condition, Essential, Image, NetworkMode, PreviewFile, Protocol, Template};
use super::{assert_refused, faults, from_compose};

#[test]
fn recipe_with_timeout_is_accepted_unchanged_and_its_half_hour_becomes_the_lease() {
    let preview = PreviewFile { template: Some("docker-compose.yml".into()), ..PreviewFile::default() };
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/preview/template/tests/recipe"));
    let template = Template::read(&preview, folder).expect("accepted");

    assert_eq!(template.hints.ttl, Some(Duration::from_secs(1_800)));
    assert_eq!(
        (template.app.as_str(), template.app().command.join(" ")),
        ("backend", "uwsgi --ini uwsgi.ini".to_owned())
    );
    assert_eq!(template.notes.len(), 1, "{:?}", template.notes);
    assert!(template.notes[0].contains("timeout is taken off the command, 30m as its lease"), "{:?}", template.notes);
    let entrance = template.entrance.as_ref().expect("nginx listens");
    assert_eq!((entrance.container.as_str(), entrance.port, entrance.health_path.as_str()), ("nginx", 80, "/"));
    assert_eq!((template.size.cpu, template.size.memory), (Some(512), Some(1_024)));
    assert_eq!(template.execution_role.as_deref(), Some("<execution role>"));
    assert_eq!(template.task_role.as_deref(), Some("<task role>"));
    assert_eq!(template.network_mode, Some(NetworkMode::Awsvpc));
    assert_eq!(
        (template.hints.subnets.join(","), template.hints.security_groups.join(",")),
        ("subnet-xxx".into(), "sg-xxx".into())
    );
    assert_eq!(template.hints.assign_public_ip, Some(false));

    let nginx = template.container("nginx").expect("it is there");
    assert_eq!((nginx.memory, nginx.essential), (Some(238), Essential::Yes));
    assert_eq!(nginx.image, Image::Named("xxxxxxxxxxxx.dkr.ecr.eu-west-1.amazonaws.com/nginx".to_owned()));
    assert_eq!(template.app().image, Image::Preview);
    for container in &template.containers {
        assert_eq!(
            (container.mounts[0].source_volume.as_str(), container.mounts[0].container_path.as_str()),
            ("socket", "/var/run/www/")
        );
    }
    assert_eq!(nginx.logging.as_ref().map(|logging| logging.options["awslogs-stream-prefix"].as_str()), Some("server"));
}

/// As the versions 2 and 3 write it, in both forms of everything that has two.
const FULL: &str = r#"
version: "3.8"
name: shop
x-env: &env
  LOG: debug
services:
  web:
    build: .
    entrypoint: ./start.sh
    command: serve --name "my shop"
    environment:
      <<: *env
      PORT: 8080
      FLAG: true
    ports: ["8080", "127.0.0.1:9090:9090/udp"]
    volumes: ["data:/data:ro", /cache, {type: volume, source: data, target: /other, read_only: true}]
    depends_on:
      db: {condition: service_healthy}
      seed: {condition: service_completed_successfully, required: true}
    deploy: {resources: {limits: {cpus: "0.5", memory: 512M}, reservations: {memory: 256M}}}
    user: "1000:1000"
    working_dir: /srv
    stop_grace_period: 1m30s
    restart: always
    container_name: shop-web
    labels: [team=shop]
  seed:
    image: shop/seed
    command: ["./seed", "--all"]
    depends_on: [db]
  db:
    image: postgres:17
    environment: ["POSTGRES_PASSWORD=a=b"]
    healthcheck: {test: [CMD, pg_isready], interval: 5s, timeout: 2s, retries: 5, start_period: 10s}
    expose: [5432]
    mem_limit: 512m
    mem_reservation: 256m
    cpu_shares: 128
volumes: {data: {driver: local}}
"#;

#[test]
fn every_form_of_every_key_is_read() {
    let template = from_compose("", FULL, None).expect("accepted");
    let web = template.app();
    assert_eq!((template.app.as_str(), &web.image), ("web", &Image::Preview));
    assert_eq!(web.words(), ["./start.sh", "serve", "--name", "my shop"]);
    let environment: Vec<_> = web.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(environment, ["FLAG=true", "LOG=debug", "PORT=8080"]);
    assert_eq!((web.ports[0].container_port, web.ports[0].host_port), (8080, None));
    assert_eq!((web.ports[1].host_port, web.ports[1].protocol), (Some(9090), Some(Protocol::Udp)));
    let mounts: Vec<_> = web.mounts.iter().map(|mount| (mount.source_volume.as_str(), mount.access)).collect();
    assert_eq!(mounts, [("data", Access::ReadOnly), ("web-1", Access::ReadWrite), ("data", Access::ReadOnly)]);
    let waits: Vec<_> = web.depends_on.iter().map(|other| (other.container_name.as_str(), other.condition)).collect();
    assert_eq!(waits, [("db", Condition::Healthy), ("seed", Condition::Success)]);
    assert_eq!((web.cpu, web.memory, web.memory_reservation), (Some(512), Some(512), Some(256)));
    assert_eq!((web.user.as_deref(), web.working_directory.as_deref()), (Some("1000:1000"), Some("/srv")));
    assert_eq!((web.stop_timeout, &web.extra["dockerLabels"]["team"]), (Some(90), &"shop".into()));

    let [seed, db] = ["seed", "db"].map(|name| template.container(name).expect("it is there"));
    assert_eq!((seed.essential, seed.depends_on[0].condition), (Essential::No, Condition::Start));
    assert_eq!((db.essential, db.environment["POSTGRES_PASSWORD"].as_str()), (Essential::Yes, "a=b"));
    assert_eq!((db.memory, db.memory_reservation, db.cpu), (Some(512), Some(256), Some(128)));
    let check = db.health_check.as_ref().expect("it has one");
    assert_eq!((check.command.join(" ").as_str(), check.interval, check.retries), ("CMD pg_isready", Some(5), Some(5)));
    let names: Vec<_> = template.volumes.iter().map(|volume| volume.name.as_str()).collect();
    assert_eq!(names, ["data", "web-1"]);
    assert_eq!(template.notes.len(), 3, "build, restart, container_name: {:#?}", template.notes);
}

#[test]
fn what_is_not_supported_is_refused_by_its_name_with_its_line() {
    let keys = [
        "privileged: true",
        "network_mode: host",
        "networks: [front]",
        "links: [db]",
        "env_file: .env",
        "secrets: [a]",
        "configs: [a]",
        "init: true",
        "profiles: [a]",
        "extends: {service: x}",
        "tmpfs: /run",
        "volumes_from: [db]",
        "cap_add: [ALL]",
        "devices: [/dev/fuse]",
        "security_opt: [x]",
        "ulimits: {nofile: 1}",
        "platform: linux/arm64",
        "dns: 1.1.1.1",
        "extra_hosts: [a]",
        "hostname: x",
        "tty: true",
        "pid: host",
        "shm_size: 1g",
        "unheard_of: 1",
    ];
    for key in keys {
        let text = format!("services:\n  web:\n    image: x\n    {key}\n");
        let (name, _) = key.split_once(':').expect("a key");
        let told = format!("service \"web\": \"{name}\" is not supported");
        assert_refused(from_compose("", &text, None), "docker-compose.yml:4: ", &told);
    }
    for key in ["networks: {front: }", "secrets: {a: }", "configs: {a: }", "include: [x]"] {
        let text = format!("services: {{web: {{image: x}}}}\n{key}\n");
        assert_refused(from_compose("", &text, None), "docker-compose.yml:2: ", "is not supported; ");
    }
}

#[test]
fn values_that_cannot_be_meant_are_refused_with_their_key() {
    let cases = [
        ("ports: [\"8000-8010:8000-8010\"]", "\"ports\": \"8000-8010:8000-8010\" is no port"),
        ("ports: [80/sctp]", "neither tcp nor udp"),
        ("ports: 80", "\"ports\" wants a list and has a text"),
        ("volumes: [./src:/src]", "the folder \"./src\" of this machine is not supported"),
        ("volumes: [data:/data]", "the volume \"data\" is not declared"),
        ("volumes: [\"/a:/b:z\"]", "the option \"z\" is not supported"),
        ("volumes: [{type: tmpfs, target: /run}]", "\"tmpfs\" is not supported"),
        ("environment: [TOKEN]", "\"TOKEN\" has no value; the environment of this command is not read"),
        ("environment: {TOKEN: }", "\"TOKEN\" has no value"),
        ("mem_limit: much", "\"much\" is no amount of memory"),
        ("cpus: none", "no number of processors"),
        ("logging: {driver: json-file}", "\"json-file\" is not supported; awslogs is"),
        ("healthcheck: {interval: 5s}", "\"healthcheck\" has no test"),
        ("healthcheck: {test: x, start_interval: 1s}", "\"start_interval\" is not supported"),
        ("healthcheck: {test: x, interval: 1s}", "health check interval: 1 is not from 5 to 300"),
        ("depends_on: {db: {condition: ready}}", "\"ready\" is none of service_started"),
        ("depends_on: [db]", "depends on \"db\", which is not there"),
        ("command: \"sh -c 'x\"", "is opened and not closed"),
        ("image: \"app:${TAG}\"", "$TAG has no value; the environment is not read here"),
        ("deploy: {replicas: 2}", "\"replicas\" is not supported"),
        ("stop_grace_period: soon", "\"soon\" is not a duration"),
    ];
    for (line, told) in cases {
        let text = format!("services:\n  web:\n    command: x\n    {line}\n");
        let text = if line.starts_with("command") { text.replacen("    command: x\n", "", 1) } else { text };
        let found = faults(from_compose("", &text, None));
        assert!(found.iter().any(|fault| fault.contains(told)), "{line}: {found:#?}");
        assert!(found.iter().all(|fault| fault.starts_with("docker-compose.yml")), "{line}: {found:#?}");
    }
}

#[test]
fn files_that_are_no_compose_files_are_refused() {
    let cases = [
        ("", "has no services"),
        ("services:", "has no services"),
        ("- a", "wants a map and has a list"),
        ("services: [a]", "\"services\" wants a map"),
        ("version: '1'\nservices: {web: {image: x}}", "\"1\" is not supported"),
        ("web: {image: x}", "has no services"),
        ("services: {web: {image: x}}\nvolumes: {a: {external: true}}", "\"external\" is not supported"),
        ("services: {web: {image: x}}\nvolumes: {a: {driver: rexray}}", "\"rexray\" is not supported"),
        ("services: {\"a.b\": {image: x}}", "\"a.b\": a name has up to 255 letters"),
        ("services: {mayfly-supervisor: {image: x}}", "taken by the supervisor"),
    ];
    for (text, told) in cases {
        let found = faults(from_compose("", text, None));
        assert!(found.iter().any(|fault| fault.contains(told)), "{text}: {found:#?}");
    }
}

#[test]
fn all_faults_of_both_files_are_told_at_once() {
    let compose = "services:\n  web:\n    image: x\n    privileged: true\n    ports: [x]\n  db:\n    tmpfs: /a\n";
    let found = faults(from_compose("app = \"web\"", compose, Some("version: 2\ntask_definition: {gpu: 1}")));
    let places: Vec<_> = found.iter().map(|fault| fault.split(": ").next().unwrap_or_default()).collect();
    let expected = [
        "docker-compose.yml:5",
        "docker-compose.yml:4",
        "docker-compose.yml:7",
        "ecs-params.yml:1",
        "ecs-params.yml:2",
        "docker-compose.yml",
    ];
    assert_eq!(places, expected, "{found:#?}");
}

#[test]
fn variables_come_from_the_settings_and_never_from_the_environment() {
    // HOME is set wherever tests run.
    let text = "services: {web: {image: \"${HOME}\", command: \"run $MODE\"}}";
    assert_refused(
        from_compose("variables = { MODE = \"fast\" }", text, None),
        "docker-compose.yml:1: ",
        "$HOME has no value",
    );
    let template = from_compose("variables = { MODE = \"fast\", HOME = \"x\" }", text, None).expect("accepted");
    assert_eq!(template.app().command, ["run", "fast"]);
}
