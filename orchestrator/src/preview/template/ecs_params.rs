//! `ecs-params.yml`, as ecs-cli read it: what a compose file cannot say.

use super::compose;
use super::container::{Condition, Container, Dependency, Essential};
use super::fault::{Reader, Section};
use super::yaml::{Entry, Node};
use super::{Template, check, task_definition};

/// Lays the file over what the compose file says.
pub(super) fn lay_over(template: &mut Template, tree: &Node, reader: &mut Reader<'_>) {
    let mut file = reader.map("ecs-params", tree);
    if let Some((what, node)) = file.take("version") {
        let one = reader.text(&what, node).filter(|version| version != "1");
        if let Some(version) = one {
            reader.fault(node.line, format!("{what}: \"{version}\" is not supported; 1 is"));
        }
    }
    if let Some((what, node)) = file.take("task_definition") {
        let mut section = reader.map(&what, node);
        task(template, &mut section, reader);
        section.refuse_rest(reader, task_fix);
    }
    if let Some((what, node)) = file.take("run_params") {
        run(template, &what, node, reader);
    }
    file.refuse_rest(reader, |_| None);
}

fn task(template: &mut Template, section: &mut Section<'_>, reader: &mut Reader<'_>) {
    let text = |section: &mut Section<'_>, key, reader: &mut Reader<'_>| {
        section.take(key).and_then(|(what, node)| reader.text(&what, node))
    };
    template.execution_role = text(section, "task_execution_role", reader);
    template.task_role = text(section, "task_role_arn", reader);
    if let Some((what, node)) = section.take("ecs_network_mode") {
        let mode = reader.text(&what, node).map(|mode| check::network_mode(&mode));
        template.network_mode = mode.and_then(|mode| reader.take(&what, node.line, mode));
    }
    if let Some((what, node)) = section.take("task_size") {
        let mut size = reader.map(&what, node);
        template.size.cpu = units(&mut size, "cpu_limit", "vcpu", reader);
        template.size.memory = units(&mut size, "mem_limit", "gb", reader);
        size.refuse_rest(reader, |_| None);
    }
    if let Some((what, node)) = section.take("services") {
        for Entry { key, line, value } in reader.map(&what, node).take_all() {
            match template.container_mut(key) {
                Some(container) => service(container, value, reader),
                None => reader.fault(*line, format!("service \"{key}\" is not in the compose file")),
            }
        }
    }
}

fn units(size: &mut Section<'_>, key: &str, unit: &str, reader: &mut Reader<'_>) -> Option<u32> {
    let (what, node) = size.take(key)?;
    let text = reader.text(&what, node)?;
    let fault = format!("\"{text}\" is no size; write for example 512, or 1 {unit}");
    reader.take(&what, node.line, task_definition::units(&text, unit).ok_or(fault))
}

fn service(container: &mut Container, node: &Node, reader: &mut Reader<'_>) {
    let mut service = reader.map(&format!("service \"{}\"", container.name), node);
    if let Some((what, node)) = service.take("essential") {
        container.essential = reader.truth(&what, node).map_or(container.essential, Essential::from);
    }
    if let Some((what, node)) = service.take("depends_on") {
        container.depends_on =
            reader.list(&what, node).iter().filter_map(|item| dependency(&what, item, reader)).collect();
    }
    if let Some((what, node)) = service.take("secrets") {
        let secrets = reader.list(&what, node).iter().filter_map(|item| secret(&what, item, reader));
        container.secrets = secrets.collect();
    }
    if let Some((what, node)) = service.take("healthcheck") {
        container.health_check = compose::health_check(&what, node, reader);
    }
    limits(container, &mut service, reader);
    service.refuse_rest(reader, |_| Some("describe the preview by --template task-def.json"));
}

fn limits(container: &mut Container, service: &mut Section<'_>, reader: &mut Reader<'_>) {
    if let Some((what, node)) = service.take("cpu_shares") {
        container.cpu = reader.parsed(&what, node, "a whole number");
    }
    if let Some((what, node)) = service.take("mem_limit") {
        container.memory = compose::memory(&what, node, reader);
    }
    if let Some((what, node)) = service.take("mem_reservation") {
        container.memory_reservation = compose::memory(&what, node, reader);
    }
}

fn dependency(what: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Dependency> {
    let mut map = reader.map(what, node);
    let name = map.take("container_name").and_then(|(what, node)| reader.text(&what, node));
    let condition = map.take("condition").and_then(|(what, node)| {
        let condition = match reader.text(&what, node)?.as_str() {
            "START" => Ok(Condition::Start),
            "COMPLETE" => Ok(Condition::Complete),
            "SUCCESS" => Ok(Condition::Success),
            "HEALTHY" => Ok(Condition::Healthy),
            other => Err(format!("\"{other}\" is none of START, COMPLETE, SUCCESS, HEALTHY")),
        };
        reader.take(&what, node.line, condition)
    });
    map.refuse_rest(reader, |_| None);
    let missing = || "wants container_name and condition".to_owned();
    let container_name = reader.take(what, node.line, name.ok_or_else(missing))?;
    Some(Dependency { container_name, condition: condition.unwrap_or(Condition::Start) })
}

fn secret(what: &str, node: &Node, reader: &mut Reader<'_>) -> Option<(String, String)> {
    let mut map = reader.map(what, node);
    let name = map.take("name").and_then(|(what, node)| reader.text(&what, node));
    let value_from = map.take("value_from").and_then(|(what, node)| reader.text(&what, node));
    map.refuse_rest(reader, |_| None);
    let both = name.zip(value_from).ok_or_else(|| "wants name and value_from".to_owned());
    reader.take(what, node.line, both)
}

fn run(template: &mut Template, what: &str, node: &Node, reader: &mut Reader<'_>) {
    let mut run = reader.map(what, node);
    if let Some((what, node)) = run.take("network_configuration") {
        let mut network = reader.map(&what, node);
        if let Some((what, node)) = network.take("awsvpc_configuration") {
            let mut awsvpc = reader.map(&what, node);
            let mut list = |key| awsvpc.take(key).map(|(what, node)| reader.texts(&what, node)).unwrap_or_default();
            (template.hints.subnets, template.hints.security_groups) = (list("subnets"), list("security_groups"));
            template.hints.assign_public_ip = public_ip(&mut awsvpc, reader);
            awsvpc.refuse_rest(reader, |_| None);
        }
        network.refuse_rest(reader, |_| None);
    }
    run.refuse_rest(reader, |key| match key {
        "service_discovery" => Some("a preview is reached by --expose"),
        "task_placement" => Some("the launch mode decides"),
        _ => None,
    });
}

fn public_ip(awsvpc: &mut Section<'_>, reader: &mut Reader<'_>) -> Option<bool> {
    let (what, node) = awsvpc.take("assign_public_ip")?;
    let text = reader.text(&what, node)?;
    let public = match text.as_str() {
        "ENABLED" => Ok(true),
        "DISABLED" => Ok(false),
        _ => Err(format!("\"{text}\" is neither ENABLED nor DISABLED")),
    };
    reader.take(&what, node.line, public)
}

fn task_fix(key: &str) -> Option<&'static str> {
    Some(match key {
        "efs_volumes" | "docker_volumes" => "describe the preview by --template task-def.json",
        "placement_constraints" => "the launch mode decides",
        "pid_mode" | "ipc_mode" => "leave it out, or describe the preview by --template task-def.json",
        _ => return None,
    })
}
