//! The sandbox's own page: what people see at GitHub and in AWS's console, in one place and plainly.
//!
//! Everything on it may come from a stranger's keyboard, so every text goes through [`escape`] or the Markdown renderer, and the
//! browser is told to run and load nothing.

mod index;
mod markdown;
mod parts;
mod pull;

use std::sync::Arc;

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use time::OffsetDateTime;

pub(crate) use index::index;
pub(crate) use pull::pull;

/// A task of AWS's, as the page shows it. GitHub's side knows nothing else of AWS.
#[derive(Clone, Debug)]
pub struct TaskCard {
    /// Its id.
    pub id: String,
    /// What it is: a runner, a preview.
    pub kind: String,
    /// The pull request that it is for.
    pub pull: Option<u64>,
    /// GitHub's `OWNER/REPO` that it is for.
    pub repo: Option<String>,
    /// Where it stands, in ECS's word.
    pub status: String,
    /// Why it stopped.
    pub reason: Option<String>,
    /// Its containers and where each stands.
    pub containers: Vec<(String, String)>,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

/// Asked for all tasks when a page is shown.
pub type AskTasks = dyn Fn() -> Vec<TaskCard> + Send + Sync;
/// What keeps tasks on the page for as long as it is held.
pub type TaskSource = Arc<AskTasks>;

const STYLE: &str = include_str!("page/style.css");

/// How often a page loads itself again, where it was asked to.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize)]
pub(crate) struct Refresh {
    /// Seconds.
    refresh: Option<u32>,
}

/// What all pages show the time by.
pub(crate) struct Moment {
    pub(crate) now: OffsetDateTime,
    pub(crate) refresh: Refresh,
}

/// Text for HTML, also inside of attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A whole page around its content, which is HTML.
fn page(title: &str, content: &str, moment: &Moment) -> Response {
    let seconds = moment.refresh.refresh.map(|seconds| seconds.max(1));
    let meta =
        seconds.map(|seconds| format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">")).unwrap_or_default();
    let (target, word) = if seconds.is_some() { ("?", "on") } else { ("?refresh=2", "off") };
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">{meta}\
         <title>{title} · sandbox</title><style>{STYLE}</style></head><body>\
         <header><a class=\"home\" href=\"/_sandbox/\">Mayfly sandbox</a><span class=\"simulated\">simulated</span>\
         <span class=\"note\">No GitHub, no AWS: stand-ins on this machine</span>\
         <a class=\"refresh\" href=\"{target}\">auto-refresh: {word}</a></header>\
         <main>{content}</main>\
         <footer>Sandbox time {}</footer></body></html>\n",
        crate::clock::terminal(moment.now),
        title = escape(title),
    );
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
            ),
        ),
    ];
    (headers, html).into_response()
}
