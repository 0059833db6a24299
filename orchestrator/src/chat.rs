//! What a comment at a pull request asks for, who may ask, and which commit they meant: pure decisions, but for
//! [`who::may`], which asks GitHub for what it judges.
//!
//! The way of a command: [`event`] (is it a person's new comment at a pull request), [`grammar`] (is it a command), [`who`]
//! (may they), [`consent`] (for which commit, and how far it is trusted). Only who may command is answered at all, so that
//! nobody can make the project write comments.

pub mod consent;
pub mod event;
pub mod grammar;
pub mod help;
pub mod who;

mod word;

pub use consent::{Consent, Trust};
pub use event::{CommentEvent, Event, Ignored};
pub use grammar::{Command, Dialect, Heard, Malformed, NamedSha, Size, Up};
pub use who::{Allow, Fact, Verdict};
