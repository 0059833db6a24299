//! `mayfly runner list`: both sides joined, one line each.

use e2e::{Ran, World};
use sandbox::github::{Fault, FaultKind};
use serde_json::Value;

#[track_caller]
fn list(world: &World, flags: &str) -> Vec<Value> {
    let ran = world.step(&format!("runner list --output json {flags}")).with_token(world).succeeds();
    ran.json().as_array().expect("the answer is an array").clone()
}

#[track_caller]
fn row<'r>(rows: &'r [Value], start: &Ran) -> &'r Value {
    let row = rows.iter().find(|row| row["runner_name"] == start.output("runner-name"));
    row.unwrap_or_else(|| panic!("no line for {}: {rows:#?}", start.output("runner-name")))
}

#[test]
fn live_machine_ghost_orphan_and_stranger_are_told_apart() {
    let world = World::start();
    let live = world.step("runner start").succeeds();
    // A task that runs, and whose registration has not come about.
    world.sandbox.github.fault(Fault::once("POST", "*/generate-jitconfig", FaultKind::Delay(3_000)));
    let orphan = world.step("runner start --key orphan --wait running").succeeds();
    // A runner of this place that no task belongs to: the name of a real one, under another id.
    let ghost = live.output("runner-name").replace(&live.label().replace('-', ""), &"0".repeat(32));
    let (ghost_id, stranger_id) = (world.add_runner(&ghost), world.add_runner("somebody-elses-runner"));

    let rows = list(&world, "");

    let marks: Vec<&Value> = [&live, &orphan].iter().map(|start| &row(&rows, start)["mark"]).collect();
    assert_eq!(marks, [&Value::Null, &Value::from("orphan")]);
    assert_eq!(row(&rows, &live)["runner"], "online");
    let ghosts: Vec<&Value> = rows.iter().filter(|row| row["mark"] == "ghost").map(|row| &row["runner_name"]).collect();
    assert_eq!(ghosts, [&ghost]);
    assert_eq!(rows.len(), 3, "others' runners are none of our business: {rows:#?}");

    world.sandbox.github.forget_runner(ghost_id);
    world.sandbox.github.forget_runner(stranger_id);
    world.put_away(&live);
    world.put_away(&orphan);
    world.finish();
}

#[test]
fn ended_machines_are_listed_only_when_asked_for() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    world.put_away(&start);
    assert_eq!(list(&world, "").len(), 0);
    let all = list(&world, "--all");
    assert_eq!(row(&all, &start)["state"], "STOPPED");
    world.finish();
}

#[test]
fn without_a_credential_the_runners_are_unknown_and_nothing_is_marked() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    let ran = world.step("runner list --output json").succeeds();
    let rows = ran.json();
    assert_eq!((&rows[0]["runner"], &rows[0]["mark"]), (&"unknown".into(), &Value::Null));
    world.put_away(&start);
    world.finish();
}

#[test]
fn table_has_one_line_for_each_machine_and_says_when_there_is_none() {
    let world = World::start();
    let none = world.step("runner list").with_token(&world).succeeds();
    assert_eq!(none.stdout.trim(), "no machines");
    let start = world.step("runner start --count 2").succeeds();
    let table = world.step("runner list").with_token(&world).succeeds();
    assert_eq!(table.stdout.lines().filter(|line| line.contains(start.label())).count(), 2, "{}", table.stdout);
    assert!(table.stdout.contains("octo/demo"), "{}", table.stdout);
    world.put_away(&start);
    world.finish();
}
