//! Pieces that several pages have.

use time::OffsetDateTime;

use super::{TaskCard, escape};
use crate::clock::rfc3339;
use crate::github::issue::{Issue, IssueState};
use crate::github::run::{Conclusion, Job, Status};
use crate::github::runner::Runner;

/// A state in a pill whose colour says how good it is.
pub(super) fn pill(word: &str) -> String {
    format!("<span class=\"pill {}\">{}</span>", tone(word), escape(&word.replace('_', " ")))
}

fn tone(word: &str) -> &'static str {
    match word.to_lowercase().as_str() {
        "open" | "success" | "running" | "online" | "healthy" => "good",
        "failure" | "error" | "timed_out" | "closed" | "unhealthy" => "bad",
        "merged" => "done",
        "queued" | "pending" | "in_progress" | "provisioning" | "activating" | "busy" => "busy",
        _ => "quiet",
    }
}

/// How long ago, for people; the exact time on hovering.
pub(super) fn ago(at: OffsetDateTime, now: OffsetDateTime) -> String {
    let seconds = (now - at).whole_seconds().max(0);
    let words = match seconds {
        0..2 => "just now".to_owned(),
        2..120 => format!("{seconds} s ago"),
        120..7_200 => format!("{} min ago", seconds / 60),
        7_200..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    };
    let exact = rfc3339(at);
    format!("<time datetime=\"{exact}\" title=\"{exact}\">{words}</time>")
}

/// The word for where a pull request stands.
pub(super) fn state_of(issue: &Issue) -> &'static str {
    match &issue.pull {
        Some(pull) if pull.is_merged() => "merged",
        Some(pull) if pull.draft && issue.state == IssueState::Open => "draft",
        _ => issue.state.name(),
    }
}

/// A card with a heading; without rows it says that there is nothing.
pub(super) fn card(heading: &str, columns: &[&str], rows: &[String]) -> String {
    let count = rows.len();
    let head = format!("<section class=\"card\"><h2>{heading} <span class=\"count\">{count}</span></h2>");
    if rows.is_empty() {
        return format!("{head}<p class=\"empty\">None.</p></section>");
    }
    let columns: String = columns.iter().map(|column| format!("<th>{column}</th>")).collect();
    format!(
        "{head}<div class=\"scroll\"><table><thead><tr>{columns}</tr></thead><tbody>{}</tbody></table></div></section>",
        rows.concat()
    )
}

/// One row of cells, which are HTML.
pub(super) fn row(cells: &[String]) -> String {
    let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    format!("<tr>{cells}</tr>")
}

pub(super) fn sha(sha: &str) -> String {
    format!("<code title=\"{}\">{}</code>", escape(sha), escape(sha.get(..7).unwrap_or(sha)))
}

/// A link where the address is one of the web's, else its text.
pub(super) fn link(address: &str) -> String {
    let shown = escape(address);
    let is_web = address.starts_with("http://") || address.starts_with("https://");
    if is_web { format!("<a href=\"{shown}\" rel=\"noopener noreferrer\">{shown}</a>") } else { shown }
}

pub(super) const TASK_COLUMNS: &[&str] = &["Task", "Kind", "State", "Containers", "Tags", "Asked for"];

pub(super) fn task(task: &TaskCard, now: OffsetDateTime) -> String {
    let reason =
        task.reason.as_ref().map(|why| format!("<div class=\"small\">{}</div>", escape(why))).unwrap_or_default();
    let containers = task.containers.iter().map(|(name, state)| format!("<div>{} {}</div>", escape(name), pill(state)));
    let tags = task.tags.iter().map(|(key, value)| format!("<div><b>{}</b> {}</div>", escape(key), escape(value)));
    row(&[
        format!("<code title=\"{}\">{}</code>", escape(&task.id), escape(task.id.get(..8).unwrap_or(&task.id))),
        escape(&task.kind),
        format!("{}{reason}", pill(&task.status)),
        containers.collect(),
        format!(
            "<details class=\"small\"><summary>{} tags</summary>{}</details>",
            task.tags.len(),
            tags.collect::<String>()
        ),
        ago(task.created_at, now),
    ])
}

pub(super) const RUNNER_COLUMNS: &[&str] = &["Runner", "State", "Labels", "Job", "Registered"];

pub(super) fn runner(runner: &Runner, now: OffsetDateTime) -> String {
    let state = if runner.busy() {
        "busy"
    } else if runner.online {
        "online"
    } else {
        "offline"
    };
    let labels =
        runner.fixed_labels.iter().chain(&runner.labels).map(|label| format!("<code>{}</code> ", escape(label)));
    row(&[
        escape(&runner.name),
        pill(state),
        labels.collect(),
        runner.job.map_or_else(|| "–".to_owned(), |job| format!("#{job}")),
        ago(runner.created_at, now),
    ])
}

/// How a job stands or ended.
pub(super) fn job_word(job: &Job) -> &'static str {
    match (job.status, job.conclusion) {
        (_, Some(Conclusion::Success)) => "success",
        (_, Some(Conclusion::Failure)) => "failure",
        (_, Some(Conclusion::Cancelled)) => "cancelled",
        (_, Some(Conclusion::TimedOut)) => "timed_out",
        (Status::Queued, None) => "queued",
        (_, None) => "in_progress",
    }
}
