//! A rule of a listener.

use serde_json::{Value, json};

use crate::aws::ecs::task::Tag;
use crate::aws::query::{Fields, invalid};
use crate::aws::wire::Refusal;

/// A rule of a listener.
#[derive(Clone, Debug)]
pub struct RoutingRule {
    /// Its ARN.
    pub arn: String,
    /// Its listener's ARN.
    pub listener: String,
    /// The lower, the earlier.
    pub priority: u32,
    /// The hosts that it is for, as patterns.
    pub hosts: Vec<String>,
    /// What it does.
    pub action: RuleAction,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// What a rule does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleAction {
    /// Gives it to a target of the group with this ARN.
    Forward(String),
    /// Answers itself.
    Fixed {
        /// HTTP status.
        status: u16,
        /// Its `Content-Type`.
        content_type: String,
        /// Its body.
        body: String,
    },
}

impl RuleAction {
    /// The group that it forwards to.
    pub fn group(&self) -> Option<&str> {
        match self {
            Self::Forward(group) => Some(group),
            Self::Fixed { .. } => None,
        }
    }

    pub(super) fn read(actions: &[Fields<'_>]) -> Result<Self, Refusal> {
        let [action] = actions else {
            return Err(invalid("The sandbox has rules with exactly one action"));
        };
        match action.required("Type")? {
            "forward" => read_forward(action).map(Self::Forward),
            "fixed-response" => read_fixed(action),
            other => Err(invalid(format!("Action type '{other}': the sandbox has 'forward' and 'fixed-response'"))),
        }
    }

    fn describe(&self) -> Value {
        match self {
            Self::Forward(group) => json!({
                "Type": "forward",
                "TargetGroupArn": group,
                "Order": 1,
                "ForwardConfig": {
                    "TargetGroups": [{ "TargetGroupArn": group, "Weight": 1 }],
                    "TargetGroupStickinessConfig": { "Enabled": false },
                },
            }),
            Self::Fixed { status, content_type, body } => json!({
                "Type": "fixed-response",
                "Order": 1,
                "FixedResponseConfig": {
                    "StatusCode": status.to_string(),
                    "ContentType": content_type,
                    "MessageBody": body,
                },
            }),
        }
    }
}

fn read_forward(action: &Fields<'_>) -> Result<String, Refusal> {
    let several = action.object("ForwardConfig").map(|config| config.list("TargetGroups")).unwrap_or_default();
    let group = match several.as_slice() {
        [] => action.text("TargetGroupArn"),
        [one] => one.text("TargetGroupArn"),
        _ => return Err(invalid("The sandbox forwards to one target group")),
    };
    group.map(str::to_owned).ok_or_else(|| invalid("A target group ARN must be specified"))
}

/// ELB API reference, "FixedResponseActionConfig".
const CONTENT_TYPES: [&str; 5] = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];

fn read_fixed(action: &Fields<'_>) -> Result<RuleAction, Refusal> {
    let config = action.object("FixedResponseConfig").ok_or_else(|| invalid("A fixed response must be specified"))?;
    let status: u16 = config.required("StatusCode")?.parse().unwrap_or_default();
    if !matches!(status, 200..=299 | 400..=599) {
        return Err(invalid("Fixed response status code must be 2XX, 4XX or 5XX"));
    }
    let content_type = config.text("ContentType").unwrap_or("text/plain");
    if !CONTENT_TYPES.contains(&content_type) {
        return Err(invalid(format!("Fixed response content type '{content_type}' is not valid")));
    }
    let body = config.text("MessageBody").unwrap_or_default();
    if body.chars().count() > 1_024 {
        return Err(invalid("Fixed response message body cannot be longer than '1024' characters"));
    }
    Ok(RuleAction::Fixed { status, content_type: content_type.to_owned(), body: body.to_owned() })
}

impl RoutingRule {
    pub(super) fn describe(&self) -> Value {
        json!({
            "RuleArn": self.arn,
            "Priority": self.priority.to_string(),
            "Conditions": [{
                "Field": "host-header",
                "Values": self.hosts,
                "HostHeaderConfig": { "Values": self.hosts },
            }],
            "Actions": [self.action.describe()],
            "IsDefault": false,
        })
    }
}

/// The ARN of a rule of this listener.
pub(super) fn arn(listener: &str, id: &str) -> String {
    format!("{}/{id}", listener.replacen(":listener/", ":listener-rule/", 1))
}

/// The id of each listener's default rule.
pub(super) const DEFAULT: &str = "9683b2d02a6cabee";
