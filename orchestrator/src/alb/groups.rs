//! Target groups.

use std::time::Duration;

use serde::Deserialize;

use super::client::{repeatable, with_tags};
use super::xml::{List, next_page};
use super::{Alb, LoadBalancerArn, Tags, TargetGroupArn};
use crate::aws::query::{Done, Parameters};
use crate::aws::{AwsError, AwsErrorKind};

/// What a target group's targets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetType {
    /// Private addresses: tasks with a network interface of their own.
    Ip,
    /// EC2 instances: tasks on the instance's bridge or its own network.
    Instance,
}

impl TargetType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ip, Self::Instance];

    /// As AWS writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Instance => "instance",
        }
    }
}

/// How a target's health is found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// The path that is asked for.
    pub path: String,
    /// Statuses that are well: `200-399`.
    pub matcher: String,
    /// Between two checks: 5 s at least.
    pub interval: Duration,
    /// For one check: 2 s at least, and shorter than the interval.
    pub timeout: Duration,
    /// So many in a row make it healthy.
    pub healthy: u32,
    /// So many in a row make it unhealthy.
    pub unhealthy: u32,
}

impl HealthCheck {
    /// The quickest that ELB allows: a person waits for the first answer.
    pub fn of(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            matcher: "200-399".to_owned(),
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(2),
            healthy: 2,
            unhealthy: 2,
        }
    }

    fn fill(&self, form: Parameters) -> Parameters {
        form.with("HealthCheckPath", &self.path)
            .with("HealthCheckIntervalSeconds", self.interval.as_secs().to_string())
            .with("HealthCheckTimeoutSeconds", self.timeout.as_secs().to_string())
            .with("HealthyThresholdCount", self.healthy.to_string())
            .with("UnhealthyThresholdCount", self.unhealthy.to_string())
            .with("Matcher.HttpCode", &self.matcher)
    }
}

/// A target group to make.
#[derive(Clone, Debug)]
pub struct NewTargetGroup<'a> {
    /// At most 32 characters, unique in the region and account.
    pub name: &'a str,
    /// What its targets are.
    pub target_type: TargetType,
    /// The load balancer's VPC.
    pub vpc: &'a str,
    /// Its health check.
    pub health: &'a HealthCheck,
    /// Its tags.
    pub tags: &'a Tags,
}

/// A target group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: TargetGroupArn,
    /// Its name.
    pub name: String,
    /// `ip`, `instance`, `lambda`, `alb`.
    pub target_type: String,
    /// `HTTP`, `HTTPS`.
    pub protocol: String,
    /// Its VPC.
    pub vpc: String,
    /// Its health check.
    pub health: HealthCheck,
    /// Load balancers whose rules forward to it.
    pub load_balancers: Vec<LoadBalancerArn>,
}

/// The port that a target without its own would have: each of ours is registered with its own.
const DEFAULT_PORT: &str = "80";

impl Alb {
    /// All target groups of the region, or of a load balancer.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn describe_target_groups(&self, of: Option<&LoadBalancerArn>) -> Result<Vec<TargetGroup>, AwsError> {
        let form = of.map(|arn| Parameters::default().with("LoadBalancerArn", arn.as_str())).unwrap_or_default();
        let object = of.map_or("the region".to_owned(), |arn| format!("load balancer {arn}"));
        match self.target_groups(&object, form).await {
            // A load balancer without any is answered like a name that is not there.
            Err(fault) if fault.code.as_deref() == Some("TargetGroupNotFound") => Ok(Vec::new()),
            found => found,
        }
    }

    /// Looks at a target group; none where nothing has this name.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn target_group(&self, name: &str) -> Result<Option<TargetGroup>, AwsError> {
        let form = Parameters::default().with("Names.member.1", name);
        match self.target_groups(&format!("target group {name}"), form).await {
            Err(fault) if fault.kind == AwsErrorKind::NotFound => Ok(None),
            found => Ok(found?.into_iter().next()),
        }
    }

    async fn target_groups(&self, object: &str, form: Parameters) -> Result<Vec<TargetGroup>, AwsError> {
        let (mut found, mut page) = (Vec::new(), form.clone());
        loop {
            let answer: TargetGroupsXml = self.call(repeatable("DescribeTargetGroups"), object, &page).await?;
            found.extend(answer.target_groups.member.into_iter().map(TargetGroup::from));
            let Some(marker) = next_page(answer.next_marker) else { return Ok(found) };
            page = form.clone().with("Marker", marker);
        }
    }

    /// Makes a target group. The same settings again give the one that is there.
    ///
    /// # Errors
    /// A refusal (`DuplicateTargetGroupName` where the name has other settings), or no answer.
    pub async fn create_target_group(&self, new: &NewTargetGroup<'_>) -> Result<TargetGroup, AwsError> {
        let object = format!("target group {}", new.name);
        let form = Parameters::default()
            .with("Name", new.name)
            .with("Protocol", "HTTP")
            .with("Port", DEFAULT_PORT)
            .with("VpcId", new.vpc)
            .with("TargetType", new.target_type.as_str())
            .with("HealthCheckProtocol", "HTTP");
        let form = with_tags(new.health.fill(form), new.tags);
        let answer: TargetGroupsXml = self.call(repeatable("CreateTargetGroup"), &object, &form).await?;
        let made = answer.target_groups.member.into_iter().next().map(TargetGroup::from);
        made.ok_or_else(|| {
            AwsError::new(AwsErrorKind::Unavailable, "CreateTargetGroup", object, "the answer does not have it")
        })
    }

    /// Changes the health check of a target group.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn modify_target_group(&self, arn: &TargetGroupArn, health: &HealthCheck) -> Result<(), AwsError> {
        let form = health.fill(Parameters::default().with("TargetGroupArn", arn.as_str()));
        self.call::<Done>(repeatable("ModifyTargetGroup"), &object(arn), &form).await.map(drop)
    }

    /// Sets how long a deregistered target keeps its connections: 300 s unless told.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn set_deregistration_delay(&self, arn: &TargetGroupArn, delay: Duration) -> Result<(), AwsError> {
        let form = Parameters::default()
            .with("TargetGroupArn", arn.as_str())
            .with("Attributes.member.1.Key", "deregistration_delay.timeout_seconds")
            .with("Attributes.member.1.Value", delay.as_secs().to_string());
        self.call::<Done>(repeatable("ModifyTargetGroupAttributes"), &object(arn), &form).await.map(drop)
    }

    /// Removes a target group. One that is gone is no error.
    ///
    /// # Errors
    /// A refusal (`ResourceInUse` while a rule forwards to it), or no answer.
    pub async fn delete_target_group(&self, arn: &TargetGroupArn) -> Result<(), AwsError> {
        let form = Parameters::default().with("TargetGroupArn", arn.as_str());
        self.remove("DeleteTargetGroup", &object(arn), &form).await
    }
}

/// How errors call a target group.
pub(super) fn object(arn: &TargetGroupArn) -> String {
    let text = arn.as_str();
    format!("target group {}", text.split("targetgroup/").nth(1).unwrap_or(text))
}

impl From<TargetGroupXml> for TargetGroup {
    fn from(xml: TargetGroupXml) -> Self {
        let health = HealthCheck {
            path: xml.health_check_path,
            matcher: xml.matcher.http_code,
            interval: Duration::from_secs(xml.health_check_interval_seconds),
            timeout: Duration::from_secs(xml.health_check_timeout_seconds),
            healthy: xml.healthy_threshold_count,
            unhealthy: xml.unhealthy_threshold_count,
        };
        Self {
            arn: TargetGroupArn::new(xml.target_group_arn),
            name: xml.target_group_name,
            target_type: xml.target_type,
            protocol: xml.protocol,
            vpc: xml.vpc_id,
            health,
            load_balancers: xml.load_balancer_arns.member.into_iter().map(LoadBalancerArn::new).collect(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct TargetGroupsXml {
    target_groups: List<TargetGroupXml>,
    next_marker: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct TargetGroupXml {
    target_group_arn: String,
    target_group_name: String,
    target_type: String,
    protocol: String,
    vpc_id: String,
    health_check_path: String,
    matcher: MatcherXml,
    health_check_interval_seconds: u64,
    health_check_timeout_seconds: u64,
    healthy_threshold_count: u32,
    unhealthy_threshold_count: u32,
    load_balancer_arns: List<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct MatcherXml {
    http_code: String,
}
