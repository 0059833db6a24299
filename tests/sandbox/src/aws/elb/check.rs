//! The health check of a target group: its settings and their ranges.

use crate::aws::query::{Fields, invalid};
use crate::aws::wire::Refusal;

/// How a group's targets are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// Path that is asked for.
    pub path: String,
    /// Port that is asked, where it is not the target's own (`traffic-port`).
    pub port: Option<u16>,
    /// Seconds between two checks.
    pub interval: u32,
    /// Seconds that an answer may take.
    pub timeout: u32,
    /// Passes in a row that make an unhealthy target healthy.
    pub healthy: u32,
    /// Failures in a row that make a healthy target unhealthy.
    pub unhealthy: u32,
    /// Statuses that pass.
    pub matcher: Matcher,
}

/// Statuses: `200`, `200,302` or `200-399`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher(pub String);

/// ELB API reference, "CreateTargetGroup", for target types instance and ip with HTTP.
impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            port: None,
            interval: 30,
            timeout: 5,
            healthy: 5,
            unhealthy: 2,
            matcher: Matcher("200".to_owned()),
        }
    }
}

impl HealthCheck {
    /// These settings with those of a call laid over them.
    pub(super) fn with(self, fields: &Fields<'_>) -> Result<Self, Refusal> {
        let matcher = fields.object("Matcher").and_then(|matcher| matcher.text("HttpCode"));
        if let Some(protocol) = fields.text("HealthCheckProtocol").filter(|protocol| *protocol != "HTTP") {
            return Err(invalid(format!("Health check protocol '{protocol}': the sandbox checks by HTTP only")));
        }
        let changed = Self {
            path: fields.text("HealthCheckPath").map_or(self.path, str::to_owned),
            port: fields.text("HealthCheckPort").map_or(Ok(self.port), read_port)?,
            interval: fields.number("HealthCheckIntervalSeconds")?.unwrap_or(self.interval),
            timeout: fields.number("HealthCheckTimeoutSeconds")?.unwrap_or(self.timeout),
            healthy: fields.number("HealthyThresholdCount")?.unwrap_or(self.healthy),
            unhealthy: fields.number("UnhealthyThresholdCount")?.unwrap_or(self.unhealthy),
            matcher: matcher.map_or(self.matcher, |codes| Matcher(codes.to_owned())),
        };
        changed.check()?;
        Ok(changed)
    }

    fn check(&self) -> Result<(), Refusal> {
        let numbers = [
            ("Health check interval", self.interval, 5, 300),
            ("Health check timeout", self.timeout, 2, 120),
            ("Healthy threshold count", self.healthy, 2, 10),
            ("Unhealthy threshold count", self.unhealthy, 2, 10),
        ];
        let wrong = numbers.iter().find(|(_, value, least, most)| !(least..=most).contains(&value));
        if let Some((name, value, least, most)) = wrong {
            return Err(invalid(format!("{name} '{value}' must be between '{least}' and '{most}'")));
        }
        if self.timeout >= self.interval {
            return Err(invalid("Health check timeout must be smaller than the health check interval"));
        }
        if !self.path.starts_with('/') || self.path.chars().count() > 1_024 {
            let text = "must begin with a '/' character, and have at most '1024' characters";
            return Err(invalid(format!("Health check path '{}' {text}", self.path)));
        }
        match self.matcher.ranges() {
            Some(_) => Ok(()),
            None => Err(invalid(format!("Health check matcher HTTP code '{}' is not valid", self.matcher.0))),
        }
    }
}

fn read_port(text: &str) -> Result<Option<u16>, Refusal> {
    let refuse = || invalid(format!("Health check port '{text}' must be 'traffic-port' or between '1' and '65535'"));
    match text {
        "traffic-port" => Ok(None),
        number => number.parse().ok().filter(|port| *port > 0).map(Some).ok_or_else(refuse),
    }
}

impl Matcher {
    /// The ranges of statuses, all within 200 and 499.
    fn ranges(&self) -> Option<Vec<(u16, u16)>> {
        let range = |part: &str| {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let (from, to) = (from.parse().ok()?, to.parse().ok()?);
            (200 <= from && from <= to && to <= 499).then_some((from, to))
        };
        self.0.split(',').map(range).collect()
    }

    /// Whether a check that was answered with this status passes.
    pub fn passes(&self, status: u16) -> bool {
        self.ranges().into_iter().flatten().any(|(from, to)| (from..=to).contains(&status))
    }
}

#[cfg(test)]
mod tests {
    use super::Matcher;

    #[test]
    fn matcher_passes_what_its_list_and_ranges_hold() {
        let matcher = Matcher("200,300-399".to_owned());
        let passed: Vec<u16> =
            [199, 200, 201, 300, 399, 400].into_iter().filter(|code| matcher.passes(*code)).collect();
        assert_eq!(passed, [200, 300, 399]);
        for bad in ["", "100", "200-500", "300-200", "200,", "ok"] {
            assert!(Matcher(bad.to_owned()).ranges().is_none(), "{bad}");
        }
    }
}
