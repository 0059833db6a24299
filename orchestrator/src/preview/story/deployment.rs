//! The deployment of a launch: one environment for each pull request, one deployment for each launch.

use serde_json::json;

use super::markdown::{clean, moment, shorten};
use super::{Stage, Story, environment};
use crate::github::{DeploymentState, DeploymentStatus, NewDeployment};

/// Where the payload tells the launch.
pub const MARK: &str = "mayfly";
/// GitHub's limit for descriptions, in characters.
pub(super) const DESCRIPTION: usize = 140;

/// The deployment to note, where there is none yet; none for a launch that is over or was never started.
pub fn announce(story: &Story) -> Option<NewDeployment> {
    if story.stage.is_last() {
        return None;
    }
    let subject = &story.subject;
    Some(NewDeployment {
        sha: subject.sha.clone(),
        environment: environment(subject.pull),
        description: describe(&format!("preview of pull request {}", subject.pull)),
        mark: (MARK, subject.launch.to_string()),
        payload: json!({ "task": subject.task, "image": subject.image }),
    })
}

/// What is to be told of the deployment.
pub fn status(story: &Story) -> Option<DeploymentStatus> {
    let (state, description, url) = match &story.stage {
        Stage::Queued(_) => (DeploymentState::Queued, "queued".to_owned(), None),
        Stage::Starting(_) => (DeploymentState::InProgress, "starting".to_owned(), None),
        Stage::Ready(live) | Stage::Warning(live) => {
            (DeploymentState::Success, format!("ready until {}", moment(live.expires)), Some(&live.url))
        }
        Stage::Ended(death) => (DeploymentState::Inactive, format!("ended: {}", death.cause.words()), None),
        Stage::Failed(death) => (DeploymentState::Failure, format!("failed: {}", death.cause.words()), None),
        Stage::Refused(_) => return None,
    };
    let (state, environment_url) = (state.name().to_owned(), url.cloned().unwrap_or_default());
    Some(DeploymentStatus { state, description: describe(&description), environment_url })
}

/// Whether what was told last says that the launch is over, so that nothing else may follow.
pub fn is_over(last: &DeploymentStatus) -> bool {
    [DeploymentState::Inactive, DeploymentState::Failure].iter().any(|state| state.name() == last.state)
}

/// Fits a text into a description.
pub(super) fn describe(text: &str) -> String {
    shorten(&clean(text), DESCRIPTION)
}

#[cfg(test)]
mod tests {
    use super::{MARK, announce, describe, is_over, status};
    use crate::preview::story::fixture::{FIRST, SHA, URL, stages, story};

    #[test]
    fn stages_become_githubs_states_and_end_inactive() {
        let told: Vec<_> = stages().into_iter().map(|stage| status(&story(stage))).collect();
        let states: Vec<_> = told.iter().flatten().map(|told| told.state.as_str()).collect();
        assert_eq!(states, ["queued", "in_progress", "success", "success", "inactive", "failure"]);
        assert_eq!(told[6], None);
        let urls: Vec<_> = told.iter().flatten().map(|told| told.environment_url.as_str()).collect();
        assert_eq!(urls, ["", "", URL, URL, "", ""]);
        assert_eq!(told.iter().flatten().filter(|told| is_over(told)).count(), 2);
    }

    #[test]
    fn only_a_launch_that_is_not_over_is_announced_and_its_mark_is_the_launch() {
        let announced: Vec<_> = stages().into_iter().filter_map(|stage| announce(&story(stage))).collect();
        assert_eq!(announced.len(), 4);
        let new = &announced[0];
        assert_eq!((new.environment.as_str(), new.sha.as_str()), ("preview/pr-12", SHA));
        assert_eq!(new.mark, (MARK, FIRST.to_owned()));
    }

    #[test]
    fn descriptions_have_at_most_140_characters() {
        assert_eq!(describe(&"ä".repeat(500)).chars().count(), 140);
    }
}
