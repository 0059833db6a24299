//! The first page: pull requests, runs, runners, tasks.

use axum::response::Response;

use super::parts::{RUNNER_COLUMNS, TASK_COLUMNS, ago, card, job_word, pill, row, runner, sha, state_of, task};
use super::{Moment, TaskCard, escape, page};
use crate::github::issue::Issue;
use crate::github::run::Run;
use crate::github::state::State;

/// The whole page.
pub(crate) fn index(state: &State, tasks: &[TaskCard], moment: &Moment) -> Response {
    let now = moment.now;
    let pulls: Vec<String> = state.issues.values().rev().map(|issue| issue_row(state, issue, tasks, moment)).collect();
    let runs: Vec<String> = state.runs.values().rev().map(|run| run_row(state, run, moment)).collect();
    let runners: Vec<String> = state.runners.values().map(|one| runner(one, now)).collect();
    let tasks: Vec<String> = tasks.iter().rev().map(|one| task(one, now)).collect();
    let content = [
        card("Pull requests and issues", &["#", "Title", "State", "Head", "Comments", "Preview", "Updated"], &pulls),
        card("Workflow runs", &["Run", "Workflow", "Event", "Actor", "Jobs", "Started"], &runs),
        card("Runners", RUNNER_COLUMNS, &runners),
        card("Tasks", TASK_COLUMNS, &tasks),
    ];
    page("Overview", &content.concat(), moment)
}

fn issue_row(state: &State, issue: &Issue, tasks: &[TaskCard], moment: &Moment) -> String {
    let number = issue.id.number;
    let live = tasks.iter().filter(|task| task.pull == Some(number) && task.status != "STOPPED").count();
    let head = issue.pull.as_ref().map(|pull| format!("{} {}", escape(&pull.branch), sha(pull.head())));
    row(&[
        format!("<a href=\"/_sandbox/pulls/{number}\">#{number}</a>"),
        format!("<a href=\"/_sandbox/pulls/{number}\">{}</a>", escape(&issue.title)),
        pill(state_of(issue)),
        head.unwrap_or_else(|| "issue".to_owned()),
        state.comments_of(issue.id).count().to_string(),
        if live > 0 { pill("running") } else { "–".to_owned() },
        ago(issue.updated_at, moment.now),
    ])
}

fn run_row(state: &State, run: &Run, moment: &Moment) -> String {
    let jobs = state.attempt_jobs(run.id, run.attempt).into_iter();
    let jobs = jobs.map(|job| format!("<div>{} {}</div>", escape(&job.spec.name), pill(job_word(job))));
    row(&[
        format!("#{}{}", run.id, if run.attempt > 1 { format!(" (attempt {})", run.attempt) } else { String::new() }),
        escape(&run.workflow),
        escape(run.event.name()),
        escape(&run.actor),
        jobs.collect(),
        ago(run.created_at, moment.now),
    ])
}
