//! What is refused before anything is started: too many previews, or one that costs too much.

use std::time::{Duration, SystemTime};

use super::super::hands::Ended;
use super::super::observed::Preview;
use super::super::story::Stage;
use super::Up;
use crate::commands::preview::list::table;
use crate::config::preview::WhenFull;
use crate::error::Error;
use crate::output::say;
use crate::price;

/// Between two looks for a place.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

impl Up<'_> {
    /// Says the price, and refuses what the guards refuse; waits for a place where that is wanted.
    pub(super) async fn guard(&self) -> Result<(), Error> {
        self.check_price()?;
        let Some(most) = self.config.guards.max_previews else { return Ok(()) };
        let mut told = false;
        loop {
            let others = self.others().await?;
            if others.len() < most as usize {
                return Ok(());
            }
            let full = format!("{} of {most} previews live", others.len());
            if self.config.guards.when_full == WhenFull::Refuse {
                return Err(refused(&full, &others, &self.hands.aws.region));
            }
            if !told {
                say(&format!("mayfly: waiting for a place: {full}"));
                self.tell(Stage::Queued(full.clone())).await;
                told = true;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn check_price(&self) -> Result<(), Error> {
        // The dearest of the modes that may be tried: the ladder may end there.
        let Some(size) = self.shape.size() else { return Ok(()) };
        let prices = self.config.modes.iter().filter_map(|mode| price::of_size(size, *mode, &self.hands.aws.region));
        let Some(dearest) = prices.max_by(|a, b| a.usd.total_cmp(&b.usd)) else { return Ok(()) };
        let hours = self.wish.lease.ttl.as_secs_f64() / 3_600.0;
        say(&format!(
            "mayfly: costs {:.4} USD an hour, {:.4} for the lease ({})",
            dearest.usd,
            dearest.usd * hours,
            dearest.note
        ));
        match self.config.guards.max_hourly {
            Some(most) if dearest.usd > most => Err(Error::Refused {
                text: format!("it would cost {:.4} USD an hour, more than --max-hourly {most}", dearest.usd),
                fix: "make it smaller (--cpu, --memory), or allow more (--max-hourly)".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Previews that stand in the way: those of other slots. One's own gives its place away.
    async fn others(&self) -> Result<Vec<Preview>, Error> {
        let all = self.hands.previews(Ended::Left).await?;
        Ok(all.into_iter().filter(|preview| preview.is_staying() && preview.slot != self.wish.slot).collect())
    }
}

fn refused(full: &str, others: &[Preview], region: &str) -> Error {
    let list = table(others, region, SystemTime::now());
    Error::Refused {
        text: format!("{full}, and nobody's is ended for another one\n{}", list.trim_end()),
        fix:
            "end one (mayfly preview down --pr N), allow more (--max-previews), or wait for a place (--when-full wait)"
                .to_owned(),
    }
}
