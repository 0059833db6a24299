//! How a preview is launched, exposed and limited.

use std::time::Duration;

use super::machine::{EcsMachine, Network, check_ids, network_as_written};
use super::place::{Rights, in_workflow, names_aws};
use super::{Faults, PlaceConfig, Settings, Vars};
use crate::expose::{self, Expose, Surroundings};
use crate::model::LaunchMode;
use crate::preview::lease::Lease;
use crate::preview::publish::Publish;
use crate::preview::slot::{PullNumber, Slot};

/// Long enough to look at a pull request, short enough to cost cents.
const DEFAULT_TTL: Duration = Duration::from_secs(2 * 3_600);
/// What people kept previews for who had no shorter way to keep them (Superset Showtime's default).
const DEFAULT_MAX_TTL: Duration = Duration::from_secs(48 * 3_600);
/// Strangers' code is looked at, not lived with.
const DEFAULT_FORK_TTL: Duration = Duration::from_secs(3_600);
const DEFAULT_WARN: Duration = Duration::from_secs(10 * 60);
/// Some apps load example data for ten minutes before they answer.
const DEFAULT_READY: Duration = Duration::from_secs(10 * 60);
/// More than a cluster's quota of tasks.
const MOST_PREVIEWS: u32 = 10_000;
/// Whoever wants an app for longer wants no preview.
const MOST_TTL: Duration = Duration::from_secs(366 * 24 * 3_600);

/// Everything about a launch that settings say.
#[derive(Clone, Debug)]
pub struct LaunchConfig {
    /// In the order in which they are tried; never empty, and `local` only alone.
    pub modes: Vec<LaunchMode>,
    /// The network of awsvpc tasks.
    pub network: Option<Network>,
    /// Security groups of pull requests from forks; empty: forks get no preview.
    pub fork_security_groups: Vec<String>,
    /// CPU units, instead of the template's.
    pub cpu: Option<u32>,
    /// MiB, instead of the template's.
    pub memory: Option<u32>,
    /// Capacity provider for EC2.
    pub capacity_provider: Option<String>,
    /// Fargate platform version.
    pub platform_version: Option<String>,
    /// Log group of containers whose template names none.
    pub log_group: Option<String>,
    /// Image of the supervisor, for apps that do not have it.
    pub supervisor_image: Option<String>,
    /// Where the app's own image has the supervisor.
    pub supervisor_path: Option<String>,
    /// Whether people are let in by ECS Exec.
    pub execute_command: bool,
    /// Where it is reached.
    pub expose: Expose,
    /// The listener, for `alb`.
    pub listener: Option<String>,
    /// The base domain, for `alb`.
    pub base_domain: Option<String>,
    /// The lease.
    pub lease: Lease,
    /// The most that a fork gets, lease and cap.
    pub fork_ttl: Duration,
    /// What is refused.
    pub guards: Guards,
    /// What the pull request is told by.
    pub publish: Publish,
}

/// What is refused before anything is started.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guards {
    /// So many live previews in the cluster.
    pub max_previews: Option<u32>,
    /// What happens at that number. Nobody's live preview is ever ended for another one.
    pub when_full: WhenFull,
    /// US dollars an hour.
    pub max_hourly: Option<f64>,
}

/// What happens to a launch for which there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// It is refused, with the list of those that live.
    Refuse,
    /// It waits.
    Wait,
}

impl LaunchConfig {
    /// Resolves the settings of a launch.
    pub fn resolve(settings: &Settings, vars: Vars<'_>, execute_command: bool, faults: &mut Faults) -> Self {
        let modes = modes(settings, vars, faults);
        let expose = way(settings, &modes, faults);
        let config = Self {
            network: network_of(settings, &modes, expose, faults),
            fork_security_groups: settings.list("fork_security_groups"),
            cpu: settings.number("cpu", (128, 192 * 1024), faults),
            memory: settings.number("memory", (128, 768 * 1024), faults),
            capacity_provider: settings.text("capacity_provider"),
            platform_version: settings.text("platform"),
            log_group: settings.text("log_group"),
            supervisor_image: settings.text("supervisor_image"),
            supervisor_path: settings.text("supervisor_path"),
            execute_command,
            expose,
            listener: settings.text("listener"),
            base_domain: settings
                .text("base_domain")
                .map(|domain| domain.trim_start_matches("*.").to_ascii_lowercase()),
            lease: lease(settings, faults),
            fork_ttl: settings.duration("fork_ttl", DEFAULT_FORK_TTL, faults),
            guards: guards(settings, faults),
            publish: settings.parsed("publish", faults).unwrap_or_default(),
            modes,
        };
        check_ids(settings, "fork_security_groups", "sg-", &config.fork_security_groups, 5, faults);
        config.check(settings, faults);
        config
    }

    /// Notes what cannot work, once the template's wishes are in.
    pub fn check_address(&self, settings: &Settings, faults: &mut Faults) {
        let around = Surroundings {
            modes: &self.modes,
            network: self.network.as_ref(),
            listener: self.listener.as_deref(),
            base_domain: self.base_domain.as_deref(),
        };
        expose::check(self.expose, around, faults);
        if self.network.as_ref().is_some_and(|network| network.subnets.is_empty()) {
            faults.add(
                settings.place("subnets"),
                "is missing; an awsvpc task needs subnets: --subnets subnet-…, or set MAYFLY_SUBNETS",
            );
        }
    }

    /// The listener, where previews are exposed by it.
    pub fn road(&self) -> Option<&str> {
        self.listener.as_deref().filter(|_| self.expose == Expose::Alb)
    }

    /// Whether ECS runs it.
    pub fn is_ecs(&self) -> bool {
        self.modes.iter().all(|mode| mode.is_ecs())
    }

    /// The machine of a mode, with a definition and the app's container.
    pub fn machine(&self, mode: LaunchMode, definition: &str, container: &str, network: Option<Network>) -> EcsMachine {
        EcsMachine {
            mode,
            task_definition: definition.to_owned(),
            container: container.to_owned(),
            network,
            cpu: None,
            memory: None,
            ephemeral_storage: None,
            platform_version: self.platform_version.clone().filter(|_| mode.is_fargate()),
            capacity_provider: self.capacity_provider.clone().filter(|_| mode == LaunchMode::Ec2),
            execute_command: self.execute_command,
        }
    }

    fn check(&self, settings: &Settings, faults: &mut Faults) {
        if self.capacity_provider.is_some() && !self.modes.contains(&LaunchMode::Ec2) {
            faults.add(settings.place("capacity_provider"), "is for launch mode ec2, which is not asked for");
        }
        if self.platform_version.is_some() && !self.modes.iter().any(|mode| mode.is_fargate()) {
            faults.add(settings.place("platform"), "is for Fargate, which is not asked for");
        }
        if self.lease.idle.is_some() && self.expose == Expose::Alb {
            let text = "cannot work behind a load balancer: its health checks come from the same addresses as people, all the time";
            faults.add(settings.place("idle"), text);
        }
        if self.lease.max_ttl > MOST_TTL {
            faults.add(settings.place("max_ttl"), "is longer than 366d, which no preview lives");
        }
        if self.lease.ttl > self.lease.max_ttl {
            faults.add(settings.place("ttl"), "is longer than max-ttl, beyond which no lease goes");
        }
    }
}

fn modes(settings: &Settings, vars: Vars<'_>, faults: &mut Faults) -> Vec<LaunchMode> {
    let place = settings.place("launch_mode");
    let asked: Vec<LaunchMode> =
        settings.list("launch_mode").iter().filter_map(|text| faults.take(&place, text.parse())).collect();
    if asked.len() > 1 && asked.contains(&LaunchMode::Local) {
        faults.add(&place, "local is this machine and stands alone; leave it out, or name nothing else");
    }
    if !asked.is_empty() {
        return asked;
    }
    vec![if in_workflow(vars) || names_aws(settings) { LaunchMode::Fargate } else { LaunchMode::Local }]
}

fn way(settings: &Settings, modes: &[LaunchMode], faults: &mut Faults) -> Expose {
    let default = if modes == [LaunchMode::Local] {
        Expose::Local
    } else if settings.get("listener").is_some() {
        Expose::Alb
    } else {
        Expose::PublicIp
    };
    settings.parsed("expose", faults).unwrap_or(default)
}

fn network_of(settings: &Settings, modes: &[LaunchMode], expose: Expose, faults: &mut Faults) -> Option<Network> {
    let mode = modes.iter().copied().find(|mode| mode.is_fargate()).or(modes.first().copied())?;
    if !mode.is_ecs() {
        return None;
    }
    let mut network = network_as_written(settings, mode, faults)?;
    network.assign_public_ip |= expose == Expose::PublicIp && settings.get("assign_public_ip").is_none();
    Some(network)
}

fn lease(settings: &Settings, faults: &mut Faults) -> Lease {
    let max_ttl = settings.duration("max_ttl", DEFAULT_MAX_TTL, faults);
    Lease {
        ttl: settings.duration("ttl", DEFAULT_TTL.min(max_ttl), faults),
        max_ttl,
        warn: settings.duration("warn", DEFAULT_WARN, faults),
        idle: settings.get("idle").map(|_| settings.duration("idle", Duration::ZERO, faults)),
        ready: settings.duration("ready_timeout", DEFAULT_READY, faults),
    }
}

fn guards(settings: &Settings, faults: &mut Faults) -> Guards {
    let when_full = match settings.get("when_full").map(|sourced| sourced.value.as_str()) {
        None | Some("refuse") => WhenFull::Refuse,
        Some("wait") => WhenFull::Wait,
        Some(other) => {
            faults.add(settings.place("when_full"), format!("\"{other}\" is neither refuse nor wait"));
            WhenFull::Refuse
        }
    };
    let max_hourly = settings.get("max_hourly").and_then(|sourced| {
        let usd = sourced.value.parse::<f64>().ok().filter(|usd| usd.is_finite() && *usd > 0.0);
        faults.take(
            &sourced.place,
            usd.ok_or_else(|| format!("\"{}\" is no amount of US dollars; write for example 0.10", sourced.value)),
        )
    });
    Guards { max_previews: settings.number("max_previews", (1, MOST_PREVIEWS), faults), when_full, max_hourly }
}

/// The surroundings of commands about previews: there the job's own token has the rights that are needed.
pub fn place(settings: &Settings, vars: Vars<'_>, needs_aws: bool, faults: &mut Faults) -> PlaceConfig {
    PlaceConfig::resolve_for(settings, vars, needs_aws, Rights::Repository, faults)
}

/// The slot: `--pr`, else the pull request that the workflow run is about.
pub fn slot(pr: Option<&str>, place: &PlaceConfig, vars: Vars<'_>, faults: &mut Faults) -> Option<Slot> {
    let repo = match &place.github.scope {
        Some(contract::Scope::Repo { owner, repo }) => Some(format!("{owner}/{repo}")),
        Some(_) => {
            faults.add("--org", "a pull request belongs to a repository; use --repo OWNER/REPO");
            None
        }
        None => {
            faults.add("--repo", "is missing; say whose pull request it is: --repo OWNER/REPO");
            None
        }
    };
    let pr = match pr {
        Some(text) => faults.take("--pr", text.parse::<PullNumber>()),
        None => {
            let own = pull_of_run(vars);
            if own.is_none() {
                faults.add("--pr", "is missing; say which pull request: --pr 42");
            }
            own
        }
    };
    Some(Slot { repo: repo?, pr: pr? })
}

/// `refs/pull/42/merge` is what a run of the event `pull_request` is about.
fn pull_of_run(vars: Vars<'_>) -> Option<PullNumber> {
    let reference = vars("GITHUB_REF")?;
    reference.strip_prefix("refs/pull/")?.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LaunchConfig, WhenFull};
    use crate::config::file::File;
    use crate::config::{Faults, Kind, Settings};
    use crate::expose::Expose;
    use crate::model::LaunchMode::{Ec2, Fargate, FargateSpot, Local};

    const HOUR: Duration = Duration::from_secs(3_600);

    fn resolve(vars: &[(&str, &str)], launch: &str) -> Result<LaunchConfig, Vec<String>> {
        let vars = |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let file = File::parse(&format!("[preview.launch]\n{launch}")).expect("valid");
        let settings = Settings::layered(Kind::Preview, &[].into(), &vars, &file);
        let mut faults = Faults::default();
        let config = LaunchConfig::resolve(&settings, &vars, false, &mut faults);
        let told = |fault: crate::config::ConfigError| {
            fault.faults.into_iter().map(|fault| format!("{}: {}", fault.place, fault.text)).collect()
        };
        faults.into_result(Some(config)).map_err(told)
    }

    #[test]
    fn what_nobody_says_is_a_lease_of_two_hours_on_this_machine_without_guards() {
        let config = resolve(&[], "").expect("defaults");
        assert_eq!((config.modes.as_slice(), config.expose), ([Local].as_slice(), Expose::Local));
        assert_eq!((config.lease.ttl, config.lease.max_ttl, config.fork_ttl), (2 * HOUR, 48 * HOUR, HOUR));
        assert_eq!((config.lease.warn, config.lease.ready), (HOUR / 6, HOUR / 6));
        assert_eq!((config.lease.idle, config.guards.max_previews, config.guards.max_hourly), (None, None, None));
        assert_eq!(config.guards.when_full, WhenFull::Refuse);
        assert!(config.fork_security_groups.is_empty() && config.network.is_none());
    }

    #[test]
    fn ecs_is_meant_in_a_workflow_and_wherever_a_setting_names_aws() {
        for vars in [[("GITHUB_ACTIONS", "true")], [("AWS_REGION", "eu-west-1")], [("MAYFLY_CLUSTER", "c")]] {
            let config = resolve(&vars, "").expect("fine");
            assert_eq!((config.modes.as_slice(), config.expose), ([Fargate].as_slice(), Expose::PublicIp), "{vars:?}");
            assert!(config.network.is_some_and(|network| network.assign_public_ip), "{vars:?}");
        }
    }

    #[test]
    fn modes_are_a_ladder_in_the_order_in_which_they_are_written_and_local_stands_alone() {
        let ladder = resolve(&[], "launch_mode = [\"fargate-spot\", \"fargate\", \"ec2\"]").expect("a ladder");
        assert_eq!(ladder.modes, [FargateSpot, Fargate, Ec2]);
        let own = [("MAYFLY_PREVIEW_LAUNCH_MODE", "ec2"), ("MAYFLY_LAUNCH_MODE", "fargate")];
        assert_eq!(resolve(&own, "").expect("its own variable first").modes, [Ec2]);
        let told = resolve(&[], "launch_mode = \"fargate, local\"").expect_err("local is no rung");
        assert!(told.iter().any(|fault| fault.contains("stands alone")), "{told:?}");
    }

    #[test]
    fn listener_is_the_way_where_no_other_is_asked_for() {
        let listener = "launch_mode = \"fargate\"\nlistener = \"arn\"\nbase_domain = \"*.Preview.Example.com\"\n";
        let config = resolve(&[], listener).expect("fine");
        assert_eq!((config.expose, config.road()), (Expose::Alb, Some("arn")));
        assert_eq!(config.base_domain.as_deref(), Some("preview.example.com"));
        assert!(config.network.is_some_and(|network| !network.assign_public_ip));
        let private = resolve(&[], &format!("{listener}expose = \"private-ip\"")).expect("fine");
        assert_eq!((private.expose, private.road()), (Expose::PrivateIp, None));
    }

    #[test]
    fn settings_that_cannot_work_are_told_with_their_place() {
        let cases = [
            ("ttl = \"3d\"", "ttl: is longer than max-ttl"),
            ("max_ttl = \"9999999d\"", "max_ttl: is longer than 366d"),
            ("ttl = \"0s\"", "ttl: must be longer than nothing"),
            ("when_full = \"queue\"", "neither refuse nor wait"),
            ("max_previews = 0", "is not a whole number from 1"),
            ("max_hourly = -1", "is no amount"),
            ("max_hourly = \"inf\"", "is no amount"),
            (
                "launch_mode = \"fargate\"\nlistener = \"arn\"\nidle = \"5m\"",
                "idle: cannot work behind a load balancer",
            ),
            ("launch_mode = \"fargate\"\ncapacity_provider = \"cp\"", "is for launch mode ec2"),
            ("launch_mode = \"ec2\"\nplatform = \"1.4.0\"", "is for Fargate"),
            ("fork_security_groups = \"group\"", "fork_security_groups"),
        ];
        for (launch, told) in cases {
            let found = resolve(&[], launch).expect_err(launch);
            let place = "mayfly.toml [preview.launch]";
            assert!(found.iter().any(|fault| fault.starts_with(place) && fault.contains(told)), "{launch}: {found:?}");
        }
    }

    #[test]
    fn shorter_cap_shortens_the_lease_that_nobody_asked_for() {
        let config = resolve(&[], "max_ttl = \"1h\"").expect("fine");
        assert_eq!(config.lease.ttl, HOUR);
    }
}
