//! What is done after a failure: what this launch has started goes, what was there before stays.

use std::sync::atomic::Ordering;

use super::super::hands::Ended;
use super::super::obituary;
use super::super::observed::Preview;
use super::super::story::certificate::Asked;
use super::super::story::{Stage, Story};
use super::{Started, Up};
use crate::error::Error;
use crate::output::say;

impl Up<'_> {
    /// Cleans up after a failure; what was there before is left alone.
    pub(super) async fn put_away(&self, started: &Started, fault: &Error) {
        let preview = &started.preview;
        let serves = self.progress.serves.load(Ordering::Relaxed);
        if self.wish.keep || started.launched.adopted || serves {
            say(&format!("mayfly: task {} is left running", preview.task.arn.task_id()));
            return;
        }
        if let Err(fault) = self.hands.end(preview, &Asked::GivenUp).await {
            say(&format!("mayfly: could not clean up: {}; its lease ends it", fault.paragraph()));
        }
        let others = self.hands.of_slot(&preview.slot, Ended::Left).await;
        // Where the others cannot be seen, one of them may be behind the route.
        if others.is_ok_and(|others| others.iter().all(|other| other.id == preview.id || !other.is_staying())) {
            match self.hands.remove_route(&preview.slot).await {
                Ok(_) => say(&format!("mayfly: cleaned up: task {} is being stopped", preview.task.arn.task_id())),
                Err(fault) => say(&format!("mayfly: could not remove the route: {}", fault.paragraph())),
            }
        }
        let task = self.hands.look(&preview.task.arn).await.ok().flatten();
        let preview = Preview { task: task.unwrap_or_else(|| preview.task.clone()), ..preview.clone() };
        let mut death = obituary::of(&preview, None, &self.hands.ecs, &self.hands.aws).await;
        death.detail = Some(fault.paragraph());
        self.hands.tell(&Story { subject: self.hands.subject(&preview), stage: Stage::Failed(death) }).await;
    }
}
