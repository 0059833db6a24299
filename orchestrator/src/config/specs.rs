//! Every setting that has more than one layer: its flag, its variables, its place in `mayfly.toml`.

/// Which part of `mayfly.toml` a setting stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// `[github]`.
    GitHub,
    /// `[aws]`.
    Aws,
    /// `[runner]` and `[profile.KEY]`.
    Runner,
    /// `[profile.KEY]` over `[runner]` over `[aws]`.
    Network,
    /// `[preview.launch]`.
    Preview,
    /// `[preview.launch]` over `[aws]`.
    PreviewNetwork,
    /// Not in the file.
    None,
}

/// One setting: its name (`launch_mode` is `--launch-mode`), its variables in order, its place in the file.
pub struct Spec {
    /// Name in the file; with hyphens, the flag.
    pub name: &'static str,
    /// Environment variables, the first that is set counts.
    pub vars: &'static [&'static str],
    /// Section of the file.
    pub section: Section,
}

pub(super) const fn spec(name: &'static str, vars: &'static [&'static str], section: Section) -> Spec {
    Spec { name, vars, section }
}

/// What every command takes.
pub const PLACE: [Spec; 9] = [
    spec("region", &["AWS_REGION", "AWS_DEFAULT_REGION"], Section::Aws),
    spec("cluster", &["MAYFLY_CLUSTER"], Section::Aws),
    spec("role_arn", &["MAYFLY_ROLE_ARN"], Section::Aws),
    spec("audience", &["MAYFLY_AUDIENCE"], Section::Aws),
    spec("repo", &["MAYFLY_REPO"], Section::GitHub),
    spec("org", &["MAYFLY_ORG"], Section::GitHub),
    spec("enterprise", &["MAYFLY_ENTERPRISE"], Section::GitHub),
    spec("github_api_url", &["MAYFLY_GITHUB_API_URL", "GITHUB_API_URL"], Section::GitHub),
    spec("namespace", &["MAYFLY_NAMESPACE"], Section::None),
];

/// The profile: what other settings are depends on it.
pub const KEY: Spec = spec("key", &["MAYFLY_KEY"], Section::None);

/// What a runner is besides.
pub const RUNNER: [Spec; 21] = [
    spec("runner_group", &["MAYFLY_RUNNER_GROUP"], Section::GitHub),
    spec("launch_mode", &["MAYFLY_LAUNCH_MODE"], Section::Runner),
    KEY,
    spec("count", &["MAYFLY_COUNT"], Section::Runner),
    spec("task_definition", &["MAYFLY_TASK_DEFINITION"], Section::Runner),
    spec("container", &["MAYFLY_CONTAINER"], Section::Runner),
    spec("network", &["MAYFLY_NETWORK"], Section::Runner),
    spec("subnets", &["MAYFLY_SUBNETS"], Section::Network),
    spec("security_groups", &["MAYFLY_SECURITY_GROUPS"], Section::Network),
    spec("assign_public_ip", &["MAYFLY_ASSIGN_PUBLIC_IP"], Section::Network),
    spec("cpu", &["MAYFLY_CPU"], Section::Runner),
    spec("memory", &["MAYFLY_MEMORY"], Section::Runner),
    spec("ephemeral_storage", &["MAYFLY_EPHEMERAL_STORAGE"], Section::Runner),
    spec("platform", &["MAYFLY_PLATFORM"], Section::Runner),
    spec("capacity_provider", &["MAYFLY_CAPACITY_PROVIDER"], Section::Runner),
    spec("runner_dist", &["MAYFLY_RUNNER_DIST"], Section::Runner),
    spec("max_idle", &["MAYFLY_MAX_IDLE"], Section::Runner),
    spec("max_lifetime", &["MAYFLY_MAX_LIFETIME"], Section::Runner),
    spec("handover", &["MAYFLY_HANDOVER"], Section::Runner),
    spec("wait", &["MAYFLY_WAIT"], Section::Runner),
    spec("wait_timeout", &["MAYFLY_WAIT_TIMEOUT"], Section::Runner),
];

/// What a preview is besides.
pub const PREVIEW: [Spec; 28] = [
    spec("launch_mode", &["MAYFLY_PREVIEW_LAUNCH_MODE", "MAYFLY_LAUNCH_MODE"], Section::Preview),
    spec("image", &["MAYFLY_PREVIEW_IMAGE"], Section::Preview),
    spec("expose", &["MAYFLY_PREVIEW_EXPOSE"], Section::Preview),
    spec("listener", &["MAYFLY_PREVIEW_LISTENER"], Section::Preview),
    spec("base_domain", &["MAYFLY_PREVIEW_BASE_DOMAIN"], Section::Preview),
    spec("ttl", &["MAYFLY_PREVIEW_TTL"], Section::Preview),
    spec("max_ttl", &["MAYFLY_PREVIEW_MAX_TTL"], Section::Preview),
    spec("fork_ttl", &["MAYFLY_PREVIEW_FORK_TTL"], Section::Preview),
    spec("warn", &["MAYFLY_PREVIEW_WARN"], Section::Preview),
    spec("idle", &["MAYFLY_PREVIEW_IDLE"], Section::Preview),
    spec("ready_timeout", &["MAYFLY_PREVIEW_READY_TIMEOUT"], Section::Preview),
    spec("max_previews", &["MAYFLY_PREVIEW_MAX"], Section::Preview),
    spec("when_full", &["MAYFLY_PREVIEW_WHEN_FULL"], Section::Preview),
    spec("max_hourly", &["MAYFLY_PREVIEW_MAX_HOURLY"], Section::Preview),
    spec("cpu", &["MAYFLY_PREVIEW_CPU"], Section::Preview),
    spec("memory", &["MAYFLY_PREVIEW_MEMORY"], Section::Preview),
    spec("network", &["MAYFLY_PREVIEW_NETWORK"], Section::Preview),
    spec("subnets", &["MAYFLY_PREVIEW_SUBNETS", "MAYFLY_SUBNETS"], Section::PreviewNetwork),
    spec("security_groups", &["MAYFLY_PREVIEW_SECURITY_GROUPS", "MAYFLY_SECURITY_GROUPS"], Section::PreviewNetwork),
    spec("fork_security_groups", &["MAYFLY_PREVIEW_FORK_SECURITY_GROUPS"], Section::Preview),
    spec("assign_public_ip", &["MAYFLY_PREVIEW_ASSIGN_PUBLIC_IP", "MAYFLY_ASSIGN_PUBLIC_IP"], Section::PreviewNetwork),
    spec("capacity_provider", &["MAYFLY_PREVIEW_CAPACITY_PROVIDER"], Section::Preview),
    spec("platform", &["MAYFLY_PREVIEW_PLATFORM"], Section::Preview),
    spec("supervisor_image", &["MAYFLY_PREVIEW_SUPERVISOR_IMAGE"], Section::Preview),
    spec("supervisor_path", &["MAYFLY_PREVIEW_SUPERVISOR_PATH"], Section::Preview),
    spec("log_group", &["MAYFLY_PREVIEW_LOG_GROUP"], Section::Preview),
    spec("allow", &["MAYFLY_PREVIEW_ALLOW"], Section::Preview),
    spec("publish", &["MAYFLY_PREVIEW_PUBLISH"], Section::Preview),
];

/// What is launched: which settings there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A runner; also the commands that look at everything.
    Runner,
    /// A preview.
    Preview,
}

impl Kind {
    /// All settings of the kind.
    pub fn specs(self) -> impl Iterator<Item = &'static Spec> {
        let own: &[Spec] = match self {
            Self::Runner => &RUNNER,
            Self::Preview => &PREVIEW,
        };
        PLACE.iter().chain(own)
    }
}
