//! The supervisor around the app's own command: brought by a container beside it, or in the image already.

use serde_json::Value;

use super::super::supervise::{FOLDER, INSTALLER, Lease, PROGRAM, RenewFrom, VOLUME, Watch, supervise_arguments};
use super::super::template::{Access, Condition, Container, Dependency, Essential, Image, Mount, Template, Volume};

/// How the supervisor gets to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supervisor<'r> {
    /// A container of this image copies it into a volume.
    Brought {
        /// The image of `runner-entrypoint`.
        image: &'r str,
    },
    /// The app's image has it.
    BakedIn {
        /// Where.
        path: &'r str,
    },
}

/// Seconds between SIGTERM and SIGKILL where the template says nothing: three times what the supervisor gives to those whom
/// the app leaves behind.
const STOP_TIMEOUT: u32 = 30;

/// Puts the supervisor before the app's command, and gives that command back. None: the image's own words are left alone.
pub(super) fn wrap(
    template: &mut Template,
    supervisor: &Supervisor<'_>,
    found: &mut Vec<String>,
) -> Option<Vec<String>> {
    let words = template.app().words();
    let name = template.app.clone();
    if template.app().extra.get("restartPolicy").and_then(|policy| policy.get("enabled")) == Some(&Value::Bool(true)) {
        found.push(format!(
            "container \"{name}\": restartPolicy would start the app again at the end of its lease; remove it"
        ));
    }
    let program = match *supervisor {
        Supervisor::Brought { image } => {
            bring(template, image);
            PROGRAM
        }
        Supervisor::BakedIn { path } => path,
    };
    let app = template.containers.iter_mut().find(|container| container.name == name)?;
    app.stop_timeout = app.stop_timeout.or(Some(STOP_TIMEOUT));
    if words.is_empty() {
        match supervisor {
            Supervisor::Brought { .. } => found.push(no_command(&name)),
            Supervisor::BakedIn { .. } => template.notes.push(own_words(&name)),
        }
        return None;
    }
    app.entry_point = vec![program.to_owned(), "supervise".to_owned()];
    app.command = command(&by_hand(), &words);
    Some(words)
}

/// What a definition says that somebody runs by hand: it ends all the same.
fn by_hand() -> Vec<String> {
    let watch = Watch { renew_from: RenewFrom::Nowhere, ..Watch::default() };
    supervise_arguments(&Lease::default(), &watch)
}

/// The words behind `supervise`.
pub(super) fn command(options: &[String], words: &[String]) -> Vec<String> {
    options.iter().cloned().chain(std::iter::once("--".to_owned())).chain(words.iter().cloned()).collect()
}

fn bring(template: &mut Template, image: &str) {
    let mount = |access| Mount { source_volume: VOLUME.to_owned(), container_path: FOLDER.to_owned(), access };
    let installer = Container {
        image: Image::Named(image.to_owned()),
        essential: Essential::No,
        command: vec!["install".to_owned(), FOLDER.to_owned()],
        mounts: vec![mount(Access::ReadWrite)],
        ..Container::named(INSTALLER)
    };
    let name = template.app.clone();
    for app in template.containers.iter_mut().filter(|container| container.name == name) {
        app.mounts.push(mount(Access::ReadOnly));
        app.depends_on.push(Dependency { container_name: INSTALLER.to_owned(), condition: Condition::Success });
    }
    template.containers.push(installer);
    template.volumes.push(Volume { name: VOLUME.to_owned(), ..Volume::default() });
}

fn no_command(name: &str) -> String {
    format!(
        "container \"{name}\" has no command: the supervisor has to start the app, and ECS does not tell an image's own \
         ENTRYPOINT and CMD; write command = [...] in [preview] (docker image inspect shows them), or bake the supervisor in"
    )
}

fn own_words(name: &str) -> String {
    format!(
        "container \"{name}\" has no command, so its image's own decides how long it lives; flags of the lease do not reach it"
    )
}
