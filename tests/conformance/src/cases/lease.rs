//! The lease: what `supervise` promises beyond a time limit.

use crate::case::Outcome;
use crate::program::{Duty, Kind};
use crate::setting::Setting::{First, Plain};
use crate::stage::Stage;

crate::cases! {
    last_line_tells_the_cause_and_the_code in &[First, Plain];
}

fn last_line_tells_the_cause_and_the_code(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise])?;
    let mut life = stage.run(Duty::Run, &["actor", "exit", "3"])?;
    life.ends_with(3)?;
    life.hear("{\"mayfly\":\"end\",")
}
