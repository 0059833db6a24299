//! Webhook payloads: what a workflow finds at `GITHUB_EVENT_PATH`.

use serde_json::{Value, json};

use super::directory::{Account, Repo};
use super::issue::CommentId;
use super::render;
use super::state::State;

/// What became of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentAction {
    /// It was written.
    Created,
    /// It was changed.
    Edited,
    /// It is about to be deleted: the payload still has it.
    Deleted,
}

impl CommentAction {
    fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Edited => "edited",
            Self::Deleted => "deleted",
        }
    }
}

/// The event `issue_comment`. It has the number of the pull request, and neither its head nor its branch.
pub(crate) fn issue_comment(state: &State, id: CommentId, action: CommentAction, base: &str) -> Option<Value> {
    let comment = state.comments.get(&id)?;
    let repo = state.directory.repo_by_id(comment.issue.repo)?;
    let issue = state.issues.get(&comment.issue)?;
    let mut payload = json!({
        "action": action.name(),
        "issue": render::issue(state, issue, repo, base),
        "comment": render::comment(state, comment, repo, base)?,
        "repository": render::whole_repository(repo, base),
        "organization": organization(repo, base),
        "sender": render::user(&state.user(&comment.author)?, base),
    });
    if action == CommentAction::Edited {
        payload["changes"] = json!({ "body": { "from": comment.before } });
    }
    Some(payload)
}

fn organization(repo: &Repo, base: &str) -> Value {
    let owner = Account { id: repo.owner_id, login: repo.owner.clone() };
    let account = render::account(&owner, base);
    let url = format!("{base}/orgs/{}", owner.login);
    json!({
        "login": owner.login,
        "id": owner.id,
        "node_id": account["node_id"],
        "url": url,
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events"),
        "hooks_url": format!("{url}/hooks"),
        "issues_url": format!("{url}/issues"),
        "members_url": format!("{url}/members{{/member}}"),
        "public_members_url": format!("{url}/public_members{{/member}}"),
        "avatar_url": account["avatar_url"],
        "description": "",
    })
}
