//! One service of a compose file.

use serde_json::{Map, Value};

use super::super::Volume;
use super::super::container::{Condition, Container, Dependency, Image, Logging, Port, Protocol};
use super::super::fault::{Reader, Section};
use super::super::words;
use super::super::yaml::{Kind, Node};
use super::{health, size, volumes};

/// A service as a container, and how it would be built, where it has no image. Volumes that it brings with it are added to
/// the list.
pub(super) fn container<'n>(
    name: &str,
    node: &'n Node,
    all: &mut Vec<Volume>,
    reader: &mut Reader<'_>,
) -> (Container, Option<&'n Node>) {
    let mut container = Container::named(name);
    let mut service = reader.map(&format!("service \"{name}\""), node);
    let build = what_runs(&mut container, &mut service, reader);
    where_it_is(&mut container, &mut service, reader);
    if let Some((what, node)) = service.take("volumes") {
        container.mounts = volumes::mounts(&what, node, name, all, reader);
    }
    size::limits(&mut container, &mut service, reader);
    health_and_end(&mut container, &mut service, reader);
    let_go(&mut service, reader);
    service.refuse_rest(reader, fix);
    (container, build)
}

fn what_runs<'n>(container: &mut Container, service: &mut Section<'n>, reader: &mut Reader<'_>) -> Option<&'n Node> {
    let image = service.take("image").and_then(|(what, node)| reader.text(&what, node));
    let build = service.take("build").filter(|_| image.is_none());
    if let Some((what, node)) = &build {
        reader.note(node.line, &format!("{what} is not used: the service gets the preview's image"));
    }
    container.image = image.map_or(Image::Preview, Image::from);
    if let Some((what, node)) = service.take("command") {
        container.command = command(&what, node, reader);
    }
    if let Some((what, node)) = service.take("entrypoint") {
        container.entry_point = command(&what, node, reader);
    }
    if let Some((what, node)) = service.take("environment") {
        container.environment = reader.pairs(&what, node);
    }
    build.map(|(_, node)| node)
}

fn where_it_is(container: &mut Container, service: &mut Section<'_>, reader: &mut Reader<'_>) {
    for key in ["ports", "expose"] {
        let Some((what, node)) = service.take(key) else { continue };
        let ports: Vec<Port> = reader.list(&what, node).iter().filter_map(|item| port(&what, item, reader)).collect();
        for port in ports {
            if !container.ports.iter().any(|known| known.container_port == port.container_port) {
                container.ports.push(port);
            }
        }
    }
    container.user = service.take("user").and_then(|(what, node)| reader.text(&what, node));
    container.working_directory = service.take("working_dir").and_then(|(what, node)| reader.text(&what, node));
    if let Some((what, node)) = service.take("labels") {
        let labels = reader.pairs(&what, node).into_iter().map(|(name, value)| (name, Value::from(value)));
        container.extra.insert("dockerLabels".to_owned(), Value::Object(labels.collect::<Map<_, _>>()));
    }
}

fn health_and_end(container: &mut Container, service: &mut Section<'_>, reader: &mut Reader<'_>) {
    if let Some((what, node)) = service.take("depends_on") {
        container.depends_on = dependencies(&what, node, reader);
    }
    if let Some((what, node)) = service.take("healthcheck") {
        container.health_check = health::health_check(&what, node, reader);
    }
    if let Some((what, node)) = service.take("logging") {
        container.logging = logging(&what, node, reader);
    }
    if let Some((what, node)) = service.take("stop_grace_period") {
        container.stop_timeout = health::seconds(&what, node, reader);
    }
}

/// What a preview answers by itself.
fn let_go(service: &mut Section<'_>, reader: &mut Reader<'_>) {
    if let Some((what, node)) = service.take("restart")
        && reader.text(&what, node).is_some_and(|policy| policy != "no")
    {
        reader.note(node.line, &format!("{what} is not used: a container's end is the preview's end"));
    }
    if let Some((what, node)) = service.take("container_name") {
        reader.note(node.line, &format!("{what} is not used: ECS names containers by their service"));
    }
}

/// A text is split into words; no shell runs, as in compose.
fn command(what: &str, node: &Node, reader: &mut Reader<'_>) -> Vec<String> {
    match &node.kind {
        Kind::Scalar(text) => reader.take(what, node.line, words::split(text)).unwrap_or_default(),
        _ => reader.texts(what, node),
    }
}

/// `80`, `80:80`, `127.0.0.1:80:80/udp`, or a map with target, published, protocol.
fn port(what: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Port> {
    if matches!(node.kind, Kind::Map(_)) {
        return long_port(what, node, reader);
    }
    let text = reader.text(what, node)?;
    let (ports, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
    let mut parts = ports.rsplitn(3, ':');
    let container = parts.next().unwrap_or_default().parse().ok();
    let host = parts.next().map(|host| host.parse::<u16>().map_err(|_| ()));
    let fault = || format!("\"{text}\" is no port; write 80, 80:80 or 80:80/udp, and each port of a range by itself");
    let host = host.transpose().map_err(|()| fault());
    let container_port = reader.take(what, node.line, container.ok_or_else(fault))?;
    let host_port = reader.take(what, node.line, host)?;
    let protocol = reader.take(what, node.line, protocol_named(protocol))?;
    Some(Port { container_port, host_port, protocol: Some(protocol), ..Port::default() })
}

fn long_port(what: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Port> {
    let mut map = reader.map(what, node);
    let target = map.take("target").and_then(|(what, node)| reader.parsed(&what, node, "a port"));
    let host_port = map.take("published").and_then(|(what, node)| reader.parsed(&what, node, "a port"));
    let protocol = map.take("protocol").and_then(|(what, node)| {
        let name = reader.text(&what, node)?;
        reader.take(&what, node.line, protocol_named(&name))
    });
    for key in ["mode", "name", "app_protocol"] {
        map.take(key);
    }
    map.refuse_rest(reader, |_| None);
    Some(Port { container_port: target?, host_port, protocol, ..Port::default() })
}

fn protocol_named(name: &str) -> Result<Protocol, String> {
    match name {
        "tcp" => Ok(Protocol::Tcp),
        "udp" => Ok(Protocol::Udp),
        _ => Err(format!("\"{name}\" is neither tcp nor udp")),
    }
}

fn dependencies(what: &str, node: &Node, reader: &mut Reader<'_>) -> Vec<Dependency> {
    let started = |container_name| Dependency { container_name, condition: Condition::Start };
    let Kind::Map(entries) = &node.kind else { return reader.texts(what, node).into_iter().map(started).collect() };
    let dependency = |name: &String, node: &Node, reader: &mut Reader<'_>| {
        let mut map = reader.map(&format!("{what} {name}"), node);
        let condition = map.take("condition").and_then(|(what, node)| condition(&what, node, reader));
        map.take("required");
        map.refuse_rest(reader, |_| None);
        Dependency { container_name: name.clone(), condition: condition.unwrap_or(Condition::Start) }
    };
    entries.iter().map(|entry| dependency(&entry.key, &entry.value, reader)).collect()
}

fn condition(what: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Condition> {
    let condition = match reader.text(what, node)?.as_str() {
        "service_started" => Ok(Condition::Start),
        "service_healthy" => Ok(Condition::Healthy),
        "service_completed_successfully" => Ok(Condition::Success),
        other => {
            Err(format!("\"{other}\" is none of service_started, service_healthy, service_completed_successfully"))
        }
    };
    reader.take(what, node.line, condition)
}

fn logging(what: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Logging> {
    let mut map = reader.map(what, node);
    let driver = map.take("driver").and_then(|(what, node)| {
        let driver = reader.text(&what, node)?;
        let fault =
            format!("\"{driver}\" is not supported; awslogs is, or leave logging out for the preview's own group");
        reader.take(&what, node.line, if driver == "awslogs" { Ok(driver) } else { Err(fault) })
    });
    let options = map.take("options").map(|(what, node)| reader.pairs(&what, node)).unwrap_or_default();
    map.refuse_rest(reader, |_| None);
    Some(Logging { log_driver: driver?, options, ..Logging::default() })
}

/// What to do about what is not supported.
fn fix(key: &str) -> Option<&'static str> {
    Some(match key {
        "privileged" | "cap_add" | "cap_drop" | "devices" | "security_opt" | "sysctls" | "ulimits" | "pid" | "ipc" => {
            "leave it out, or describe the preview by --template task-def.json"
        }
        "network_mode" => "ecs_network_mode of ecs-params.yml says it for the whole task",
        "networks" | "links" | "external_links" | "extra_hosts" | "hostname" | "dns" => {
            "leave it out: the containers of a task share one network, as 127.0.0.1 under awsvpc"
        }
        "env_file" => "write the variables under environment, and secrets into ecs-params.yml",
        "secrets" | "configs" => "name secrets of SSM or Secrets Manager in ecs-params.yml, services.NAME.secrets",
        "init" | "tty" | "stdin_open" => "leave it out: the supervisor reaps the app's orphans",
        "profiles" | "extends" | "scale" => "write each container of the preview as a service of its own",
        "tmpfs" | "volumes_from" | "read_only" | "shm_size" => "use a named volume, or --template task-def.json",
        "platform" => "architecture in [preview] says it for the whole task",
        _ => return None,
    })
}
