//! A target: where it is, and what its checks say of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::{Value, json};

use super::check::HealthCheck;
use super::group::TargetType;
use crate::aws::config::AwsConfig;
use crate::aws::query::invalid;
use crate::aws::wire::Refusal;

/// A registered target.
#[derive(Clone, Debug)]
pub struct Target {
    /// An address or the id of an instance.
    pub id: String,
    /// Its port.
    pub port: u16,
    /// What its checks say.
    pub health: Health,
    /// Told apart from an earlier registration of the same target.
    pub(super) registration: u64,
    passed: u32,
    failed: u32,
}

/// The health of a target whose group is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Not checked yet, or no check has decided.
    Initial,
    /// Requests go to it.
    Healthy,
    /// Its checks fail: the reason's code and text.
    Unhealthy(&'static str, String),
    /// It was deregistered: what is under way is let end.
    Draining,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    Status(u16),
    TimedOut,
    Failed,
}

impl Target {
    pub(super) fn new(id: &str, port: u16, registration: u64) -> Self {
        Self { id: id.to_owned(), port, health: Health::Initial, registration, passed: 0, failed: 0 }
    }

    pub(super) fn is(&self, id: &str, port: u16) -> bool {
        self.id == id && self.port == port
    }

    /// Where it listens. An instance of the sandbox is this machine.
    pub(super) fn address(&self) -> SocketAddr {
        let ip = self.id.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        SocketAddr::new(ip, self.port)
    }

    /// Draws the consequence of a check. A new target is healthy after its first pass; one that was ill has to pass as
    /// often as the threshold says.
    pub(super) fn note(&mut self, check: &HealthCheck, finding: &Finding) {
        let passes = matches!(finding, Finding::Status(status) if check.matcher.passes(*status));
        (self.passed, self.failed) = if passes { (self.passed + 1, 0) } else { (0, self.failed + 1) };
        self.health = match self.health {
            Health::Draining => Health::Draining,
            Health::Initial if passes => Health::Healthy,
            _ if self.passed >= check.healthy => Health::Healthy,
            _ if self.failed >= check.unhealthy => finding.illness(),
            ref same => same.clone(),
        };
    }

    pub(super) fn describe(&self, used: bool, check: &HealthCheck) -> Value {
        let health = match &self.health {
            Health::Draining => {
                health("draining", Some(("Target.DeregistrationInProgress", "Target deregistration is in progress")))
            }
            _ if !used => not_in_use(),
            Health::Initial if self.passed + self.failed == 0 => {
                health("initial", Some(("Elb.RegistrationInProgress", "Target registration is in progress")))
            }
            Health::Initial => {
                health("initial", Some(("Elb.InitialHealthChecking", "Initial health checks in progress")))
            }
            Health::Healthy => health("healthy", None),
            Health::Unhealthy(reason, text) => health("unhealthy", Some((reason, text))),
        };
        json!({
            "Target": { "Id": self.id, "Port": self.port },
            "HealthCheckPort": check.port.unwrap_or(self.port).to_string(),
            "TargetHealth": health,
        })
    }
}

fn health(state: &str, reason: Option<(&str, &str)>) -> Value {
    json!({ "State": state, "Reason": reason.map(|(code, _)| code), "Description": reason.map(|(_, text)| text) })
}

fn not_in_use() -> Value {
    let text = "Target group is not configured to receive traffic from the load balancer";
    health("unused", Some(("Target.NotInUse", text)))
}

/// What is told of a target that was never registered, or is gone.
pub(super) fn unknown(id: &str, port: u16) -> Value {
    let reason = ("Target.NotRegistered", "Target is not registered to the target group");
    json!({ "Target": { "Id": id, "Port": port }, "TargetHealth": health("unused", Some(reason)) })
}

impl Finding {
    fn illness(&self) -> Health {
        match self {
            Self::Status(status) => Health::Unhealthy(
                "Target.ResponseCodeMismatch",
                format!("Health checks failed with these codes: [{status}]"),
            ),
            Self::TimedOut => Health::Unhealthy("Target.Timeout", "Request timed out".to_owned()),
            Self::Failed => Health::Unhealthy("Target.FailedHealthChecks", "Health checks failed".to_owned()),
        }
    }
}

/// Refuses what the group cannot have as a target: public addresses, and instances that are not there.
///
/// ELB takes the private ranges only; here loopback addresses are taken as well, as that is where the tasks are.
pub(super) fn check_id(config: &AwsConfig, kind: TargetType, id: &str) -> Result<(), Refusal> {
    match kind {
        TargetType::Instance if !id.starts_with("i-") => Err(invalid(format!("Instance ID '{id}' is not valid"))),
        TargetType::Instance => {
            let known = config.clusters.iter().flat_map(|cluster| &cluster.instances).any(|one| one.id == id);
            let text = format!("The following targets are not in a running state and cannot be registered: '{id}'");
            known.then_some(()).ok_or_else(|| Refusal::client("InvalidTarget", text))
        }
        TargetType::Ip => {
            let refuse = || invalid(format!("The IP address '{id}' is not a valid IPv4 address"));
            let ip: Ipv4Addr = id.parse().map_err(|_| refuse())?;
            let shared = ip.octets()[0] == 100 && (64..128).contains(&ip.octets()[1]);
            let text = format!("The IP address '{id}' is not within a supported range of private addresses");
            let allowed = ip.is_private() || ip.is_loopback() || shared;
            allowed.then_some(()).ok_or_else(|| Refusal::client("InvalidTarget", text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Finding, Health, HealthCheck, Target};

    fn after(findings: &[Finding]) -> Health {
        let check = HealthCheck { healthy: 2, unhealthy: 2, ..HealthCheck::default() };
        let mut target = Target::new("10.0.0.1", 80, 1);
        findings.iter().for_each(|finding| target.note(&check, finding));
        target.health
    }

    #[test]
    fn target_changes_its_health_by_first_pass_and_by_thresholds() {
        const GOOD: Finding = Finding::Status(200);
        const BAD: Finding = Finding::Status(500);
        let ill =
            Health::Unhealthy("Target.ResponseCodeMismatch", "Health checks failed with these codes: [500]".to_owned());
        assert_eq!(after(&[GOOD]), Health::Healthy);
        assert_eq!(after(&[BAD]), Health::Initial);
        assert_eq!(after(&[BAD, BAD]), ill);
        assert_eq!(after(&[GOOD, BAD]), Health::Healthy);
        assert_eq!(after(&[BAD, BAD, GOOD]), ill);
        assert_eq!(after(&[BAD, BAD, GOOD, GOOD]), Health::Healthy);
        let reason = |finding: Finding| match after(&[finding.clone(), finding]) {
            Health::Unhealthy(reason, _) => reason,
            _ => "",
        };
        let reasons = (reason(Finding::TimedOut), reason(Finding::Failed));
        assert_eq!(reasons, ("Target.Timeout", "Target.FailedHealthChecks"));
    }
}
