//! Previews in real containers, by the sandbox's ECS.
//!
//! Real: the images, their file systems, the volumes and what is mounted of them, the supervisor as PID 1 that another container
//! brought, signals, kills and exit codes. Simulated: ECS itself with the order of the containers, the metadata endpoint with
//! `taskWithTags`, the load balancer, and the task's network, which is this machine's (`--network host`).
//!
//! The emulator of the runners' tests cannot stand in for ECS here. It ignores `entryPoint` and `dependsOn`, mounts no volume that
//! has no folder on the host, gives each container of a task a network of its own, and serves no `taskWithTags`. It tells neither
//! a task's network interface nor its ports on an instance, and so no preview of it has an address, behind a load balancer or not.

use e2e::World;
use e2e::preview::App;
use sandbox::aws::{LocalImage, fixture};
use sandbox::github::IssueId;

use crate::docker;
use crate::stage::entrypoint_with_engine;

const APP_IMAGE: &str = "mayfly-preview:e2e";
const ENTRYPOINT_IMAGE: &str = "mayfly-entrypoint:e2e";

/// A world whose images are the engine's.
fn world_of_containers(app: &App) -> Option<(World, IssueId)> {
    let entrypoint = entrypoint_with_engine()?;
    let world = World::configured(|config| {
        docker::build_entrypoint_image(ENTRYPOINT_IMAGE, &entrypoint);
        let dockerfile = "FROM debian:bookworm-slim\nCOPY standin-app /usr/local/bin/\nCMD [\"standin-app\"]\n";
        docker::build_image(APP_IMAGE, dockerfile, &[&config.binaries.path("standin-app")]);
        let app = ["app", "proxy", "seed"].map(|name| (name, LocalImage::of_engine(APP_IMAGE)));
        config.images = app.into_iter().chain([("entrypoint", LocalImage::of_engine(ENTRYPOINT_IMAGE))]).collect();
    });
    world.write_app(app);
    let pull = world.open_pull();
    Some((world, pull))
}

/// A proxy before the app, which shows what a seed wrote into the volume that both mount.
fn app_with_proxy_and_seed() -> App {
    let (proxy, seed) = (fixture::image("proxy:v1"), fixture::image("seed:v1"));
    let app = App::default().env("APP_CONTENT", "/data/seed.txt");
    app.line("volumes = [\"data\"]").line("mounts = [\"data:/data:ro\"]").section(&format!(
        "[[preview.container]]\nname = \"seed\"\nrole = \"init\"\nimage = \"{seed}\"\nmounts = [\"data:/data\"]\n\
         command = [\"standin-app\", \"seed\", \"/data/seed.txt\", \"two wings\"]\n\
         [[preview.container]]\nname = \"proxy\"\nimage = \"{proxy}\"\nports = [8081]\nenv = {{ PORT = \"8081\" }}\nstop_timeout = 2\n\
         command = [\"standin-app\", \"proxy\", \"http://127.0.0.1:8080\"]\n"
    ))
}

#[test]
fn killed_container_of_a_preview_behind_proxy_and_simulated_balancer_gets_its_certificate() {
    let Some((world, pull)) = world_of_containers(&app_with_proxy_and_seed()) else { return };
    let up = world.up(pull, &format!("--port 8081 {}", world.by_alb())).succeeds();
    world.assert_serves(up.output("url"), "two wings");
    let task = world.only_preview();
    assert_eq!(docker::containers_of(&task.id).len(), 2, "app and proxy; seed and supervisor have done their work");

    docker::kill(&task.id, "app");

    let ended = world.ended(up.task_arn());
    assert_eq!(ended.container("app").and_then(|app| app.exit_code), Some(137));
    world.reap(&world.listener()).succeeds();
    let sticky = world.sticky(pull);
    for expected in ["killed", "preview up"] {
        assert!(sticky.contains(expected), "no {expected} in {sticky}");
    }
    assert_eq!(docker::containers_of(&task.id), [""; 0]);
    world.down(pull);
    world.finish();
}

#[test]
fn supervisor_in_a_container_takes_the_lease_that_simulated_task_metadata_tells() {
    let Some((world, pull)) = world_of_containers(&App::default()) else { return };
    let up = world.up(pull, "--ttl 10m --max-ttl 2h").succeeds();
    let extended = world.preview("extend 30m --output json", pull).succeeds().json();
    assert_eq!(extended["confirmed"], true);
    let said = world.sandbox.aws.output(up.task_arn());
    assert!(said.iter().any(|line| line.contains("renewed")), "{said:?}");

    let down = world.down(pull);

    let ended = world.ended(up.task_arn());
    assert_eq!(world.app_end(&ended).cause, contract::exit::AppCause::Signal, "{}", down.everything());
    assert_eq!(docker::containers_of(&ended.id), [""; 0]);
    world.finish();
}

#[test]
fn lease_ends_a_container_by_itself() {
    let Some((world, pull)) = world_of_containers(&App::default()) else { return };
    let up = world.up(pull, "--ttl 4s").succeeds();
    world.assert_serves(up.output("url"), "Stand-in");
    let ended = world.ended(up.task_arn());
    assert_eq!(world.app_end(&ended).cause, contract::exit::AppCause::Ttl);
    world.down(pull);
    world.finish();
}
