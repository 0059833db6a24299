//! `configure` and `remove`.

use std::path::Path;

use super::arguments::Arguments;
use super::broker::{Broker, BrokerError};
use super::{code, files, terminal};
use crate::wire::{Configure, Configured, Remove};

pub(super) fn configure(arguments: &Arguments, root: &Path) -> u8 {
    terminal::say(super::NOTICE);
    if matches!(files::read(root), Ok(Some(_))) {
        terminal::complain(
            "Cannot configure the runner because it is already configured. To reconfigure the runner, run 'config.cmd remove' or './config.sh remove' first.",
        );
        return code::TERMINATED;
    }
    let wanted = match wanted(arguments) {
        Ok(wanted) => wanted,
        Err(text) => {
            terminal::complain(&text);
            return code::TERMINATED;
        }
    };
    terminal::say("√ Connected to GitHub");
    let configured: Result<Configured, _> = broker_of(&wanted.url).post("registrations", &wanted);
    match configured {
        Ok(configured) => save(&configured, root),
        Err(fault) => {
            terminal::complain(&fault.to_string());
            code::TERMINATED
        }
    }
}

fn wanted(arguments: &Arguments) -> Result<Configure, String> {
    let needed = |name: &str| {
        let value = arguments.value(name).map(str::to_owned);
        value.ok_or_else(|| format!("Invalid configuration provided for {name}. Terminating unattended configuration."))
    };
    let labels: Vec<String> = arguments
        .value("labels")
        .map(|labels| labels.split(',').map(|label| label.trim().to_owned()).collect())
        .unwrap_or_default();
    if arguments.has("no-default-labels") && labels.is_empty() {
        return Err(
            "Disabling default labels via --no-default-labels without specifying --labels is not supported".to_owned()
        );
    }
    Ok(Configure {
        token: needed("token")?,
        url: needed("url")?,
        name: arguments.value("name").map_or_else(host_name, str::to_owned),
        labels,
        default_labels: !arguments.has("no-default-labels"),
        group: arguments.value("runnergroup").map(str::to_owned),
        ephemeral: arguments.has("ephemeral"),
        replace: arguments.has("replace"),
        work_folder: arguments.value("work").unwrap_or("_work").to_owned(),
    })
}

fn host_name() -> String {
    nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_else(|| "runner".to_owned())
}

/// The sandbox serves pages, API and stand-ins from one address.
fn broker_of(url: &str) -> Broker {
    let host = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    Broker::new(&format!("{host}/_standin"))
}

fn save(configured: &Configured, root: &Path) -> u8 {
    terminal::say("√ Runner successfully added");
    terminal::say("√ Runner connection is good");
    for (name, content) in &configured.files {
        if let Err(fault) = files::write(root, name, content.to_string().as_bytes()) {
            terminal::complain(&format!("could not write {name}: {fault}"));
            return code::TERMINATED;
        }
    }
    terminal::say("√ Settings Saved.");
    code::SUCCESS
}

pub(super) fn remove(arguments: &Arguments, root: &Path) -> u8 {
    terminal::say(super::NOTICE);
    let Ok(Some(registration)) = files::read(root) else {
        // Exit code 0 although nothing was removed: so does the real one.
        terminal::say(
            "Cannot connect to server, because config files are missing. Skipping removing runner from the server.",
        );
        return code::SUCCESS;
    };
    if arguments.has("local") {
        return forget(root);
    }
    let Some(token) = arguments.value("token") else {
        terminal::complain(
            "Cannot read keys when either application does not have a console or when console input has been redirected.",
        );
        return code::TERMINATED;
    };
    let wanted = Remove { token: token.to_owned(), runner_id: registration.settings.agent_id };
    match Broker::new(&registration.settings.server_url).tell("removals", &wanted) {
        Ok(()) => terminal::say("√ Runner removed successfully"),
        Err(BrokerError::Refused { status: 404, .. }) => {
            terminal::say("Does not exist. Skipping Removing runner from the server");
        }
        Err(fault) => {
            terminal::complain("Failed: Removing runner from the server");
            terminal::complain(&fault.to_string());
            return code::TERMINATED;
        }
    }
    forget(root)
}

fn forget(root: &Path) -> u8 {
    files::delete(root);
    terminal::say("√ Removed .credentials");
    terminal::say("√ Removed .runner");
    code::SUCCESS
}
