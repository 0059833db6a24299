//! The fix for what Elastic Load Balancing refuses, as far as its codes tell.

use crate::aws::AwsError;

/// What to do about a refusal.
pub(super) fn fix(fault: &AwsError) -> Option<String> {
    let text = match fault.code.as_deref().unwrap_or_default() {
        "AccessDenied" | "AccessDeniedException" => {
            return Some(format!(
                "allow elasticloadbalancing:{} to the role that mayfly runs as; terraform/modules/github-oidc has the whole policy",
                fault.operation
            ));
        }
        "ListenerNotFound" => {
            "check the listener's ARN, its region and account; `aws elbv2 describe-listeners --load-balancer-arn …` shows what there is"
        }
        "LoadBalancerNotFound" => {
            "check the load balancer's ARN and region; `aws elbv2 describe-load-balancers` shows what there is"
        }
        "TargetGroupNotFound" => "it was removed meanwhile; start the preview again",
        "CertificateNotFound" => {
            "the listener names a certificate that is gone; give it one that covers *.<base domain> and is in the same region"
        }
        "TooManyRules" => {
            "the load balancer has all the rules that its quota allows: end previews (`mayfly reap`), or raise the quota `rules-per-application-load-balancer`"
        }
        "TooManyTargetGroups" => {
            "the account has all the target groups that its quota allows in this region: end previews (`mayfly reap`), or raise the quota `target-groups`"
        }
        "TooManyUniqueTargetGroupsPerLoadBalancer" => {
            "a load balancer takes 100 target groups and AWS does not raise that: end previews (`mayfly reap`), or use a listener of another load balancer"
        }
        "TargetGroupAssociationLimit" => {
            "the target group serves another load balancer already, and can serve only one: end the preview that holds it, then start again"
        }
        "TooManyTargets" => "the load balancer has all the targets that its quota allows: end previews (`mayfly reap`)",
        "TooManyTags" => "an object takes 50 tags; give fewer of your own",
        "InvalidTarget" => {
            "the target's address must lie in the load balancer's VPC (or a private network behind it); check --subnets"
        }
        "ResourceInUse" => "a rule or listener still forwards to it; `aws elbv2 describe-rules` shows which",
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::fix;
    use crate::aws::{AwsError, AwsErrorKind};

    #[test]
    fn refusals_that_a_preview_can_meet_have_a_fix_and_a_missing_right_is_named() {
        let fault = |code: &str| {
            AwsError::new(AwsErrorKind::Refused, "CreateRule", "it", "no").with_code(Some(code.to_owned()))
        };
        for code in [
            "TooManyRules",
            "TooManyTargetGroups",
            "TooManyUniqueTargetGroupsPerLoadBalancer",
            "TargetGroupAssociationLimit",
            "CertificateNotFound",
            "ListenerNotFound",
        ] {
            assert!(fix(&fault(code)).is_some(), "{code}");
        }
        let denied = fix(&fault("AccessDenied")).expect("a fix");
        assert!(denied.starts_with("allow elasticloadbalancing:CreateRule "), "{denied}");
        assert_eq!(fix(&fault("ValidationError")), None);
    }
}
