//! What is the same whatever a template was read from: which container is the app, where it is reached, what it wishes.

use contract::duration;

use super::container::{Condition, Container, Dependency, Essential, Image, Port};
use super::toml::{self, PreviewFile};
use super::{Entrance, Template, check, wish};
use crate::config::Faults;
use crate::preview::overrides::EnvRules;

/// Completes a draft and checks it as a whole.
pub(super) fn finish(template: &mut Template, preview: &PreviewFile, faults: &mut Faults) {
    toml::lay_over(template, preview, faults);
    let rules = EnvRules::parse(&preview.allow_env).map_err(|faults| faults.join("; "));
    template.allow_env = faults.take("mayfly.toml [preview] allow_env", rules).unwrap_or_default();
    match choose_app(template, preview.app.as_deref()) {
        Ok(app) => template.app = app,
        Err(fault) => return faults.add(&template.origin, fault),
    }
    toml::lay_over_app(template, preview, faults);
    share_image(template, faults);
    read_wish(template);
    make_essential(template);
    let entrance = entrance(template, preview);
    template.entrance = faults.take(&template.origin, entrance).flatten();
    check::check(template, faults);
}

/// The one that is named, the only one, the one with a wish for a lease, the one that is to be built, the one that listens.
fn choose_app(template: &Template, named: Option<&str>) -> Result<String, String> {
    let containers = &template.containers;
    let names = || containers.iter().map(|container| container.name.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(name) = named {
        let known = template.container(name).map(|container| container.name.clone());
        return known.ok_or_else(|| format!("has no container \"{name}\"; the app is one of {}", names()));
    }
    let tests: [fn(&Container) -> bool; 4] = [
        |_| true,
        |container| wish::read(&container.words()).is_some(),
        |container| container.image == Image::Preview,
        |container| container.ports.iter().any(Port::is_tcp),
    ];
    let only = |test: &fn(&Container) -> bool| {
        let mut fitting = containers.iter().filter(|container| test(container));
        fitting.next().filter(|_| fitting.next().is_none())
    };
    let app = tests.iter().find_map(only).map(|container| container.name.clone());
    app.ok_or_else(|| {
        format!("does not tell which container is the app; say --app, or app in [preview]: one of {}", names())
    })
}

/// A migration that runs the app's own image runs the pull request's. One that has none stands for the pull request's only
/// where the app does: what else could be built here is another image.
fn share_image(template: &mut Template, faults: &mut Faults) {
    let image = template.app().image.clone();
    if image == Image::Preview {
        return;
    }
    for container in template.containers.iter().filter(|container| container.image == Image::Preview) {
        let fix = "nothing is built here: name an image, or make it the app";
        faults.add(&template.origin, format!("container \"{}\" has no image; {fix}", container.name));
    }
    for container in template.containers.iter_mut().filter(|container| container.image == image) {
        container.image = Image::Preview;
        if container.name != template.app {
            let note = format!("container \"{}\" has the app's image, so it gets the preview's", container.name);
            template.notes.push(note);
        }
    }
}

fn read_wish(template: &mut Template) {
    let Some(wish) = wish::read(&template.app().words()) else { return };
    let app = template.app.clone();
    let told =
        wish.ttl.map_or_else(|| "without a limit".to_owned(), |ttl| format!("{} as its lease", duration::format(ttl)));
    let dropped = match wish.options.as_slice() {
        [] => String::new(),
        options => format!("; its options {} are dropped", options.join(" ")),
    };
    template.notes.push(format!(
        "container \"{app}\": timeout is taken off the command, {told}{dropped}: the supervisor replaces it"
    ));
    template.hints.ttl = wish.ttl;
    if let Some(app) = template.container_mut(&app) {
        app.entry_point.clear();
        app.command = wish.command;
    }
}

/// The supervisor's end is the preview's end.
fn make_essential(template: &mut Template) {
    let name = template.app.clone();
    let Some(app) = template.container_mut(&name) else { return };
    if app.essential == Essential::No {
        app.essential = Essential::Yes;
        template.notes.push(format!("container \"{name}\" is the app, so it is essential: the preview ends with it"));
    }
}

/// The app's own port or, where it has none, that of a proxy beside it.
fn entrance(template: &mut Template, preview: &PreviewFile) -> Result<Option<Entrance>, String> {
    let health_path = preview.health_path.clone().unwrap_or_else(|| "/".to_owned());
    if !health_path.starts_with('/') || health_path.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("health_path: \"{health_path}\" is no path; write for example /health"));
    }
    let (container, port) = match preview.port {
        Some(0) => return Err("port: 0 is no port".to_owned()),
        Some(port) => (listener(template, port), port),
        None => match only_port(template)? {
            Some(found) => found,
            None => return Ok(None),
        },
    };
    Ok(Some(Entrance { container, port, health_path }))
}

/// Who listens on a port; the app, where nobody says so.
fn listener(template: &mut Template, port: u16) -> String {
    let maps = |container: &&Container| tcp_ports(container).any(|other| other == port);
    if let Some(found) = template.containers.iter().find(maps) {
        return found.name.clone();
    }
    let app = template.app.clone();
    if let Some(container) = template.container_mut(&app) {
        container.ports.push(Port { container_port: port, ..Port::default() });
    }
    app
}

fn only_port(template: &Template) -> Result<Option<(String, u16)>, String> {
    let named =
        |container: &Container| tcp_ports(container).map(|port| (container.name.clone(), port)).collect::<Vec<_>>();
    let own = named(template.app());
    let all = if own.is_empty() { template.containers.iter().flat_map(named).collect() } else { own };
    match all.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only.clone())),
        several => {
            let list: Vec<_> = several.iter().map(|(name, port)| format!("{port} ({name})")).collect();
            Err(format!(
                "does not tell where the app is reached; say --port, or port in [preview]: one of {}",
                list.join(", ")
            ))
        }
    }
}

fn tcp_ports(container: &Container) -> impl Iterator<Item = u16> {
    container.ports.iter().filter(|port| port.is_tcp()).map(|port| port.container_port)
}

/// Lets a container wait until another one has ended well.
pub(super) fn wait_for_success(container: &mut Container, other: &str) {
    if !container.depends_on.iter().any(|dependency| dependency.container_name == other) {
        container.depends_on.push(Dependency { container_name: other.to_owned(), condition: Condition::Success });
    }
}
