//! What a program costs beyond the command that it runs.

use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::contender::Contender;
use crate::figures::median;
use crate::moment::Moment;

const COMMAND: &str = "/bin/true";

/// For each program, in their order. Turn by turn, so that a noisy moment of the machine hits all alike.
pub(super) fn costs(contenders: &[Contender], rounds: usize) -> io::Result<Vec<Duration>> {
    let mut alone = Vec::new();
    let mut guarded = vec![Vec::new(); contenders.len()];
    for round in 0..=rounds {
        let mut direct = Command::new(COMMAND);
        direct.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let times = contenders.iter().map(|contender| life(contender.running(&[COMMAND])));
        let (direct, times) = (life(direct)?, times.collect::<io::Result<Vec<_>>>()?);
        // The first round only warms up.
        if round > 0 {
            alone.push(direct);
            guarded.iter_mut().zip(times).for_each(|(all, time)| all.push(time));
        }
    }
    let direct = median(alone);
    Ok(guarded.into_iter().map(|times| median(times).saturating_sub(direct)).collect())
}

fn life(mut command: Command) -> io::Result<Duration> {
    let begun = Moment::now();
    let status = command.spawn()?.wait()?;
    let took = Moment::now().since(begun);
    if status.success() { Ok(took) } else { Err(io::Error::other(format!("{command:?} gave {status}"))) }
}
