//! The one comment that is edited in place, and the short fresh ones.

use std::time::SystemTime;

use contract::duration;

use super::certificate::{Asked, Cause, Death, last_lines};
use super::markdown::{code, fence, link, moment};
use super::{Live, Stage, Story, Subject};
use crate::model::LaunchId;
use crate::output::report::shown;
use crate::phases::Phase;
use crate::stamp;

/// What the hidden lines at the top of the comment say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The pull request's number.
    pub pull: u64,
    /// The launch that the comment tells of.
    pub launch: LaunchId,
    /// [`Stage::name`] of what it says.
    pub stage: String,
    /// When that launch was asked for.
    pub created: SystemTime,
}

/// How a comment that was found stands to what is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It says so already.
    Same,
    /// It has to be changed.
    Outdated,
    /// It tells of a later launch, or of what comes after this.
    Ahead,
}

/// A short comment for those who wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// Its first line, by which it is known that it was written.
    pub marker: String,
    /// The whole of it.
    pub body: String,
}

/// The first line of the comment of a pull request.
pub fn first_line(pull: u64) -> String {
    format!("<!-- mayfly:preview pr={pull} -->")
}

impl Marker {
    /// Reads the hidden lines. They count at the very top alone: further down, the text may be a stranger's.
    pub fn find(body: &str) -> Option<Self> {
        let mut lines = body.lines().map(|line| line.trim_end());
        let mut next = |kind: &str| {
            let inside = lines.next()?.strip_prefix("<!-- mayfly:")?.strip_suffix(" -->")?;
            inside.strip_prefix(kind)?.strip_prefix(' ')
        };
        let pull = next("preview")?.strip_prefix("pr=")?.parse().ok()?;
        let launch = next("launch")?.parse().ok()?;
        let (stage, created) = next("stage")?.split_once(" created=")?;
        Some(Self { pull, launch, stage: stage.to_owned(), created: stamp::parse(created)? })
    }

    fn of(story: &Story) -> Self {
        let subject = &story.subject;
        // As it will be read back: whole seconds.
        let created = stamp::parse(&stamp::precise(subject.created)).unwrap_or(subject.created);
        Self { pull: subject.pull, launch: subject.launch, stage: story.stage.name().to_owned(), created }
    }

    fn text(&self) -> String {
        format!(
            "{}\n<!-- mayfly:launch {} -->\n<!-- mayfly:stage {} created={} -->\n",
            first_line(self.pull),
            self.launch,
            self.stage,
            stamp::precise(self.created)
        )
    }

    fn is_over(&self) -> bool {
        ["ended", "failed", "refused"].contains(&self.stage.as_str())
    }
}

/// Decides whether a comment of ours, found with this body, has to be changed to tell the story.
pub fn judge(found: &str, story: &Story) -> Standing {
    let Some(marker) = Marker::find(found) else { return Standing::Outdated };
    let own = Marker::of(story);
    let is_ahead = if marker.launch == own.launch {
        marker.is_over() && !story.stage.is_last()
    } else {
        // What was never started says nothing about what runs.
        (marker.created, marker.launch) > (own.created, own.launch)
            || (matches!(story.stage, Stage::Refused(_)) && !marker.is_over())
    };
    if is_ahead {
        return Standing::Ahead;
    }
    if is_same(found, &render(story)) { Standing::Same } else { Standing::Outdated }
}

/// GitHub may give the ends of lines and of the body back in another form.
fn is_same(found: &str, wanted: &str) -> bool {
    found.trim_end().lines().map(str::trim_end).eq(wanted.trim_end().lines().map(str::trim_end))
}

/// The comment's body: below GitHub's 65,536 characters whatever the log holds.
pub fn render(story: &Story) -> String {
    let subject = &story.subject;
    let rest = match &story.stage {
        Stage::Queued(what) => {
            format!("### ⏳ Preview is queued\n\n- **waits for** {}\n{}", code(what), facts(subject))
        }
        Stage::Starting(phases) => {
            format!("### ⏳ Preview is starting\n\n{}{}", facts(subject), boot("so far", phases))
        }
        Stage::Ready(live) => format!("### 🟢 Preview is ready\n\n{}", alive(subject, live)),
        Stage::Warning(live) => format!("### 🟠 Preview ends soon\n\n{}", alive(subject, live)),
        Stage::Ended(death) => {
            format!("### ⚪ Preview ended: {}\n\n{}", death.cause.words(), certificate(subject, death))
        }
        Stage::Failed(death) => {
            format!("### 🔴 Preview failed: {}\n\n{}", death.cause.words(), certificate(subject, death))
        }
        Stage::Refused(why) => format!("### 🔴 Preview was not started\n\n- **why** {}\n{}", code(why), facts(subject)),
    };
    format!("{}\n{}\n", Marker::of(story).text(), rest.trim_end())
}

/// The short comment for those who wait: editing tells nobody. None for stages that nobody waits for.
pub fn fresh(story: &Story) -> Option<Fresh> {
    let subject = &story.subject;
    let commit = code(short(&subject.sha));
    let text = match &story.stage {
        Stage::Ready(live) => {
            format!("Preview of {commit} is ready: {}, until {}.", link(&live.url), moment(live.expires))
        }
        Stage::Failed(death) => format!("Preview of {commit} failed: {}.", death.cause.words()),
        _ => return None,
    };
    let marker = format!("<!-- mayfly:told {} {} -->", subject.launch, story.stage.name());
    Some(Fresh { body: format!("{marker}\n{text}\n"), marker })
}

fn short(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}

fn facts(subject: &Subject) -> String {
    let mut text = format!("- **commit** {}\n", code(&subject.sha));
    if let Some(image) = &subject.image {
        text += &format!("- **image** {}\n", code(image));
    }
    text += &format!("- **runs on** {}", subject.mode);
    if let Some(task) = &subject.task {
        text += &format!(", task {}", code(task));
    }
    if let Some(owner) = &subject.owner {
        text += &format!("\n- **asked for by** {}", code(owner));
    }
    text += "\n";
    text
}

fn alive(subject: &Subject, live: &Live) -> String {
    let latest = live.latest.map(|latest| format!(", until {} at the latest", moment(latest))).unwrap_or_default();
    let price = match &subject.price {
        Some(price) => format!("- **costs** {:.4} USD per hour ({})\n", price.usd, price.note),
        None => String::new(),
    };
    format!(
        "- **URL** {}\n- **ends** {} by itself{latest}\n{price}{}{}\nMore time: `/preview extend 2h`. End it: `/preview \
         down`. All commands: `/preview help`.\n",
        link(&live.url),
        moment(live.expires),
        facts(subject),
        boot("start", &live.boot)
    )
}

fn boot(name: &str, phases: &[Phase]) -> String {
    if phases.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = phases.iter().map(|phase| format!("{} {}", phase.name, shown(phase.took))).collect();
    format!("- **{name}** {}\n", parts.join(" → "))
}

fn certificate(subject: &Subject, death: &Death) -> String {
    let mut text = String::new();
    match &death.cause {
        Cause::Asked(Asked::Down(Some(by))) => text += &format!("- **by** {}\n", code(by)),
        Cause::Asked(Asked::Replaced(sha)) => text += &format!("- **now** {}\n", code(sha)),
        _ => {}
    }
    if let Some(detail) = &death.detail {
        text += &format!("- **in detail** {}\n", code(detail));
    }
    if let Some(fix) = death.cause.fix() {
        text += &format!("- **what helps** {fix}\n");
    }
    if let Some(ended) = death.ended {
        text += &format!("- **ended** {}\n", moment(ended));
    }
    if let Some(uptime) = death.uptime {
        text += &format!("- **ran for** {}\n", duration::format(uptime));
    }
    if let Some(cost) = death.cost {
        text += &format!("- **cost** {}\n", money(cost));
    }
    format!("{text}{}{}{}", facts(subject), boot("start", &death.boot), remains(death))
}

fn money(usd: f64) -> String {
    if usd < 0.0001 { "less than 0.0001 USD".to_owned() } else { format!("{usd:.4} USD") }
}

fn remains(death: &Death) -> String {
    let mut text = String::new();
    if let Some(command) = &death.revive {
        text += &format!("\nTo bring the same image back:\n\n{}\n", fence(&[command]));
    }
    let lines = last_lines(&death.log);
    if !lines.is_empty() {
        let summary = format!("<details><summary>Its last {} lines</summary>", lines.len());
        text += &format!("\n{summary}\n\n{}\n\n</details>\n", fence(&lines));
    }
    text
}

#[cfg(test)]
mod tests;
