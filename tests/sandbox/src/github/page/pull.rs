//! The page of one pull request.

use std::collections::BTreeMap;

use axum::response::Response;

use super::parts::{RUNNER_COLUMNS, TASK_COLUMNS, ago, card, link, pill, row, runner, sha, state_of, task};
use super::{Moment, TaskCard, escape, markdown, page};
use crate::github::deploy::Deployment;
use crate::github::directory::Repo;
use crate::github::issue::{Comment, Emotion, Issue, Origin, Pull};
use crate::github::people::Kind;
use crate::github::run::Event;
use crate::github::runner::Runner;
use crate::github::state::State;

/// The whole page. `None`: no repository has such an issue.
pub(crate) fn pull(state: &State, number: u64, tasks: &[TaskCard], moment: &Moment) -> Option<Response> {
    let issue = state.issues.values().find(|issue| issue.id.number == number)?;
    let title = format!("{} #{number}", issue.title);
    let content = format!(
        "{}<div class=\"columns\"><div class=\"thread\">{}</div><aside>{}{}</aside></div>{}",
        heading(state, issue),
        thread(state, issue, moment),
        deployments(state, issue, moment),
        statuses(state, issue, moment),
        machines(state, issue, tasks, moment),
    );
    Some(page(&title, &content, moment))
}

fn heading(state: &State, issue: &Issue) -> String {
    let repo = state.directory.repo_by_id(issue.id.repo).map(Repo::full_name).unwrap_or_default();
    let way = issue.pull.as_ref().map(|pull| way(issue, pull)).unwrap_or_default();
    let locked = if issue.locked { pill("locked") } else { String::new() };
    format!(
        "<div class=\"title\"><h1>{} <span class=\"number\">#{}</span></h1><p>{} {locked}\
         <span class=\"repo\">{}</span> {way}</p></div>",
        escape(&issue.title),
        issue.id.number,
        pill(state_of(issue)),
        escape(&repo),
    )
}

fn way(issue: &Issue, pull: &Pull) -> String {
    let from = match &pull.origin {
        Origin::Here => escape(&pull.branch),
        Origin::Fork(name) => format!("{}:{} (fork)", escape(name), escape(&pull.branch)),
        Origin::DeletedFork(name) => format!("{}:{} (fork, deleted)", escape(name), escape(&pull.branch)),
    };
    format!(
        "<b>{}</b> wants to merge <code>{from}</code> into <code>{}</code> at {}",
        escape(&issue.author),
        escape(&pull.base),
        sha(pull.head()),
    )
}

fn thread(state: &State, issue: &Issue, moment: &Moment) -> String {
    let opening = if issue.body.is_empty() { "*No description.*" } else { &issue.body };
    let mut thread = bubble(state, &issue.author, &ago(issue.created_at, moment.now), opening, "");
    for comment in state.comments_of(issue.id) {
        thread.push_str(&said(state, comment, moment));
    }
    thread
}

fn said(state: &State, comment: &Comment, moment: &Moment) -> String {
    let edited = comment.updated_at != comment.created_at;
    let edited = if edited { format!(" · edited {}", ago(comment.updated_at, moment.now)) } else { String::new() };
    let when = format!("{}{edited}", ago(comment.created_at, moment.now));
    bubble(state, &comment.author, &when, &comment.body, &reactions(comment))
}

/// One thing that was said; `when` and `below` are HTML.
fn bubble(state: &State, author: &str, when: &str, body: &str, below: &str) -> String {
    let is_bot = state.user(author).is_some_and(|user| user.kind == Kind::Bot);
    let bot = if is_bot { " <span class=\"bot\">bot</span>" } else { "" };
    format!(
        "<article class=\"comment\"><div class=\"by\"><b>{}</b>{bot} <span class=\"when\">{when}</span></div>\
         <div class=\"markdown\">{}</div>{below}</article>",
        escape(author.trim_end_matches("[bot]")),
        markdown::render(body),
    )
}

fn reactions(comment: &Comment) -> String {
    let of = |emotion: Emotion| comment.reactions.iter().filter(move |one| one.content == emotion);
    let given = Emotion::ALL.into_iter().filter(|emotion| of(*emotion).next().is_some());
    let shown: String = given
        .map(|emotion| {
            let who: Vec<&str> = of(emotion).map(|one| one.user.as_str()).collect();
            format!(
                "<span class=\"reaction\" title=\"{}\">{} {}</span>",
                escape(&who.join(", ")),
                emotion.picture(),
                who.len()
            )
        })
        .collect();
    if shown.is_empty() { shown } else { format!("<div class=\"reactions\">{shown}</div>") }
}

/// Commits of this pull request; of an issue there are none.
fn commits(issue: &Issue) -> &[String] {
    issue.pull.as_ref().map_or(&[], |pull| &pull.commits)
}

fn deployments(state: &State, issue: &Issue, moment: &Moment) -> String {
    let here = state.deployments.values().rev();
    let mine = here.filter(|one| one.repo == issue.id.repo && commits(issue).contains(&one.sha));
    let rows: Vec<String> = mine.map(|one| deployment(one, moment)).collect();
    card("Deployments", &["Environment", "State", "Commit"], &rows)
}

fn deployment(one: &Deployment, moment: &Moment) -> String {
    let description = one.statuses.last().map(|status| status.description.as_str()).unwrap_or_default();
    let url = one.url().map(|url| format!("<div class=\"small\">{}</div>", link(url))).unwrap_or_default();
    row(&[
        format!("<b>{}</b>{url}<div class=\"small\">{}</div>", escape(&one.environment), escape(description)),
        pill(one.shown_state()),
        format!("{}<div class=\"small\">{}</div>", sha(&one.sha), ago(one.updated_at, moment.now)),
    ])
}

fn statuses(state: &State, issue: &Issue, moment: &Moment) -> String {
    let mut rows = Vec::new();
    for commit in commits(issue).iter().rev() {
        for status in state.latest_statuses(issue.id.repo, commit) {
            let target = status.target_url.as_deref().map(|url| format!("<div class=\"small\">{}</div>", link(url)));
            let description = escape(status.description.as_deref().unwrap_or_default());
            rows.push(row(&[
                format!(
                    "<b>{}</b><div class=\"small\">{description}</div>{}",
                    escape(&status.context),
                    target.unwrap_or_default()
                ),
                pill(status.state.name()),
                format!("{}<div class=\"small\">{}</div>", sha(commit), ago(status.created_at, moment.now)),
            ]));
        }
    }
    card("Commit statuses", &["Context", "State", "Commit"], &rows)
}

/// Tasks of this pull request, and runners of its workflow runs.
fn machines(state: &State, issue: &Issue, tasks: &[TaskCard], moment: &Moment) -> String {
    let repo = state.directory.repo_by_id(issue.id.repo).map(Repo::full_name);
    let here = |task: &&&TaskCard| task.repo.is_none() || task.repo == repo;
    let mine: Vec<&TaskCard> = tasks.iter().rev().filter(|task| task.pull == Some(issue.id.number)).collect();
    let tasks: Vec<String> = mine.iter().filter(here).map(|one| task(one, moment.now)).collect();
    let by_id: BTreeMap<u64, &Runner> = runners_of(state, issue).collect();
    let runners: Vec<String> = by_id.into_values().map(|one| runner(one, moment.now)).collect();
    card("ECS tasks", TASK_COLUMNS, &tasks) + &card("Runners", RUNNER_COLUMNS, &runners)
}

fn runners_of<'a>(state: &'a State, issue: &Issue) -> impl Iterator<Item = (u64, &'a Runner)> {
    let (repo, number) = (issue.id.repo, issue.id.number);
    let runs = state.runs.values().filter(move |run| run.repo == repo && run.event == Event::PullRequest(number));
    let jobs = runs.flat_map(|run| state.attempt_jobs(run.id, run.attempt));
    jobs.filter_map(|job| {
        let id = job.runner.as_ref()?.id;
        Some((id, state.runners.get(&id)?))
    })
}
