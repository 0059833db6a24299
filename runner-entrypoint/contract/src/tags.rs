//! Keys of the tags that every task of ours carries. What has no [`ID`] tag is never touched.

/// The launch id.
pub const ID: &str = "mayfly:id";
/// What the launch is for: [`KIND_RUNNER`] or `preview`.
pub const KIND: &str = "mayfly:kind";
/// `OWNER/REPO` that asked for it.
pub const REPO: &str = "mayfly:repo";
/// The workflow run that asked for it.
pub const RUN: &str = "mayfly:run";
/// The run's attempt.
pub const ATTEMPT: &str = "mayfly:attempt";
/// The profile key.
pub const KEY: &str = "mayfly:key";
/// Which of `--count` launches it is.
pub const INDEX: &str = "mayfly:index";
/// When it was asked for: RFC 3339, UTC.
pub const CREATED_AT: &str = "mayfly:created-at";
/// When it dies by itself at the latest: RFC 3339, UTC.
pub const EXPIRES_AT: &str = "mayfly:expires-at";
/// The runner's name at GitHub.
pub const RUNNER_NAME: &str = "mayfly:runner-name";
/// The runner's id at GitHub, where known.
pub const RUNNER_ID: &str = "mayfly:runner-id";

/// Value of [`KIND`] for runners.
pub const KIND_RUNNER: &str = "runner";
