//! A target group.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::check::HealthCheck;
use super::target::Target;
use crate::aws::ecs::task::Tag;
use crate::aws::query::{Fields, invalid};
use crate::aws::wire::Refusal;

/// A target group.
#[derive(Clone, Debug)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// What its targets are.
    pub kind: TargetType,
    /// The port of targets that name none.
    pub port: u16,
    /// How targets are checked.
    pub check: HealthCheck,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Its targets.
    pub targets: Vec<Target>,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    pub(super) vpc: String,
}

/// What the targets of a group are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetType {
    /// EC2 instances, by id.
    Instance,
    /// IP addresses.
    Ip,
}

impl TargetType {
    fn read(text: Option<&str>) -> Result<Self, Refusal> {
        match text {
            None | Some("instance") => Ok(Self::Instance),
            Some("ip") => Ok(Self::Ip),
            Some(other) => Err(invalid(format!("Target type '{other}': the sandbox has 'instance' and 'ip'"))),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Ip => "ip",
        }
    }
}

/// How long a target is drained, in seconds.
pub(super) const DRAIN: &str = "deregistration_delay.timeout_seconds";

/// Attributes of a group behind an application load balancer, with their defaults.
const ATTRIBUTES: [(&str, &str); 7] = [
    (DRAIN, "300"),
    ("load_balancing.algorithm.type", "round_robin"),
    ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
    ("slow_start.duration_seconds", "0"),
    ("stickiness.enabled", "false"),
    ("stickiness.type", "lb_cookie"),
    ("stickiness.lb_cookie.duration_seconds", "86400"),
];

pub(super) fn not_found(arn: &str) -> Refusal {
    Refusal::client("TargetGroupNotFound", format!("Target groups '{arn}' not found"))
}

impl TargetGroup {
    /// Reads what CreateTargetGroup is told; the ARN is still to come.
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Refusal> {
        let name = fields.required("Name")?;
        check_name(name)?;
        match fields.text("Protocol") {
            Some("HTTP") => {}
            Some(other) => return Err(invalid(format!("Protocol '{other}': the sandbox has HTTP only"))),
            None => return Err(invalid("A protocol must be specified")),
        }
        let port = fields.number("Port")?.ok_or_else(|| invalid("A port must be specified"))?;
        let port = u16::try_from(port).ok().filter(|port| *port > 0);
        let vpc = fields.text("VpcId").ok_or_else(|| invalid("A VPC ID must be specified"))?;
        Ok(Self {
            arn: String::new(),
            name: name.to_owned(),
            kind: TargetType::read(fields.text("TargetType"))?,
            port: port.ok_or_else(|| invalid("Port must be between '1' and '65535'"))?,
            check: HealthCheck::default().with(fields)?,
            tags: super::tags::read(fields)?,
            targets: Vec::new(),
            attributes: ATTRIBUTES.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            vpc: vpc.to_owned(),
        })
    }

    /// Whether a repeated call is about the same group: only then is it the earlier one's answer. Tags count, as they do
    /// for load balancers.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.kind, self.port, &self.check, &self.vpc, &self.tags)
            == (other.kind, other.port, &other.check, &other.vpc, &other.tags)
    }

    /// Sets an attribute, if there is one of this name and it may have this value.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<(), Refusal> {
        let known = || invalid(format!("Target group attribute key '{key}' is not recognized"));
        let place = self.attributes.get_mut(key).ok_or_else(known)?;
        if key == DRAIN && !value.parse().is_ok_and(|seconds: u32| seconds <= 3_600) {
            let text = "must be an integer between '0' and '3600'";
            return Err(invalid(format!("Target group attribute value '{value}' for '{key}' {text}")));
        }
        value.clone_into(place);
        Ok(())
    }

    pub(super) fn describe(&self, balancers: &[&str]) -> Value {
        json!({
            "TargetGroupArn": self.arn,
            "TargetGroupName": self.name,
            "Protocol": "HTTP",
            "ProtocolVersion": "HTTP1",
            "Port": self.port,
            "VpcId": self.vpc,
            "TargetType": self.kind.name(),
            "IpAddressType": "ipv4",
            "LoadBalancerArns": balancers,
            "HealthCheckEnabled": true,
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": self.check.port.map_or("traffic-port".to_owned(), |port| port.to_string()),
            "HealthCheckPath": self.check.path,
            "HealthCheckIntervalSeconds": self.check.interval,
            "HealthCheckTimeoutSeconds": self.check.timeout,
            "HealthyThresholdCount": self.check.healthy,
            "UnhealthyThresholdCount": self.check.unhealthy,
            "Matcher": { "HttpCode": self.check.matcher.0 },
        })
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let refuse = |text: &str| Err(invalid(format!("Target group name '{name}' {text}")));
    if name.len() > 32 {
        return refuse("cannot be longer than '32' characters");
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return refuse("can only contain characters that are alphanumeric characters or hyphens(-)");
    }
    if name.starts_with('-') || name.ends_with('-') {
        return refuse("cannot begin or end with '-'");
    }
    Ok(())
}
