//! Issues, pull requests, comments, reactions and commits as GitHub's JSON.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::people::{login, via};
use super::{node_id, whole_repository};
use crate::clock::rfc3339;
use crate::github::directory::Repo;
use crate::github::issue::{Comment, Commit, Emotion, Issue, IssueState, Origin, Pull, Reaction, Standing};
use crate::github::state::{MAIN_SHA, State};

/// What issues and pull requests have in common.
fn common(state: &State, issue: &Issue, repo: &Repo, base: &str) -> Value {
    json!({
        "id": issue.key,
        "number": issue.id.number,
        "title": issue.title,
        "body": issue.body,
        "user": login(state, &issue.author, base),
        "state": issue.state.name(),
        "locked": issue.locked,
        "active_lock_reason": Value::Null,
        "labels": [],
        "assignee": Value::Null,
        "assignees": [],
        "milestone": Value::Null,
        "author_association": state.association(repo, &issue.author),
        "created_at": rfc3339(issue.created_at),
        "updated_at": rfc3339(issue.updated_at),
        "closed_at": issue.closed_at.map(rfc3339),
    })
}

fn html_url(issue: &Issue, repo: &Repo, base: &str) -> String {
    let kind = if issue.pull.is_some() { "pull" } else { "issues" };
    format!("{base}/{}/{kind}/{}", repo.full_name(), issue.id.number)
}

fn issue_url(issue: &Issue, repo: &Repo, base: &str) -> String {
    format!("{base}/repos/{}/issues/{}", repo.full_name(), issue.id.number)
}

pub(crate) fn issue(state: &State, issue: &Issue, repo: &Repo, base: &str) -> Value {
    let (url, page) = (issue_url(issue, repo, base), html_url(issue, repo, base));
    let mut body = common(state, issue, repo, base);
    let more = json!({
        "node_id": node_id("I", issue.key),
        "url": url,
        "html_url": page,
        "repository_url": format!("{base}/repos/{}", repo.full_name()),
        "labels_url": format!("{url}/labels{{/name}}"),
        "comments_url": format!("{url}/comments"),
        "events_url": format!("{url}/events"),
        "timeline_url": format!("{url}/timeline"),
        "comments": state.comments_of(issue.id).count(),
        "performed_via_github_app": Value::Null,
        "state_reason": Value::Null,
        "reactions": rollup(&[], &url),
    });
    extend(&mut body, more);
    if let Some(pull) = &issue.pull {
        body["draft"] = pull.draft.into();
        body["pull_request"] = json!({
            "url": format!("{base}/repos/{}/pulls/{}", repo.full_name(), issue.id.number),
            "html_url": page,
            "diff_url": format!("{page}.diff"),
            "patch_url": format!("{page}.patch"),
            "merged_at": pull.merged_at.map(rfc3339),
        });
    }
    body
}

fn extend(body: &mut Value, more: Value) {
    if let (Value::Object(members), Value::Object(more)) = (body, more) {
        members.extend(more);
    }
}

/// As the list has it. `None`: it is no pull request.
pub(crate) fn pull_in_list(state: &State, issue: &Issue, repo: &Repo, base: &str) -> Option<Value> {
    let pull = issue.pull.as_ref()?;
    let mut body = common(state, issue, repo, base);
    extend(&mut body, pull_links(issue, pull, repo, base));
    let more = json!({
        "node_id": node_id("PR", issue.key),
        "draft": pull.draft,
        "merged_at": pull.merged_at.map(rfc3339),
        "merge_commit_sha": MAIN_SHA,
        "auto_merge": Value::Null,
        "requested_reviewers": [],
        "requested_teams": [],
        "head": head(state, issue, pull, repo, base),
        "base": {
            "label": format!("{}:{}", repo.owner, pull.base),
            "ref": pull.base,
            "sha": MAIN_SHA,
            "user": super::owner(repo, base),
            "repo": whole_repository(repo, base),
        },
    });
    extend(&mut body, more);
    Some(body)
}

fn pull_links(issue: &Issue, pull: &Pull, repo: &Repo, base: &str) -> Value {
    let url = format!("{base}/repos/{}/pulls/{}", repo.full_name(), issue.id.number);
    let (page, of_issue) = (html_url(issue, repo, base), issue_url(issue, repo, base));
    let statuses = format!("{base}/repos/{}/statuses/{}", repo.full_name(), pull.head());
    let review_comment = format!("{base}/repos/{}/pulls/comments{{/number}}", repo.full_name());
    let href = |url: &str| json!({ "href": url });
    json!({
        "url": url,
        "html_url": page,
        "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"),
        "issue_url": of_issue,
        "commits_url": format!("{url}/commits"),
        "comments_url": format!("{of_issue}/comments"),
        "review_comments_url": format!("{url}/comments"),
        "review_comment_url": review_comment,
        "statuses_url": statuses,
        "_links": {
            "self": href(&url),
            "html": href(&page),
            "issue": href(&of_issue),
            "comments": href(&format!("{of_issue}/comments")),
            "commits": href(&format!("{url}/commits")),
            "review_comments": href(&format!("{url}/comments")),
            "review_comment": href(&review_comment),
            "statuses": href(&statuses),
        },
    })
}

fn head(state: &State, issue: &Issue, pull: &Pull, repo: &Repo, base: &str) -> Value {
    let (user, mut shown) = match &pull.origin {
        Origin::Here => (super::owner(repo, base), whole_repository(repo, base)),
        Origin::Fork(name) => (login(state, &issue.author, base), fork(repo, name, base)),
        Origin::DeletedFork(_) => (login(state, &issue.author, base), Value::Null),
    };
    if let Some(at) = last_push(state, pull, issue.id.repo).filter(|_| shown.is_object()) {
        shown["pushed_at"] = rfc3339(at).into();
    }
    let owner = match &pull.origin {
        Origin::Here => repo.owner.as_str(),
        Origin::Fork(name) | Origin::DeletedFork(name) => name.split('/').next().unwrap_or_default(),
    };
    json!({
        "label": format!("{owner}:{}", pull.branch),
        "ref": pull.branch,
        "sha": pull.head(),
        "user": user,
        "repo": shown,
    })
}

/// When the repository that the branch is in was pushed to last, whatever branch it was.
fn last_push(state: &State, pull: &Pull, repo: u64) -> Option<OffsetDateTime> {
    let pulls = state.issues.values().filter(|issue| issue.id.repo == repo).filter_map(|issue| issue.pull.as_ref());
    pulls.filter(|other| other.origin == pull.origin).filter_map(|other| other.pushed_at).max()
}

/// A fork is no repository of the stand-in: nothing but its name is known.
fn fork(of: &Repo, full_name: &str, base: &str) -> Value {
    let (owner, name) = full_name.split_once('/').unwrap_or((full_name, &of.name));
    let fork = Repo { id: of.id + 1_000_000, owner: owner.to_owned(), name: name.to_owned(), ..of.clone() };
    let mut body = whole_repository(&fork, base);
    body["fork"] = true.into();
    body["owner"]["type"] = "User".into();
    body
}

/// As it is shown alone.
pub(crate) fn pull(state: &State, issue: &Issue, repo: &Repo, base: &str) -> Option<Value> {
    let pull = issue.pull.as_ref()?;
    let mut body = pull_in_list(state, issue, repo, base)?;
    let conflicting = pull.standing == Standing::Conflicting;
    let more = json!({
        "merged": pull.is_merged(),
        "merged_by": Value::Null,
        // Of what is closed GitHub does not know.
        "mergeable": (issue.state == IssueState::Open).then_some(!conflicting),
        "mergeable_state": if conflicting { "dirty" } else { "clean" },
        "rebaseable": !conflicting,
        "maintainer_can_modify": false,
        "comments": state.comments_of(issue.id).count(),
        "review_comments": 0,
        "commits": pull.commits.len(),
        "additions": 1,
        "deletions": 1,
        "changed_files": 1,
    });
    extend(&mut body, more);
    Some(body)
}

fn rollup(reactions: &[Reaction], of: &str) -> Value {
    let mut body = json!({ "url": format!("{of}/reactions"), "total_count": reactions.len() });
    for emotion in Emotion::ALL {
        body[emotion.name()] = reactions.iter().filter(|reaction| reaction.content == emotion).count().into();
    }
    body
}

/// `None`: its issue is gone.
pub(crate) fn comment(state: &State, comment: &Comment, repo: &Repo, base: &str) -> Option<Value> {
    let issue = state.issues.get(&comment.issue)?;
    let url = format!("{base}/repos/{}/issues/comments/{}", repo.full_name(), comment.id);
    Some(json!({
        "id": comment.id,
        "node_id": node_id("IC", comment.id),
        "url": url,
        "html_url": format!("{}#issuecomment-{}", html_url(issue, repo, base), comment.id),
        "issue_url": issue_url(issue, repo, base),
        "user": login(state, &comment.author, base),
        "body": comment.body,
        "author_association": state.association(repo, &comment.author),
        "created_at": rfc3339(comment.created_at),
        "updated_at": rfc3339(comment.updated_at),
        "performed_via_github_app": via(state, comment.app, base),
        "reactions": rollup(&comment.reactions, &url),
    }))
}

pub(crate) fn reaction(state: &State, reaction: &Reaction, base: &str) -> Value {
    json!({
        "id": reaction.id,
        "node_id": node_id("REA", reaction.id),
        "user": login(state, &reaction.user, base),
        "content": reaction.content,
        "created_at": rfc3339(reaction.created_at),
    })
}

pub(crate) fn commit(state: &State, commit: &Commit, repo: &Repo, base: &str) -> Value {
    let url = format!("{base}/repos/{}/commits/{}", repo.full_name(), commit.sha);
    let email = format!("{}@users.noreply.github.com", commit.author);
    let signature = json!({ "name": commit.author, "email": email, "date": rfc3339(commit.at) });
    let tree =
        json!({ "sha": commit.sha, "url": format!("{base}/repos/{}/git/trees/{}", repo.full_name(), commit.sha) });
    json!({
        "sha": commit.sha,
        "node_id": format!("C_{}", commit.sha),
        "url": url,
        "html_url": format!("{base}/{}/commit/{}", repo.full_name(), commit.sha),
        "comments_url": format!("{url}/comments"),
        "commit": {
            "author": signature,
            "committer": signature,
            "message": commit.message,
            "tree": tree,
            "url": format!("{base}/repos/{}/git/commits/{}", repo.full_name(), commit.sha),
            "comment_count": 0,
            "verification":
                { "verified": false, "reason": "unsigned", "signature": Value::Null, "payload": Value::Null, "verified_at": Value::Null },
        },
        "author": login(state, &commit.author, base),
        "committer": login(state, &commit.author, base),
        "parents": [],
    })
}
