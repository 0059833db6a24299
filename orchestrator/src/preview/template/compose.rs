//! `docker-compose.yml`, versions 2 and 3: services that become containers, named volumes, and nothing that cannot be meant
//! on ECS. What is not supported is refused by its name.

mod health;
mod interpolate;
mod service;
mod size;
mod volumes;

pub(super) use self::health::health_check;
pub(super) use self::size::memory;

use super::container::{Container, Essential};
use super::fault::Reader;
use super::yaml::{Kind, Node};
use super::{SourceFile, Template, ecs_params, yaml};
use crate::config::Faults;

/// Reads a compose file and, where there is one, the file with what it cannot say.
pub(super) fn read<'r>(
    file: SourceFile<'r>,
    params: Option<SourceFile<'r>>,
    reader: &dyn Fn(&'r str) -> Reader<'r>,
    faults: &mut Faults,
    notes: &mut Vec<String>,
) -> Option<Template> {
    let mut compose = reader(file.name);
    let mut template = tree(file, &mut compose).map(|tree| template(file.name, &tree, &mut compose));
    keep(compose, faults, notes);
    template.iter_mut().for_each(end_inits);
    if let (Some(template), Some(file)) = (&mut template, params) {
        let mut params = reader(file.name);
        if let Some(tree) = tree(file, &mut params) {
            ecs_params::lay_over(template, &tree, &mut params);
        }
        keep(params, faults, notes);
    }
    template.filter(|template| !template.containers.is_empty())
}

fn keep(reader: Reader<'_>, faults: &mut Faults, notes: &mut Vec<String>) {
    faults.extend(reader.faults);
    notes.extend(reader.notes);
}

fn tree(file: SourceFile<'_>, reader: &mut Reader<'_>) -> Option<Node> {
    match yaml::load(file.text) {
        Ok(mut tree) => {
            interpolate::fill_in(&mut tree, reader);
            Some(tree)
        }
        Err((line, fault)) => {
            reader.fault(line, fault);
            None
        }
    }
}

fn template(name: &str, tree: &Node, reader: &mut Reader<'_>) -> Template {
    let mut template = Template::empty(name);
    let mut file = reader.map("the compose file", tree);
    if let Some((what, node)) = file.take("version") {
        version(&what, node, reader);
    }
    file.take("name");
    if let Some((what, node)) = file.take("volumes") {
        template.volumes = volumes::declared(&what, node, reader);
    }
    let services = file.take("services");
    file.refuse_rest(reader, top_fix);
    match services {
        Some((what, node)) => read_services(&what, node, &mut template, reader),
        None => reader.fault(tree.line, "has no services"),
    }
    template
}

fn read_services(what: &str, node: &Node, template: &mut Template, reader: &mut Reader<'_>) {
    let services = reader.map(what, node).take_all();
    if services.is_empty() && !matches!(node.kind, Kind::Scalar(_) | Kind::List(_)) {
        reader.fault(node.line, "has no services");
    }
    let mut built = None;
    for entry in services {
        let (container, build) = service::container(&entry.key, &entry.value, &mut template.volumes, reader);
        template.containers.push(container);
        let Some(build) = build else { continue };
        // One image comes from outside: two that are built differently cannot both be it.
        if !built.get_or_insert(build).is_like(build) {
            let fix = "one image is given to a preview: build this one before, and name it under image";
            reader.fault(build.line, format!("service \"{}\": \"build\" is not supported; {fix}", entry.key));
        }
    }
}

fn version(what: &str, node: &Node, reader: &mut Reader<'_>) {
    let known = |text: &str| text.starts_with('2') || text.starts_with('3');
    if let Some(text) = reader.text(what, node).filter(|text| !known(text)) {
        reader.fault(node.line, format!("{what}: \"{text}\" is not supported; services of version 2 and 3 are"));
    }
}

fn top_fix(key: &str) -> Option<&'static str> {
    Some(match key {
        "networks" => "leave it out: the containers of a task share one network, as 127.0.0.1 under awsvpc",
        "secrets" | "configs" => "name secrets of SSM or Secrets Manager in ecs-params.yml, services.NAME.secrets",
        "include" => "write the services into one file",
        _ => return None,
    })
}

/// ECS takes the success of containers only that are not essential. Compose has no word for it: being waited for is one.
fn end_inits(template: &mut Template) {
    let inits: Vec<String> = template
        .containers
        .iter()
        .map(|container| container.name.clone())
        .filter(|name| template.is_init(name))
        .collect();
    let ends = |container: &&mut Container| inits.contains(&container.name);
    for container in template.containers.iter_mut().filter(ends) {
        container.essential = Essential::No;
    }
}
