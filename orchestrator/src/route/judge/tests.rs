//! Each decision about what is there of a route.

use super::fixture::{group_arn, owner, rule, spec};
use super::{Change, GroupVerdict, HealthVerdict, RuleVerdict, Tagged, group, health, rules};
use crate::alb::{HealthCheck, RuleArn, Tags, Target, TargetGroup, TargetHealth, TargetState};

fn ours() -> Tags {
    spec().all_tags()
}

fn found(target_type: &str, vpc: &str, tags: Tags) -> Tagged<TargetGroup> {
    let group = TargetGroup {
        arn: group_arn("mf-1"),
        name: "mf-1".to_owned(),
        target_type: target_type.to_owned(),
        protocol: "HTTP".to_owned(),
        vpc: vpc.to_owned(),
        health: HealthCheck::of("/health"),
        load_balancers: Vec::new(),
    };
    Tagged { object: group, tags }
}

fn seen(state: TargetState, reason: Option<&str>) -> TargetHealth {
    TargetHealth {
        target: Target { id: "10.0.0.1".to_owned(), port: 8080 },
        state,
        reason: reason.map(str::to_owned),
        description: Some("Health checks failed with these codes: [500]".to_owned()),
    }
}

#[test]
fn host_that_nobody_has_gets_a_rule() {
    assert_eq!(rules(&spec(), &group_arn("mf-1"), &[]), RuleVerdict::Make);
}

#[test]
fn of_two_rules_that_were_made_at_the_same_moment_the_lowest_stays() {
    let having = [rule("late", Some(102), ours()), rule("early", Some(101), ours())];
    let verdict = rules(&spec(), &group_arn("mf-1"), &having);
    let surplus = vec![RuleArn::new("late")];
    assert_eq!(verdict, RuleVerdict::Keep { rule: RuleArn::new("early"), priority: 101, changes: Vec::new(), surplus });
}

#[test]
fn rule_that_forwards_elsewhere_or_has_old_tags_is_changed() {
    let mut newer = spec();
    newer.tags.insert("mayfly:sha".to_owned(), "abc".to_owned());
    let verdict = rules(&newer, &group_arn("mf-2"), &[rule("r", Some(101), ours())]);
    let changes = vec![Change::Target, Change::Tags];
    assert_eq!(verdict, RuleVerdict::Keep { rule: RuleArn::new("r"), priority: 101, changes, surplus: Vec::new() });
}

#[test]
fn rule_of_somebody_else_is_named_with_its_owner_and_left() {
    let strangers = [
        (Tags::new(), "something that mayfly did not make"),
        (owner("octo/other", 7).tags(), "octo/other#7"),
        (owner("octo/demo", 8).tags(), "octo/demo#8"),
    ];
    for (tags, name) in strangers {
        let having = [rule("ours", Some(100), ours()), rule("theirs", Some(101), tags)];
        match rules(&spec(), &group_arn("mf-1"), &having) {
            RuleVerdict::Taken { rule, owner } => {
                assert_eq!(rule.as_str(), "theirs");
                assert!(owner.starts_with(name), "{owner}");
            }
            verdict => panic!("{verdict:?}"),
        }
    }
}

#[test]
fn target_group_is_kept_changed_or_refused_by_what_can_be_changed() {
    let judge = |found: &Tagged<TargetGroup>| group(&spec(), "vpc-1", found);
    assert_eq!(judge(&found("ip", "vpc-1", ours())), GroupVerdict::Keep(Vec::new()));
    let mut other_path = found("ip", "vpc-1", ours());
    other_path.object.health.path = "/".to_owned();
    assert_eq!(judge(&other_path), GroupVerdict::Keep(vec![Change::Health]));
    for (found, word) in [
        (found("instance", "vpc-1", ours()), "target type"),
        (found("ip", "vpc-2", ours()), "VPC"),
        (found("ip", "vpc-1", Tags::new()), "did not make"),
    ] {
        assert!(matches!(judge(&found), GroupVerdict::Unusable(why) if why.contains(word)), "{word}");
    }
}

#[test]
fn target_is_waited_for_until_it_is_healthy_or_never_will_be() {
    let judge = |state, reason| health(Some(&seen(state, reason)), &HealthCheck::of("/up"));
    assert_eq!(judge(TargetState::Healthy, None), HealthVerdict::Healthy);
    assert!(matches!(health(None, &HealthCheck::of("/up")), HealthVerdict::NotYet(_)));
    for (state, reason) in [
        (TargetState::Initial, "Elb.RegistrationInProgress"),
        (TargetState::Unused, "Target.NotInUse"),
        (TargetState::Unhealthy, "Target.FailedHealthChecks"),
    ] {
        assert!(matches!(judge(state, Some(reason)), HealthVerdict::NotYet(_)), "{reason}");
    }
    for (state, reason) in
        [(TargetState::Unused, "Target.IpUnusable"), (TargetState::Draining, "Target.DeregistrationInProgress")]
    {
        assert!(matches!(judge(state, Some(reason)), HealthVerdict::Never(_)), "{reason}");
    }
}

#[test]
fn reasons_name_path_port_and_what_was_wanted() {
    let told = |reason| match health(Some(&seen(TargetState::Unhealthy, Some(reason))), &HealthCheck::of("/up")) {
        HealthVerdict::NotYet(reason) => format!("{} / {}", reason.why, reason.fix),
        verdict => panic!("{verdict:?}"),
    };
    assert!(told("Target.ResponseCodeMismatch").starts_with("/up answers with a status that is not 200-399 (Health"));
    assert!(told("Target.Timeout").contains("does not answer within 2s"));
    assert!(told("Target.Timeout").contains("port 8080"));
    assert!(told("Target.FailedHealthChecks").contains("0.0.0.0"));
    assert!(told("Something.New").contains("Something.New"));
}
