//! Rules: priorities, quotas, conditions, pages, and the order in which things can be taken away.

use sandbox::aws::{AwsConfig, LoadBalancerConfig};

use crate::query::{Refused, all, one};
use crate::world::World;

impl World {
    /// A rule of the HTTPS listener that forwards this host to the group.
    pub(crate) fn create_rule(&self, priority: u32, host: &str, group: &str) -> Result<String, Refused> {
        let priority = priority.to_string();
        let changes = [("Priority", priority.as_str()), ("Conditions.member.1.Values.member.1", host)];
        self.create_rule_with(&changes, group)
    }

    fn create_rule_with(&self, changes: &[(&str, &str)], group: &str) -> Result<String, Refused> {
        let listener = self.aws.listeners()[0].arn.clone();
        let usual = [
            ("ListenerArn", listener.as_str()),
            ("Priority", "1"),
            ("Conditions.member.1.Field", "host-header"),
            ("Conditions.member.1.Values.member.1", "a.example.test"),
            ("Actions.member.1.Type", "forward"),
            ("Actions.member.1.TargetGroupArn", group),
        ];
        let kept = usual.into_iter().filter(|(field, _)| !changes.iter().any(|(changed, _)| changed == field));
        let fields: Vec<(&str, &str)> = kept.chain(changes.iter().copied()).collect();
        self.elb("CreateRule", &fields).map(|xml| one(&xml, "RuleArn"))
    }
}

#[test]
fn taken_priority_is_in_use_whoever_asks_at_the_same_time() {
    let world = World::new();
    let group = world.create_group("g", &[]).unwrap();
    let outcomes: Vec<Result<String, Refused>> = std::thread::scope(|scope| {
        let create = |n: u32| world.create_rule(7, &format!("pr-{n}.example.test"), &group);
        let calls: Vec<_> = (0..8).map(|n| scope.spawn(move || create(n))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let refused = outcomes.into_iter().find_map(Result::err).unwrap();
    assert_eq!((refused.status, refused.code.as_str()), (400, "PriorityInUse"));
    assert_eq!(refused.message, "Priority '7' is currently in use");
    assert_eq!(world.aws.rules().len(), 1);
}

#[test]
fn quota_of_rules_and_of_groups_of_one_load_balancer_are_kept() {
    let balancer = LoadBalancerConfig { unique_target_groups: 2, ..LoadBalancerConfig::default() };
    let world = World::with(AwsConfig { load_balancer: balancer, ..AwsConfig::default() });
    let groups: Vec<String> = (0..3).map(|n| world.create_group(&format!("g{n}"), &[]).unwrap()).collect();
    world.create_rule(1, "a.example.test", &groups[0]).unwrap();
    world.create_rule(2, "b.example.test", &groups[1]).unwrap();
    let refused = world.create_rule(3, "c.example.test", &groups[2]).unwrap_err();
    assert_eq!(refused.code, "TooManyUniqueTargetGroupsPerLoadBalancer");
    world.create_rule(3, "c.example.test", &groups[1]).unwrap();
    world.aws.set_rule_quota(3);
    assert_eq!(world.create_rule(4, "d.example.test", &groups[1]).unwrap_err().code, "TooManyRules");
    assert_eq!(world.create_rule(3, "d.example.test", &groups[1]).unwrap_err().code, "PriorityInUse");
}

#[test]
fn rule_that_elb_would_refuse_is_refused_and_makes_nothing() {
    let world = World::new();
    let group = world.create_group("g", &[]).unwrap();
    let (balancer, host) = (world.aws.load_balancer_arn(), "x".repeat(129));
    let gone = group.replace("/g/", "/h/");
    for (field, value, code) in [
        ("Priority", "0", "ValidationError"),
        ("Priority", "50001", "ValidationError"),
        ("ListenerArn", balancer.as_str(), "ValidationError"),
        ("ListenerArn", "arn:aws:elasticloadbalancing:r:1:listener/app/x/1/2", "ListenerNotFound"),
        ("Conditions.member.1.Values.member.1", host.as_str(), "ValidationError"),
        ("Conditions.member.1.Values.member.1", "a b.example.test", "ValidationError"),
        ("Conditions.member.1.Values.member.1", "localhost", "ValidationError"),
        ("Actions.member.1.TargetGroupArn", gone.as_str(), "TargetGroupNotFound"),
    ] {
        let refused = world.create_rule_with(&[(field, value)], &group).unwrap_err();
        assert_eq!(refused.code, code, "{field} {value}: {}", refused.message);
    }
    let six: Vec<String> = (1..=6).map(|n| format!("Conditions.member.1.Values.member.{n}")).collect();
    let six: Vec<(&str, &str)> = six.iter().map(|name| (name.as_str(), "a.example.test")).collect();
    assert_eq!(world.create_rule_with(&six, &group).unwrap_err().code, "ValidationError");
    assert!(world.aws.rules().is_empty());
}

#[test]
fn rules_are_described_by_priority_in_pages_with_the_default_last() {
    let world = World::new();
    let group = world.create_group("g", &[]).unwrap();
    for priority in [30, 10, 20] {
        world.create_rule(priority, &format!("pr-{priority}.example.test"), &group).unwrap();
    }
    let listener = world.aws.listeners()[0].arn.clone();
    let first = world.elb("DescribeRules", &[("ListenerArn", &listener), ("PageSize", "3")]).unwrap();
    assert_eq!(all(&first, "Priority"), ["10", "20", "30"]);
    let marker = one(&first, "NextMarker");
    let second = world.elb("DescribeRules", &[("ListenerArn", &listener), ("Marker", &marker)]).unwrap();
    assert_eq!((one(&second, "Priority"), one(&second, "IsDefault")), ("default".to_owned(), "true".to_owned()));
    let default = one(&second, "RuleArn");
    assert_eq!(world.elb("DeleteRule", &[("RuleArn", &default)]).unwrap_err().code, "OperationNotPermitted");
    let neither = world.elb("DescribeRules", &[]).unwrap_err();
    assert_eq!(neither.code, "ValidationError");
}

#[test]
fn group_goes_only_after_the_rule_that_forwards_to_it() {
    let world = World::new();
    let group = world.create_group("g", &[]).unwrap();
    let rule = world.create_rule(1, "a.example.test", &group).unwrap();
    let refused = world.elb("DeleteTargetGroup", &[("TargetGroupArn", &group)]).unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (400, "ResourceInUse"));
    world.elb("DeleteRule", &[("RuleArn", &rule)]).unwrap();
    assert_eq!(world.elb("DeleteRule", &[("RuleArn", &rule)]).unwrap_err().code, "RuleNotFound");
    world.elb("DeleteTargetGroup", &[("TargetGroupArn", &group)]).unwrap();
    world.elb("DeleteTargetGroup", &[("TargetGroupArn", &group)]).unwrap();
    assert!(world.aws.rules().is_empty() && world.aws.target_groups().is_empty());
}

#[test]
fn rule_is_modified_in_its_place() {
    let world = World::new();
    let (first, second) = (world.create_group("g1", &[]).unwrap(), world.create_group("g2", &[]).unwrap());
    let rule = world.create_rule(5, "a.example.test", &first).unwrap();
    let action = [
        ("RuleArn", rule.as_str()),
        ("Actions.member.1.Type", "forward"),
        ("Actions.member.1.TargetGroupArn", &second),
    ];
    world.elb("ModifyRule", &action).unwrap();
    let changed = &world.aws.rules()[0];
    assert_eq!((changed.action.group(), changed.priority), (Some(second.as_str()), 5));
    assert_eq!(changed.hosts, ["a.example.test"]);
    world.elb("DeleteTargetGroup", &[("TargetGroupArn", &first)]).unwrap();
}

#[test]
fn load_balancer_listeners_and_certificate_are_told() {
    let world = World::new();
    let balancer = world.aws.load_balancer_arn();
    let listeners = world.elb("DescribeListeners", &[("LoadBalancerArn", &balancer)]).unwrap();
    assert_eq!(all(&listeners, "Protocol"), ["HTTPS", "HTTP"]);
    let certificates =
        world.elb("DescribeListenerCertificates", &[("ListenerArn", &world.aws.listeners()[0].arn)]).unwrap();
    let certificate = one(&certificates, "CertificateArn");
    let input = serde_json::json!({ "CertificateArn": certificate });
    let detail = world.call("acm", "DescribeCertificate", &input).unwrap();
    assert_eq!(detail["Certificate"]["DomainName"], "*.preview.example.test");
    let described = world.elb("DescribeLoadBalancers", &[("Names.member.1", "mayfly")]).unwrap();
    assert!(one(&described, "DNSName").ends_with(".elb.amazonaws.com"));
    let unknown = world.elb("DescribeLoadBalancers", &[("Names.member.1", "other")]).unwrap_err();
    assert_eq!(unknown.code, "LoadBalancerNotFound");
    let balancer_in_its_place = world.elb("DescribeRules", &[("ListenerArn", &balancer)]).unwrap_err();
    assert!(balancer_in_its_place.message.contains("is not a valid listener ARN"));
}
