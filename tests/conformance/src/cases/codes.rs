//! The end of the child is told by the exit code.

use std::fs::{self, File};
use std::io::Write as _;

use crate::case::{Flaw, Outcome};
use crate::ensure;
use crate::program::{Duty, Kind};
use crate::setting::Setting::{First, Plain, Subreaper};
use crate::stage::Stage;

crate::cases! {
    exit_code_of_the_child_is_handed_on in &[First, Subreaper, Plain];
    death_of_the_child_by_a_signal_is_128_and_its_number in &[First, Subreaper, Plain];
    missing_command_is_127 in &[First, Plain];
    command_that_cannot_be_executed_is_126 in &[First, Plain];
    missing_command_is_named in &[First, Plain];
    child_that_ends_at_once_is_not_missed in &[First, Plain];
    stdin_reaches_the_child in &[First, Plain];
    two_dashes_end_the_options_once in &[Plain];
    folder_of_the_child_is_kept in &[First, Plain];
}

fn exit_code_of_the_child_is_handed_on(stage: &Stage) -> Outcome {
    for code in [0, 1, 2, 32, 64, 127, 254, 255] {
        stage.run(Duty::Run, &["actor", "exit", &code.to_string()])?.ends_with(code)?;
    }
    Ok(())
}

fn death_of_the_child_by_a_signal_is_128_and_its_number(stage: &Stage) -> Outcome {
    for (name, number) in [("HUP", 1), ("QUIT", 3), ("KILL", 9), ("USR2", 12), ("TERM", 15)] {
        stage.run(Duty::Run, &["actor", "die", name])?.ends_with(128 + number)?;
    }
    Ok(())
}

fn missing_command_is_127(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise, Kind::Tini, Kind::Catatonit, Kind::Timeout])?;
    stage.run(Duty::Run, &["no-such-command"])?.ends_with(127)?;
    stage.run(Duty::Run, &["/no/such/command"])?.ends_with(127)
}

fn command_that_cannot_be_executed_is_126(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise, Kind::Tini, Kind::Timeout])?;
    stage.run(Duty::Run, &["/etc"])?.ends_with(126)?;
    let call = stage.call(Duty::Run)?;
    let file = call.note("not-executable");
    fs::write(&file, "").map_err(|cause| Flaw::Broken(format!("no file: {cause}")))?;
    call.start(&[&file.display().to_string()])?.ends_with(126)
}

fn missing_command_is_named(stage: &Stage) -> Outcome {
    let mut life = stage.run(Duty::Run, &["/no/such/command"])?;
    let code = life.end()?;
    ensure!(code != 0, "a missing command gave code 0");
    life.hear("/no/such/command")
}

fn child_that_ends_at_once_is_not_missed(stage: &Stage) -> Outcome {
    for _ in 0..20 {
        stage.run(Duty::Run, &["true"])?.ends_with(0)?;
    }
    Ok(())
}

fn stdin_reaches_the_child(stage: &Stage) -> Outcome {
    let call = stage.call(Duty::Run)?;
    let path = call.note("input");
    let written = File::create(&path).and_then(|mut file| file.write_all(b"exit 42\n")).and_then(|()| File::open(path));
    let input = written.map_err(|cause| Flaw::Broken(format!("no input: {cause}")))?;
    call.reading(input).start(&["sh"])?.ends_with(42)
}

fn two_dashes_end_the_options_once(stage: &Stage) -> Outcome {
    let before: &[&str] = if stage.kind() == Kind::Timeout { &["--", "1000"] } else { &["--"] };
    stage.run(Duty::Words(before), &["true"])?.ends_with(0)?;
    let code = stage.run(Duty::Words(before), &["--", "true"])?.end()?;
    ensure!(code != 0, "a command called `--` gave code 0");
    Ok(())
}

fn folder_of_the_child_is_kept(stage: &Stage) -> Outcome {
    let mut life = stage.run(Duty::Run, &["actor", "self"])?;
    life.ends_with(0)?;
    let here = std::env::current_dir().unwrap_or_default();
    life.hear(&format!("cwd={}\n", here.display()))
}
