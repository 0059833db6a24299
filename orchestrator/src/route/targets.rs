//! A route's targets: put in, waited for, taken out.

use std::time::Duration;

use tokio::time::Instant;

use super::judge::{self, HealthVerdict, Reason};
use super::{Route, RouteError};
use crate::alb::{Alb, HealthCheck, Target};
use crate::aws::{AwsError, AwsErrorKind};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// ELB checks every 5 seconds at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Route {
    /// Puts a target in. One that is there already stays.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn attach(&self, alb: &Alb, target: &Target) -> Result<(), RouteError> {
        Ok(alb.register_target(&self.target_group, target).await?)
    }

    /// Takes a target out: it finishes what it has and gets nothing new. One that is gone is no error.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn detach(&self, alb: &Alb, target: &Target) -> Result<(), RouteError> {
        Ok(alb.deregister_targets(&self.target_group, std::slice::from_ref(target)).await?)
    }

    /// Its targets, those that are being taken out among them.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn targets(&self, alb: &Alb) -> Result<Vec<crate::alb::TargetHealth>, RouteError> {
        Ok(alb.describe_target_health(&self.target_group).await?)
    }

    /// Waits until the load balancer sends requests to a target.
    ///
    /// # Errors
    /// It was not so in time, never will be, or AWS refuses.
    pub async fn until_healthy(
        &self,
        alb: &Alb,
        target: &Target,
        check: &HealthCheck,
        limit: Duration,
    ) -> Result<(), RouteError> {
        let (begun, mut pause) = (Instant::now(), FIRST_PAUSE);
        let mut last = Reason { why: "AWS did not tell".to_owned(), fix: "start the preview again".to_owned() };
        loop {
            match self.look(alb, target, check).await? {
                Some(HealthVerdict::Healthy) => return Ok(()),
                Some(HealthVerdict::Never(reason)) => return Err(not_healthy(target, begun.elapsed(), reason)),
                Some(HealthVerdict::NotYet(reason)) => last = reason,
                None => {}
            }
            if begun.elapsed() >= limit {
                return Err(not_healthy(target, limit, last));
            }
            tokio::time::sleep(pause.min(limit.saturating_sub(begun.elapsed()))).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    /// A look that fails in passing is only a look less.
    async fn look(&self, alb: &Alb, target: &Target, check: &HealthCheck) -> Result<Option<HealthVerdict>, AwsError> {
        match alb.describe_target_health(&self.target_group).await {
            Ok(seen) => Ok(Some(judge::health(seen.iter().find(|seen| seen.target == *target), check))),
            Err(fault) if matches!(fault.kind, AwsErrorKind::Throttled | AwsErrorKind::Unavailable) => {
                tracing::warn!(%fault, "could not look at the target, looking again");
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }
}

fn not_healthy(target: &Target, after: Duration, reason: Reason) -> RouteError {
    RouteError::NotHealthy { target: target.clone(), after, why: reason.why, fix: reason.fix }
}
