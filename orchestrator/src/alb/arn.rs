//! ARNs of Elastic Load Balancing, told apart: one for the other is the commonest mistake in a setting.

use std::fmt;
use std::str::FromStr;

/// A text that is not the ARN that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not the ARN of {wanted}{hint}")]
pub struct ArnError {
    text: String,
    wanted: &'static str,
    hint: String,
}

macro_rules! arn {
    ($(#[$docs:meta])* $name:ident, $kind:literal, $wanted:literal) => {
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes AWS's word for it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The whole ARN.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = ArnError;

            fn from_str(text: &str) -> Result<Self, ArnError> {
                if resource(text).is_some_and(|(kind, _)| kind == $kind) {
                    return Ok(Self(text.to_owned()));
                }
                Err(ArnError { text: text.to_owned(), wanted: $wanted, hint: hint(text, $kind) })
            }
        }
    };
}

arn!(
    /// A load balancer.
    LoadBalancerArn, "loadbalancer", "a load balancer"
);
arn!(
    /// A listener.
    ListenerArn, "listener", "a listener"
);
arn!(
    /// A rule of a listener.
    RuleArn, "listener-rule", "a listener's rule"
);
arn!(
    /// A target group.
    TargetGroupArn, "targetgroup", "a target group"
);

impl ListenerArn {
    /// The region that it is in.
    pub fn region(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }
}

/// Kind and rest: `arn:aws:elasticloadbalancing:REGION:ACCOUNT:KIND/app/NAME/ID`.
fn resource(text: &str) -> Option<(&str, &str)> {
    let mut parts = text.splitn(6, ':');
    let (arn, _partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let resource = parts.nth(2)?;
    (arn == "arn" && service == "elasticloadbalancing").then(|| resource.split_once('/'))?
}

fn hint(text: &str, wanted: &str) -> String {
    match resource(text) {
        Some(("loadbalancer", _)) if wanted == "listener" => format!(
            " but of its load balancer; `aws elbv2 describe-listeners --load-balancer-arn {text} --query 'Listeners[?Port==`443`].ListenerArn' --output text` prints the listener's"
        ),
        Some(("listener-rule", rest)) if wanted == "listener" => {
            let listener = rest.rsplit_once('/').map_or(rest, |(listener, _)| listener);
            format!(" but of one of its rules; the listener's ends in listener/{listener}")
        }
        Some((kind, _)) => format!(" but of a {kind}"),
        None => format!("; it looks like arn:aws:elasticloadbalancing:REGION:ACCOUNT:{wanted}/…"),
    }
}

#[cfg(test)]
mod tests {
    use super::{ListenerArn, LoadBalancerArn, TargetGroupArn};

    const ALB: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shared/50dc6c495c0c9188";
    const LISTENER: &str =
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shared/50dc6c495c0c9188/f2f7dc8efc522ab2";

    #[test]
    fn load_balancers_arn_in_place_of_its_listeners_is_refused_with_the_command_that_prints_the_right_one() {
        let fault = ALB.parse::<ListenerArn>().expect_err("a load balancer").to_string();
        assert!(
            fault.contains("but of its load balancer") && fault.contains("aws elbv2 describe-listeners"),
            "{fault}"
        );
        assert!(ALB.parse::<LoadBalancerArn>().is_ok());
    }

    #[test]
    fn rules_arn_in_place_of_its_listeners_is_refused_with_the_listeners() {
        let rule = format!("{}/9683b2d02a6cabee", LISTENER.replace(":listener/", ":listener-rule/"));
        let fault = rule.parse::<ListenerArn>().expect_err("a rule").to_string();
        assert!(fault.ends_with("listener/app/shared/50dc6c495c0c9188/f2f7dc8efc522ab2"), "{fault}");
    }

    #[test]
    fn listeners_arn_is_taken_in_each_partition_and_knows_its_region() {
        let china = LISTENER.replace("arn:aws:", "arn:aws-cn:").replace("eu-central-1", "cn-north-1");
        assert_eq!(china.parse::<ListenerArn>().expect("a listener").region(), "cn-north-1");
        assert!(LISTENER.parse::<TargetGroupArn>().is_err());
    }

    #[test]
    fn what_is_no_arn_is_answered_with_the_form_of_one() {
        for text in ["", "my-listener", "arn:aws:ecs:r:1:listener/app/x/y/z", "arn:aws:elasticloadbalancing"] {
            let fault = text.parse::<ListenerArn>().expect_err(text).to_string();
            assert!(fault.contains("arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener/…"), "{fault}");
        }
    }
}
