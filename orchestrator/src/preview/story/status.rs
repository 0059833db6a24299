//! The status of the commit: the line beside the checks.

use super::deployment::describe;
use super::markdown::moment;
use super::{Asked, Cause, Stage, Story, environment};
use crate::github::{CommitState, CommitStatus};

/// What is to be said of the commit; none where that would speak for another launch or for none.
pub fn of(story: &Story) -> Option<CommitStatus> {
    let (state, description, url) = match &story.stage {
        Stage::Queued(_) => (CommitState::Pending, "preview is queued".to_owned(), None),
        Stage::Starting(_) => (CommitState::Pending, "preview is starting".to_owned(), None),
        Stage::Ready(live) | Stage::Warning(live) => {
            (CommitState::Success, format!("preview is ready until {}", moment(live.expires)), Some(&live.url))
        }
        // The launch that took its place may be of the same commit, and has spoken.
        Stage::Ended(death) if matches!(death.cause, Cause::Asked(Asked::Replaced(_))) => return None,
        Stage::Ended(death) if death.cause.is_fault() => (CommitState::Failure, ended(&death.cause), None),
        Stage::Ended(death) => (CommitState::Success, ended(&death.cause), None),
        Stage::Failed(death) => (CommitState::Failure, format!("preview failed: {}", death.cause.words()), None),
        Stage::Refused(_) => return None,
    };
    let (context, target_url) = (environment(story.subject.pull), url.cloned());
    Some(CommitStatus { context, state, description: describe(&description), target_url })
}

fn ended(cause: &Cause) -> String {
    format!("preview ended: {}", cause.words())
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::github::CommitState;
    use crate::preview::story::fixture::{URL, death, replaced, stages, story};
    use crate::preview::story::{Cause, Stage};

    #[test]
    fn stages_become_states_of_the_commit() {
        use CommitState::{Failure, Pending, Success};
        let told: Vec<_> = stages().into_iter().filter_map(|stage| of(&story(stage))).collect();
        let states: Vec<_> = told.iter().map(|told| told.state).collect();
        assert_eq!(states, [Pending, Pending, Success, Success, Success, Failure]);
        assert_eq!(told[2].target_url.as_deref(), Some(URL));
        assert_eq!(told[4].target_url, None);
        assert!(told.iter().all(|told| told.context == "preview/pr-12" && told.description.chars().count() <= 140));
    }

    #[test]
    fn crash_is_a_failure_and_a_replaced_launch_says_nothing() {
        let crashed = of(&story(Stage::Ended(death(Cause::AppExit(139))))).expect("a status");
        assert_eq!(crashed.state, CommitState::Failure);
        assert_eq!(of(&story(replaced())), None);
    }
}
