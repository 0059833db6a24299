//! Which commit was meant, and how far it is trusted.
//!
//! A payload does not say what the commenter saw, and a commit's dates are whatever its author writes. Two clocks are GitHub's:
//! `updated_at` of the pull request (a push moves it, and so do comments) and `pushed_at` of the head's repository (any push
//! moves it). Only where both are past the comment can the head have moved since.
//!
//! Whoever pushes to the repository itself may command anyway, so that there the head of now is taken where it cannot have
//! moved. Whoever pushes to a fork may not: there the commit is named, and whole, since two commits that begin with the same
//! few digits are made by trying.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::NamedSha;
use crate::github::{PullRequest, PullState};

/// GitHub writes the comment's time before the pull request's, in whole seconds.
const SLACK: Duration = Duration::from_secs(5);

/// A commit that may be launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// The commit, in full.
    pub sha: String,
    /// How far it is trusted.
    pub trust: Trust,
}

/// How far the code of a pull request is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Written by who may write to the repository.
    Own,
    /// Written by a stranger: no task role, no secrets, a network of its own, a short lease.
    Fork,
}

/// Why nothing is launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The pull request is closed or merged.
    NotOpen(PullState),
    /// The fork was deleted: nobody can look at what would run.
    ForkGone,
    /// A fork's commit must be named, and whole.
    ForkUnnamed {
        /// The head of now.
        head: String,
    },
    /// The head is, or may be, another than the one that was meant.
    Moved {
        /// The head of now.
        head: String,
    },
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOpen(PullState::Merged) => f.write_str("the pull request is merged"),
            Self::NotOpen(_) => f.write_str("the pull request is closed; reopen it first"),
            Self::ForkGone => f.write_str("the fork that this pull request comes from was deleted"),
            Self::ForkUnnamed { head } => write!(
                f,
                "this pull request comes from a fork, so that the commit must be named in full; look at {head}, and if \
                 that is the one: /preview up {head}"
            ),
            Self::Moved { head } => {
                write!(f, "head moved to {head}; if that is the one you mean: /preview up {head}")
            }
        }
    }
}

/// Decides for which commit a command stands that was given at `commented`. `pull` is read after the command.
///
/// # Errors
/// Why it stands for none.
pub fn judge(named: Option<&NamedSha>, pull: &PullRequest, commented: SystemTime) -> Result<Consent, Denied> {
    let trust = trust(pull)?;
    let head = || pull.head_sha.clone();
    match (named, trust) {
        (Some(named), _) if !named.names(&pull.head_sha) => Err(Denied::Moved { head: head() }),
        (Some(named), Trust::Fork) if !named.is_whole() => Err(Denied::ForkUnnamed { head: head() }),
        (None, Trust::Fork) => Err(Denied::ForkUnnamed { head: head() }),
        (None, Trust::Own) if may_have_moved(pull, commented) => Err(Denied::Moved { head: head() }),
        _ => Ok(Consent { sha: head(), trust }),
    }
}

/// Decides once more, right before the launch, whether the commit is still the one.
///
/// # Errors
/// Why it is not.
pub fn still(consent: &Consent, pull: &PullRequest) -> Result<(), Denied> {
    let trust = trust(pull)?;
    if pull.head_sha == consent.sha && trust == consent.trust {
        return Ok(());
    }
    Err(Denied::Moved { head: pull.head_sha.clone() })
}

fn trust(pull: &PullRequest) -> Result<Trust, Denied> {
    match (pull.state, &pull.head_repo) {
        (PullState::Closed | PullState::Merged, _) => Err(Denied::NotOpen(pull.state)),
        (PullState::Open, None) => Err(Denied::ForkGone),
        (PullState::Open, Some(_)) => Ok(if pull.is_fork { Trust::Fork } else { Trust::Own }),
    }
}

fn may_have_moved(pull: &PullRequest, commented: SystemTime) -> bool {
    let since = |at: SystemTime| at > commented + SLACK;
    since(pull.updated) && pull.head_pushed.is_none_or(since)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use super::{Consent, Denied, Trust, judge, still};
    use crate::chat::NamedSha;
    use crate::github::{PullRequest, PullState};

    const HEAD: &str = "0123456789abcdef0123456789abcdef01234567";
    const OTHER: &str = "fedcba9876543210fedcba9876543210fedcba98";

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
    }

    fn pull() -> PullRequest {
        PullRequest {
            number: 12,
            title: "a title".to_owned(),
            state: PullState::Open,
            draft: false,
            head_sha: HEAD.to_owned(),
            head_repo: Some("octo/demo".to_owned()),
            head_pushed: Some(at(0)),
            is_fork: false,
            base_repo: "octo/demo".to_owned(),
            author: Some("ann".to_owned()),
            updated: at(100),
        }
    }

    fn fork() -> PullRequest {
        PullRequest { head_repo: Some("eve/demo".to_owned()), is_fork: true, ..pull() }
    }

    fn named(text: &str) -> Option<NamedSha> {
        Some(NamedSha::parse(text).expect("a commit"))
    }

    fn moved() -> Result<Consent, Denied> {
        Err(Denied::Moved { head: HEAD.to_owned() })
    }

    #[test]
    fn head_of_own_branch_is_taken_unless_it_may_have_moved_since_the_comment() {
        let granted = Ok(Consent { sha: HEAD.to_owned(), trust: Trust::Own });
        let cases = [
            // The comment itself moves `updated`.
            (at(100), Some(at(0)), granted.clone()),
            // A push to another branch, nothing new at this pull request.
            (at(102), Some(at(300)), granted.clone()),
            // Another comment, no push.
            (at(300), Some(at(99)), granted),
            (at(300), Some(at(299)), moved()),
            (at(300), None, moved()),
        ];
        for (updated, head_pushed, expected) in cases {
            let pull = PullRequest { updated, head_pushed, ..pull() };
            assert_eq!(judge(None, &pull, at(100)), expected, "{updated:?} {head_pushed:?}");
        }
    }

    #[test]
    fn named_commit_must_be_the_head_and_then_nothing_else_matters() {
        let late = PullRequest { updated: at(900), head_pushed: Some(at(900)), ..pull() };
        for text in [&HEAD[..7], &HEAD[..12], HEAD, &HEAD.to_uppercase()] {
            assert_eq!(judge(named(text).as_ref(), &late, at(100)).map(|consent| consent.sha), Ok(HEAD.to_owned()));
        }
        assert_eq!(judge(named(&OTHER[..7]).as_ref(), &pull(), at(100)), moved());
        assert_eq!(judge(named(OTHER).as_ref(), &fork(), at(100)), moved());
    }

    #[test]
    fn forks_commit_must_be_named_in_full_and_is_caged() {
        let unnamed = Denied::ForkUnnamed { head: HEAD.to_owned() };
        let text = unnamed.to_string();
        let unnamed = Err(unnamed);
        assert_eq!(judge(None, &fork(), at(100)), unnamed);
        assert_eq!(judge(named(&HEAD[..7]).as_ref(), &fork(), at(100)), unnamed);
        let whole = judge(named(HEAD).as_ref(), &fork(), at(100));
        assert_eq!(whole, Ok(Consent { sha: HEAD.to_owned(), trust: Trust::Fork }));
        assert!(text.ends_with(&format!("/preview up {HEAD}")), "{text}");
    }

    #[test]
    fn closed_merged_and_orphaned_pull_requests_are_refused_and_drafts_are_not() {
        let gone = PullRequest { head_repo: None, is_fork: true, ..pull() };
        assert_eq!(judge(named(HEAD).as_ref(), &gone, at(100)), Err(Denied::ForkGone));
        for state in [PullState::Closed, PullState::Merged] {
            let closed = PullRequest { state, ..pull() };
            assert_eq!(judge(named(HEAD).as_ref(), &closed, at(100)), Err(Denied::NotOpen(state)));
        }
        assert!(judge(None, &PullRequest { draft: true, ..pull() }, at(100)).is_ok());
    }

    #[test]
    fn head_that_moves_between_consent_and_launch_is_asked_for_again() {
        let consent = judge(None, &pull(), at(100)).expect("granted");
        assert_eq!(still(&consent, &pull()), Ok(()));
        let moved = PullRequest { head_sha: OTHER.to_owned(), ..pull() };
        assert_eq!(still(&consent, &moved), Err(Denied::Moved { head: OTHER.to_owned() }));
        let closed = PullRequest { state: PullState::Merged, ..pull() };
        assert_eq!(still(&consent, &closed), Err(Denied::NotOpen(PullState::Merged)));
    }
}
