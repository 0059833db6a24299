//! GitHub, AWS and the task's metadata are gone right after `up`: the preview still dies at its lease.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use e2e::World;
use e2e::preview::{App, app};

/// Everything outside of the task as one process, so that it can vanish without a word to anybody.
fn outside(world: &World, env_file: &Path) -> Child {
    let mut command = Command::new(world.sandbox.binaries().path("sandbox"));
    command.args(["serve", "--env-file"]).arg(env_file).arg("--bin-dir").arg(world.sandbox.binaries().folder());
    // Its tasks' processes outlive it; their folder is the test's, and so they are found in the end.
    command.env("TMPDIR", world.home()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the sandbox was built")
}

fn variables(world: &World, env_file: &Path) -> BTreeMap<String, String> {
    let text = world.eventually("the sandbox serves", || {
        fs::read_to_string(env_file).ok().filter(|text| text.contains("SANDBOX_ALB_URL"))
    });
    let pairs = text.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect()
}

#[test]
fn preview_that_lost_everybody_dies_at_its_lease() {
    let (world, _) = World::with_app(&App::default());
    let env_file = world.home().join("outside.env");
    let mut outside = outside(&world, &env_file);
    let env = variables(&world, &env_file);
    let pulls = format!("{}/_sandbox/pulls", env["GITHUB_API_URL"]);
    ureq::post(&pulls).send("{\"author\": \"mona\", \"repo\": \"octo/demo\"}").expect("a pull request is opened");
    let line = format!("preview up --pr 1 --image {} --ttl 6s", app("v1"));
    let up = world.bare(&line).as_step_of(&env).succeeds();
    let url = up.output("url").to_owned();

    outside.kill().expect("it runs");
    outside.wait().expect("it was killed");

    world.assert_serves(&url, "Stand-in");
    world.eventually("the app is gone", || world.page(&url).is_none().then_some(()));
    world.finish();
}
