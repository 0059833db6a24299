//! Keys of the tags that every task of ours carries. What has no [`ID`] tag is never touched.

/// The launch id.
pub const ID: &str = "mayfly:id";
/// What the launch is for: [`KIND_RUNNER`] or [`KIND_PREVIEW`].
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

/// A preview's pull request, by its number.
pub const PR: &str = "mayfly:pr";
/// The commit that a preview shows: 40 hexadecimal digits.
pub const SHA: &str = "mayfly:sha";
/// Where a preview is reached, once it was.
pub const URL: &str = "mayfly:url";
/// Who asked for a preview: a login at GitHub.
pub const OWNER: &str = "mayfly:owner";

/// Account, region and cluster that a preview's route belongs to, as a short hash.
pub const PLACE: &str = "mayfly:place";

/// Value of [`KIND`] for runners.
pub const KIND_RUNNER: &str = "runner";
/// Value of [`KIND`] for previews.
pub const KIND_PREVIEW: &str = "preview";
