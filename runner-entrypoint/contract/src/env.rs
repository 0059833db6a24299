//! Names of the environment variables that a task is started with.
//!
//! The side that reads a variable owns its name: these are read by `runner-entrypoint`.

/// The launch id: a UUID with hyphens. It is also the runner's label and the task's `startedBy`.
pub const ID: &str = "MAYFLY_ID";
/// What the launch is for: `runner` or `preview`.
pub const KIND: &str = "MAYFLY_KIND";
/// The runner's name at GitHub.
pub const RUNNER_NAME: &str = "MAYFLY_RUNNER_NAME";
/// Where the runner registers: `repos/OWNER/REPO`, `orgs/ORG` or `enterprises/ENTERPRISE`. See [`crate::Scope`].
pub const SCOPE: &str = "MAYFLY_SCOPE";
/// GitHub's REST API. Default `https://api.github.com`; on GHES `https://HOST/api/v3`.
pub const GITHUB_API_URL: &str = "MAYFLY_GITHUB_API_URL";
/// GitHub's pages, needed where a runner is configured by a registration token. Default `https://github.com`.
pub const GITHUB_SERVER_URL: &str = "MAYFLY_GITHUB_SERVER_URL";
/// The runner's labels, separated by commas.
pub const LABELS: &str = "MAYFLY_LABELS";
/// The runner group: its name, or its number. Unset: the default group.
pub const RUNNER_GROUP: &str = "MAYFLY_RUNNER_GROUP";
/// Leave when no job came for so long. A duration as in [`crate::duration`].
pub const MAX_IDLE: &str = "MAYFLY_MAX_IDLE";
/// Leave when so old, whatever runs. A duration as in [`crate::duration`].
pub const MAX_LIFETIME: &str = "MAYFLY_MAX_LIFETIME";
/// How long the registration at GitHub may take, with all repetitions. A duration. Default 2 min.
pub const REGISTRATION_LIMIT: &str = "MAYFLY_REGISTRATION_LIMIT";
/// How long the Listener may take to connect. A duration. Default 2 min.
pub const ONLINE_LIMIT: &str = "MAYFLY_ONLINE_LIMIT";
/// How long the Worker may be missing while a job is said to run, or may linger after the job's last step, before GitHub is
/// asked whether the job is over. A duration. Default 5 min.
pub const WORKER_LIMIT: &str = "MAYFLY_WORKER_LIMIT";
/// How long the Listener may take to leave after its one job. A duration. Default 1 min.
pub const EXIT_LIMIT: &str = "MAYFLY_EXIT_LIMIT";
/// The container's `stopTimeout`: time from SIGTERM to SIGKILL. A duration. Default 30 s, which is what ECS gives.
pub const STOP_TIMEOUT: &str = "MAYFLY_STOP_TIMEOUT";
/// `true`: the registration serves several jobs and ends by idle time, lifetime or SIGTERM. Default `false`.
pub const MULTI_JOB: &str = "MAYFLY_MULTI_JOB";
/// The repository whose run asked for the launch: `OWNER/REPO`.
pub const REPO: &str = "MAYFLY_REPO";
/// The workflow run that asked for the launch.
pub const RUN: &str = "MAYFLY_RUN";
/// The run's attempt.
pub const ATTEMPT: &str = "MAYFLY_ATTEMPT";
/// The profile key of the launch.
pub const KEY: &str = "MAYFLY_KEY";
/// Which of `--count` launches this is, from 0.
pub const INDEX: &str = "MAYFLY_INDEX";
/// How often this index was launched before, within its attempt.
pub const GENERATION: &str = "MAYFLY_GENERATION";
/// When the launch was asked for: RFC 3339, UTC.
pub const CREATED_AT: &str = "MAYFLY_CREATED_AT";
/// Random, one for each `mayfly runner start` process: tells two processes apart that ask for the same launch.
pub const LAUNCHER: &str = "MAYFLY_LAUNCHER";
/// A preview's pull request, by its number.
pub const PR: &str = "MAYFLY_PR";
/// The commit that a preview shows: 40 hexadecimal digits.
pub const SHA: &str = "MAYFLY_SHA";
/// Who asked for a preview: a login at GitHub.
pub const OWNER: &str = "MAYFLY_OWNER";
/// The image that a preview runs, by its digest where that is known.
pub const IMAGE: &str = "MAYFLY_IMAGE";
/// The container of a preview's task that runs the app under its supervisor.
pub const APP: &str = "MAYFLY_APP";
/// The port that a preview's app listens on.
pub const PORT: &str = "MAYFLY_PORT";
/// Host name of a preview's route through a load balancer, where it has one.
pub const HOST: &str = "MAYFLY_HOST";
/// How long a preview's lease was to begin with. A duration as in [`crate::duration`].
pub const TTL: &str = "MAYFLY_TTL";
/// So long after its start no renewal of a preview's lease goes. A duration as in [`crate::duration`].
pub const MAX_TTL: &str = "MAYFLY_MAX_TTL";
/// Between two looks at the task's tags for a renewal of the lease. A duration. Default 30 s, a fifth more or less.
pub const RENEW_INTERVAL: &str = "MAYFLY_RENEW_INTERVAL";
/// Names (separated by commas) of further variables that may reach the job.
pub const JOB_ENV: &str = "MAYFLY_JOB_ENV";
/// `false`: the job's hooks stay the user's own, and PID 1 learns of jobs from the Listener's lines alone. Default `true`.
pub const JOB_HOOKS: &str = "MAYFLY_JOB_HOOKS";
/// `hide`: the job cannot find the task role's credentials. Default `share`.
pub const TASK_ROLE: &str = "MAYFLY_TASK_ROLE";
/// The folder of the runner distribution. Default `/home/runner`.
pub const RUNNER_DIR: &str = "MAYFLY_RUNNER_DIR";
/// The user that the job runs as, where PID 1 is root. Default `runner`.
pub const RUNNER_USER: &str = "MAYFLY_RUNNER_USER";
/// The folder that the state file is written to. Default `/run/mayfly`. See [`crate::record::State`].
pub const STATE_DIR: &str = "MAYFLY_STATE_DIR";

/// A PAT (classic or fine-grained) or an installation token. Secret.
pub const GITHUB_TOKEN: &str = "MAYFLY_GITHUB_TOKEN";
/// The GitHub App's id or client id.
pub const GITHUB_APP_ID: &str = "MAYFLY_GITHUB_APP_ID";
/// The GitHub App's private key: PEM, PKCS#1 or PKCS#8, or base64 of either. Secret.
pub const GITHUB_APP_PRIVATE_KEY: &str = "MAYFLY_GITHUB_APP_PRIVATE_KEY";
/// A registration token (one hour). Secret.
pub const REGISTRATION_TOKEN: &str = "MAYFLY_REGISTRATION_TOKEN";
/// Name of the one-shot SSM parameter that holds a credential as JSON. See [`crate::Credential`].
pub const SECRET_PARAMETER: &str = "MAYFLY_SECRET_PARAMETER";
/// Where the credential is read from, where it is in none of these: `ssm:NAME`, `ssm-once:NAME` (deleted after reading),
/// `secretsmanager:NAME`, `env:NAME` or `file:PATH`. It holds a credential as JSON, a token, or the App's private key.
pub const SECRET_FROM: &str = "MAYFLY_SECRET_FROM";
/// Number of an inherited descriptor that the credential can be read from, as JSON, to its end.
pub const CREDENTIAL_FD: &str = "MAYFLY_CREDENTIAL_FD";

/// Where a task finds its role's credentials: the first two say where they are, the others how to be let in.
pub const TASK_ROLE_KEYS: [&str; 4] = [
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// The variables that hold secrets: taken out of PID 1's environment block before anything else happens.
pub const SECRETS: [&str; 3] = [GITHUB_TOKEN, GITHUB_APP_PRIVATE_KEY, REGISTRATION_TOKEN];

/// Proxy and certificate settings: they reach PID 1 and the job as they are.
pub const PASSED_THROUGH: [&str; 13] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
];
