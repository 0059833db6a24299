//! How long after its limit a program is gone.

use std::io;
use std::time::Duration;

use super::contender::Contender;
use crate::figures::median;
use crate::moment::Moment;

pub(super) const LIMIT: Duration = Duration::from_millis(500);
const WRITTEN: &str = "0.5";

/// For each program, in their order; nothing for those without a clock. Turn by turn, as all else.
pub(super) fn lateness(contenders: &[Contender], rounds: usize) -> io::Result<Vec<Option<Duration>>> {
    let mut late = vec![Vec::new(); contenders.len()];
    for _ in 0..rounds {
        for (contender, times) in contenders.iter().zip(&mut late) {
            let Some(mut command) = contender.limiting(WRITTEN, &["sleep", "1000"]) else { continue };
            let begun = Moment::now();
            command.spawn()?.wait()?;
            times.push(Moment::now().since(begun).saturating_sub(LIMIT));
        }
    }
    Ok(late.into_iter().map(|times| (!times.is_empty()).then(|| median(times))).collect())
}
