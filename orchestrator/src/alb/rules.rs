//! Rules of a listener.

use serde::Deserialize;

use super::client::{repeatable, with_tags};
use super::xml::{List, next_page};
use super::{Alb, ListenerArn, RuleArn, Tags, TargetGroupArn};
use crate::aws::query::{Done, Parameters};
use crate::aws::{AwsError, AwsErrorKind};

/// A rule to make: requests for a host go to a target group.
#[derive(Clone, Debug)]
pub struct NewRule<'a> {
    /// The listener.
    pub listener: &'a ListenerArn,
    /// Unique in the listener: 1 to 50000, the lowest is asked first.
    pub priority: u32,
    /// The host.
    pub host: &'a str,
    /// Where its requests go.
    pub target_group: &'a TargetGroupArn,
    /// Its tags.
    pub tags: &'a Tags,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its ARN.
    pub arn: RuleArn,
    /// Its priority; the default rule has none.
    pub priority: Option<u32>,
    /// Hosts that it is about, in lower case.
    pub hosts: Vec<String>,
    /// Where it forwards to.
    pub target_groups: Vec<TargetGroupArn>,
}

impl Rule {
    /// Whether it is about exactly this host.
    pub fn is_for(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
    }
}

impl Alb {
    /// All rules of a listener, the default one among them.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn describe_rules(&self, listener: &ListenerArn) -> Result<Vec<Rule>, AwsError> {
        let object = format!("listener {listener}");
        let form = Parameters::default().with("ListenerArn", listener.as_str());
        let (mut found, mut page) = (Vec::new(), form.clone());
        loop {
            let answer: RulesXml = self.call(repeatable("DescribeRules"), &object, &page).await?;
            found.extend(answer.rules.member.into_iter().map(Rule::from));
            let Some(marker) = next_page(answer.next_marker) else { return Ok(found) };
            page = form.clone().with("Marker", marker);
        }
    }

    /// Makes a rule. A repetition after a lost answer meets its own priority: `PriorityInUse`.
    ///
    /// # Errors
    /// A refusal (`PriorityInUse` where another rule has the priority), or no answer.
    pub async fn create_rule(&self, new: &NewRule<'_>) -> Result<Rule, AwsError> {
        let object = format!("host {} at listener {}", new.host, new.listener);
        let form = Parameters::default()
            .with("ListenerArn", new.listener.as_str())
            .with("Priority", new.priority.to_string())
            .with("Conditions.member.1.Field", "host-header")
            .with("Conditions.member.1.HostHeaderConfig.Values.member.1", new.host);
        let form = with_tags(forward(form, new.target_group), new.tags);
        let answer: RulesXml = self.call(repeatable("CreateRule"), &object, &form).await?;
        let made = answer.rules.member.into_iter().next().map(Rule::from);
        made.ok_or_else(|| {
            AwsError::new(AwsErrorKind::Unavailable, "CreateRule", object, "the answer does not have it")
        })
    }

    /// Makes a rule forward to another target group.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn modify_rule(&self, rule: &RuleArn, target_group: &TargetGroupArn) -> Result<(), AwsError> {
        let form = forward(Parameters::default().with("RuleArn", rule.as_str()), target_group);
        self.call::<Done>(repeatable("ModifyRule"), &format!("rule {rule}"), &form).await.map(drop)
    }

    /// Removes a rule. One that is gone is no error.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn delete_rule(&self, rule: &RuleArn) -> Result<(), AwsError> {
        let form = Parameters::default().with("RuleArn", rule.as_str());
        self.remove("DeleteRule", &format!("rule {rule}"), &form).await
    }
}

fn forward(form: Parameters, target_group: &TargetGroupArn) -> Parameters {
    form.with("Actions.member.1.Type", "forward").with("Actions.member.1.TargetGroupArn", target_group.as_str())
}

impl From<RuleXml> for Rule {
    fn from(xml: RuleXml) -> Self {
        let hosts = xml.conditions.member.into_iter().filter(|condition| condition.field == "host-header");
        // `Values` is the older form of the same; an answer has either or both.
        let hosts = hosts.flat_map(|condition| {
            let newer = condition.host_header_config.values.member;
            if newer.is_empty() { condition.values.member } else { newer }
        });
        let groups = xml.actions.member.into_iter().flat_map(|action| {
            let weighted = action.forward_config.target_groups.member.into_iter().map(|group| group.target_group_arn);
            let mut groups: Vec<String> = action.target_group_arn.into_iter().chain(weighted).collect();
            groups.dedup();
            groups
        });
        Self {
            arn: RuleArn::new(xml.rule_arn),
            priority: xml.priority.parse().ok(),
            hosts: hosts.map(|host| host.to_ascii_lowercase()).collect(),
            target_groups: groups.map(TargetGroupArn::new).collect(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct RulesXml {
    rules: List<RuleXml>,
    next_marker: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct RuleXml {
    rule_arn: String,
    priority: String,
    conditions: List<ConditionXml>,
    actions: List<ActionXml>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ConditionXml {
    field: String,
    values: List<String>,
    host_header_config: HostsXml,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct HostsXml {
    values: List<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ActionXml {
    target_group_arn: Option<String>,
    forward_config: ForwardXml,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ForwardXml {
    target_groups: List<WeightedXml>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct WeightedXml {
    target_group_arn: String,
}
