//! With a terminal on stdin, as `docker run -it` gives it.

use std::io::Write as _;

use crate::case::Outcome;
use crate::program::{Duty, Kind};
use crate::setting::Setting::{First, Plain};
use crate::stage::Stage;

crate::cases! {
    child_has_the_terminal in &[First, Plain];
    control_c_ends_the_child in &[First, Plain];
    shell_on_a_terminal_can_be_left in &[First, Plain];
    in_the_foreground_the_command_has_the_terminal in &[Plain];
}

const INITS: [Kind; 4] = [Kind::Supervise, Kind::Tini, Kind::DumbInit, Kind::Catatonit];

fn child_has_the_terminal(stage: &Stage) -> Outcome {
    stage.only(&INITS)?;
    let (call, _terminal) = stage.call(Duty::Run)?.on_a_terminal()?;
    let mut life = call.start(&["actor", "self"])?;
    life.ends_with(0)?;
    life.hear("terminal=foreground")
}

fn control_c_ends_the_child(stage: &Stage) -> Outcome {
    stage.only(&INITS)?;
    let (call, mut terminal) = stage.call(Duty::Run)?.on_a_terminal()?;
    let mut life = call.start(&["actor", "deaf"])?;
    life.hear("ready")?;
    terminal.write_all(b"\x03").map_err(|cause| life.broken(&format!("nothing can be typed: {cause}")))?;
    life.ends_with(128 + libc::SIGINT)
}

fn shell_on_a_terminal_can_be_left(stage: &Stage) -> Outcome {
    stage.only(&INITS)?;
    let (call, mut terminal) = stage.call(Duty::Run)?.on_a_terminal()?;
    let mut life = call.start(&["sh", "-i"])?;
    terminal.write_all(b"exit 11\n").map_err(|cause| life.broken(&format!("nothing can be typed: {cause}")))?;
    life.ends_with(11)
}

fn in_the_foreground_the_command_has_the_terminal(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Timeout, Kind::Supervise])?;
    let (call, _terminal) = stage.call(Duty::Limit("1000", &["--foreground"]))?.on_a_terminal()?;
    let mut life = call.start(&["actor", "self"])?;
    life.ends_with(0)?;
    life.hear("terminal=foreground")
}
