//! What an order for a preview comes with, by flags or by a comment: surroundings, settings and the app.

use std::path::{Path, PathBuf};

use super::super::Context;
use crate::cli::PlaceArgs;
use crate::cli::preview::{LaunchArgs, launch_flags};
use crate::config::file::File;
use crate::config::preview::LaunchConfig;
use crate::config::{ConfigError, Faults, Kind, PlaceConfig, Settings, preview};
use crate::error::Error;
use crate::preview::template::{PreviewFile, Template, Words};

/// The same for each preview that is ordered here.
pub struct Order {
    /// All settings.
    pub settings: Settings,
    /// Surroundings.
    pub place: PlaceConfig,
    /// How it is launched.
    pub config: LaunchConfig,
    /// What the app is.
    pub template: Template,
    /// The app's image, with `{pr}` and `{sha}`.
    pub image: Option<String>,
}

impl Order {
    /// Resolves everything; all faults are told at once.
    ///
    /// # Errors
    /// Everything that is wrong with settings and template.
    pub fn resolve(
        place: &PlaceArgs,
        launch: &LaunchArgs,
        image: &Option<String>,
        command: &[String],
        context: &Context<'_>,
    ) -> Result<(Self, Faults), Error> {
        let file = File::find(context.config_file.as_deref())?;
        let settings = Settings::layered(Kind::Preview, &launch_flags(place, launch, image), context.vars, &file);
        let mut faults = Faults::default();
        let mut config = LaunchConfig::resolve(&settings, context.vars, launch.exec, &mut faults);
        let place = preview::place(&settings, context.vars, config.is_ecs(), &mut faults);
        let base = context.config_file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let template = app(&file, launch, command, &mut faults).and_then(|app| read(&app, base, &mut faults));
        let Some(template) = template else { return Err(only_faults(faults)) };
        wishes(&template, &settings, &mut config);
        config.check_address(&settings, &mut faults);
        let image = settings.text("image");
        Ok((Self { settings, place, config, template, image }, faults))
    }
}

fn only_faults(faults: Faults) -> Error {
    match faults.into_result(None::<()>) {
        Err(fault) => fault.into(),
        Ok(()) => Error::Other("the template cannot be read".to_owned()),
    }
}

/// `[preview]` with the flags laid over it.
fn app(file: &File, launch: &LaunchArgs, command: &[String], faults: &mut Faults) -> Option<PreviewFile> {
    let mut app = file.preview.clone().unwrap_or_default();
    let absolute = |text: &String| std::path::absolute(text).unwrap_or_else(|_| PathBuf::from(text));
    if let Some(path) = launch.template.as_ref().or(launch.compose.as_ref()) {
        app.template = Some(absolute(path));
    }
    if let Some(path) = &launch.ecs_params {
        app.ecs_params = Some(absolute(path));
    }
    app.app = launch.app.clone().or(app.app);
    app.health_path = launch.health_path.clone().or(app.health_path);
    if let Some(port) = &launch.port {
        let read = port.parse::<u16>().ok().filter(|port| *port > 0);
        app.port =
            faults.take("--port", read.ok_or_else(|| format!("\"{port}\" is not a port; write for example 8080")));
    }
    if !command.is_empty() {
        app.command = Some(Words::List(command.to_vec()));
    }
    Some(app)
}

fn read(app: &PreviewFile, base: &Path, faults: &mut Faults) -> Option<Template> {
    Template::read(app, base).map_err(|fault: ConfigError| faults.absorb(fault)).ok()
}

/// What the template wishes for its launches, where no setting says otherwise.
fn wishes(template: &Template, settings: &Settings, config: &mut LaunchConfig) {
    let hints = &template.hints;
    if let Some(ttl) = hints.ttl.filter(|_| settings.get("ttl").is_none()) {
        config.lease.ttl = ttl.min(config.lease.max_ttl);
    }
    let Some(network) = &mut config.network else { return };
    if network.subnets.is_empty() {
        network.subnets.clone_from(&hints.subnets);
    }
    if network.security_groups.is_empty() {
        network.security_groups.clone_from(&hints.security_groups);
    }
    if let Some(assign) = hints.assign_public_ip.filter(|_| settings.get("assign_public_ip").is_none()) {
        network.assign_public_ip = assign;
    }
}
