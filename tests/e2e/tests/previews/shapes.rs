//! Previews in all shapes: on instances, by private addresses, of several containers, on this machine.

use contract::exit::AppCause;
use e2e::World;
use e2e::preview::{App, free_port};
use sandbox::aws::{Capacity, TaskTags, fixture};

#[test]
fn bridge_task_is_reached_by_the_port_of_its_instance() {
    let (world, pull) = World::with_app(&App::default().without("task_role"));
    let up = world.up(pull, "--launch-mode ec2 --network bridge --expose private-ip").succeeds();
    let task = world.only_preview();
    let port = task.container("app").and_then(|app| app.bindings.first()).expect("it has a port").host_port;
    assert!(up.output("url").ends_with(&format!(":{port}")) && port != 8080, "{}", up.output("url"));
    world.assert_serves(up.output("url"), "Stand-in");
    world.down(pull);
    world.finish();
}

#[test]
fn private_preview_asks_for_no_public_address() {
    let (world, pull) = World::with_app(&App::default());
    let up = world.up(pull, "--expose private-ip").succeeds();
    let run = world.aws_calls("RunTask").pop().expect("a task was started").parameters;
    assert_eq!(run["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"], "DISABLED");
    world.assert_serves(up.output("url"), "Stand-in");
    world.down(pull);
    world.finish();
}

#[test]
fn ladder_goes_on_where_spot_has_no_room() {
    let (world, pull) = World::with_app(&App::default());
    world.sandbox.aws.set_capacity(Capacity::FargateSpot, false);
    let up = world.up(pull, "--launch-mode fargate-spot,fargate --output json").succeeds();
    assert_eq!(up.json()["mode"], "fargate");
    assert!(up.stderr.contains("no room on fargate-spot"), "{}", up.stderr);
    world.only_preview();
    world.down(pull);
    world.finish();
}

fn with_seed(command: &str) -> App {
    App::default().env("APP_CONTENT", "/data/seed.txt").line("volumes = [\"data\"]").line("mounts = [\"data:/data:ro\"]").section(&format!(
        "[[preview.container]]\nname = \"seed\"\nrole = \"init\"\nimage = \"{}\"\nmounts = [\"data:/data\"]\ncommand = {command}\n",
        fixture::image("seed:v1")
    ))
}

#[test]
fn seed_fills_the_shared_volume_before_the_app_starts_and_a_proxy_stands_before_it() {
    let proxy = format!(
        "[[preview.container]]\nname = \"proxy\"\nimage = \"{}\"\nports = [8081]\nenv = {{ PORT = \"8081\" }}\n",
        fixture::image("proxy:v1")
    );
    let app = with_seed("[\"seed\", \"/data/seed.txt\", \"two wings\"]").section(&proxy);
    let (world, pull) = World::with_app(&app);
    let up = world.up(pull, "").succeeds();
    world.assert_serves(up.output("url"), "two wings");
    let proxied = up.output("url").replace(":8080", ":8081");
    world.eventually("the proxy serves", || world.page(&proxied).filter(|page| page.body.contains("two wings")));
    world.down(pull);
    world.finish();
}

#[test]
fn seed_that_fails_is_told_and_nothing_is_left() {
    let (world, pull) = World::with_app(&with_seed("[\"fail\"]"));
    let ran = world.up(pull, "").fails(4);
    assert!(ran.error().contains("seed"), "{}", ran.error());
    world.ended(&world.only_task().arn);
    assert!(world.sticky(pull).contains("seed"), "{}", world.sticky(pull));
    world.down(pull);
    world.finish();
}

#[test]
fn app_that_never_is_well_ends_with_a_code_of_its_own() {
    let (world, pull) = World::with_app(&App::default().env("APP_HEALTHY_AFTER_MS", "600000"));
    let ran = world.up(pull, "--ready-timeout 1s").fails(4);
    let task = world.ended(&world.only_task().arn);
    assert_eq!(task.container("app").and_then(|app| app.exit_code), AppCause::NeverReady.code().map(i32::from));
    assert!(ran.error().contains("ready"), "{}", ran.error());
    world.down(pull);
    world.finish();
}

#[test]
fn preview_without_visitors_ends() {
    let (world, pull) = World::with_app(&App::default());
    let up = world.up(pull, "--idle 2s").succeeds();
    let task = world.ended(up.task_arn());
    assert_eq!(world.app_end(&task).cause, AppCause::AppIdle);
    assert!(world.preview("wait", pull).succeeds().stdout.contains("nobody used it"));
    world.down(pull);
    world.finish();
}

#[test]
fn lease_is_renewed_up_to_its_cap_and_no_further() {
    let (world, pull) = World::with_app(&App::default());
    let up = world.up(pull, "--ttl 10m --max-ttl 2h").succeeds();
    let extend = |by: &str| world.preview(&format!("extend {by} --output json"), pull);
    let first = extend("30m").succeeds().json();
    assert_eq!((&first["confirmed"], &first["capped"]), (&true.into(), &false.into()));
    assert_eq!(world.only_preview().tag(contract::tags::EXPIRES_AT), first["expires_at"].as_str());
    let said = world.sandbox.aws.output(up.task_arn());
    assert!(said.iter().any(|line| line.contains("renewed")), "{said:?}");
    assert_eq!(extend("5h").succeeds().json()["capped"], true);
    assert!(extend("1m").fails(8).error().contains("at its cap"));
    world.down(pull);
    assert!(extend("1m").fails(6).error().contains("no preview"));
    world.finish();
}

#[test]
fn extension_that_the_supervisor_cannot_see_is_unconfirmed() {
    let (world, pull) = World::with_app(&App::default().without("task_role"));
    world.sandbox.aws.set_task_tags(TaskTags::NotServed);
    world.up(pull, "--ttl 10m").succeeds();
    let ran = world.preview("extend 30m --confirm-timeout 2s", pull).fails(9);
    assert!(ran.error().contains("ecs:ListTagsForResource"), "{}", ran.error());
    world.down(pull);
    world.finish();
}

#[test]
fn local_preview_lives_by_the_same_lease() {
    let port = free_port();
    let world = World::start();
    let pull = world.open_pull();
    let app = world.sandbox.binaries().path("standin-app").display().to_string();
    let line = format!(
        "preview up --launch-mode local --repo octo/demo --pr {} --port {port} --health-path /health",
        pull.number
    );
    let here = |line: &str| world.bare(&format!("{line} --repo octo/demo --pr {}", pull.number));
    let start = |ttl: &str| {
        let up = world.bare(&format!("{line} --ttl {ttl} -- env PORT={port} {app}"));
        up.env("MAYFLY_ENTRYPOINT", world.sandbox.binaries().path("runner-entrypoint"))
    };
    start("10m").succeeds();
    let url = format!("http://127.0.0.1:{port}");
    world.assert_serves(&url, "Stand-in");
    assert_eq!(here("preview url").succeeds().stdout.trim(), url);
    here("preview extend 1h").succeeds();
    here("preview down").succeeds();
    assert!(world.page(&url).is_none());

    start("2s").succeeds();
    let wait = here("preview wait").succeeds();
    assert!(wait.stdout.contains("time was up"), "{}", wait.stdout);
    world.eventually("it is gone", || world.page(&url).is_none().then_some(()));
    world.finish();
}
