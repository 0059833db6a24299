//! Target groups: their rules, limits, tags, and how long they stay.

use sandbox::aws::{AwsConfig, LoadBalancerConfig, fixture};

use crate::query::{all, one};
use crate::world::World;

/// Settings of a good target group of IP addresses.
pub(crate) const GROUP: [(&str, &str); 6] = [
    ("Protocol", "HTTP"),
    ("Port", "8080"),
    ("VpcId", fixture::VPC),
    ("TargetType", "ip"),
    ("HealthCheckPath", "/health"),
    ("HealthyThresholdCount", "2"),
];

impl World {
    /// CreateTargetGroup with changed or added fields.
    pub(crate) fn create_group(&self, name: &str, changes: &[(&str, &str)]) -> Result<String, crate::query::Refused> {
        let kept = GROUP.into_iter().filter(|(field, _)| !changes.iter().any(|(changed, _)| changed == field));
        let fields: Vec<(&str, &str)> = kept.chain(changes.iter().copied()).chain([("Name", name)]).collect();
        self.elb("CreateTargetGroup", &fields).map(|xml| one(&xml, "TargetGroupArn"))
    }
}

#[test]
fn group_is_made_once_for_equal_settings_and_refused_for_others() {
    let world = World::new();
    let first = world.create_group("mf-1", &[]).unwrap();
    assert_eq!(world.create_group("mf-1", &[]).unwrap(), first);
    for changes in [("Port", "80"), ("HealthCheckPath", "/"), ("TargetType", "instance")] {
        let refused = world.create_group("mf-1", &[changes]).unwrap_err();
        assert_eq!(refused.code, "DuplicateTargetGroupName");
        assert_eq!(refused.message, "A target group with the same name 'mf-1' exists, but with different settings");
    }
    let tagged = [("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")];
    assert_eq!(world.create_group("mf-1", &tagged).unwrap_err().code, "DuplicateTargetGroupName");
    assert_eq!(world.aws.target_groups().len(), 1);
}

#[test]
fn settings_outside_of_their_ranges_are_refused_and_make_nothing() {
    let world = World::new();
    for (field, value, text) in [
        ("Port", "0", "Port must be"),
        ("Port", "65536", "Port must be"),
        ("Protocol", "TCP", "HTTP only"),
        ("VpcId", "vpc-1", "is not found"),
        ("TargetType", "lambda", "Target type"),
        ("HealthCheckPath", "health", "must begin with"),
        ("HealthCheckIntervalSeconds", "4", "Health check interval '4' must be between '5' and '300'"),
        ("HealthCheckTimeoutSeconds", "1", "timeout"),
        ("HealthCheckTimeoutSeconds", "30", "smaller than"),
        ("HealthyThresholdCount", "11", "Healthy threshold"),
        ("UnhealthyThresholdCount", "1", "Unhealthy threshold"),
        ("Matcher.HttpCode", "500", "Health check matcher"),
    ] {
        let refused = world.create_group("g", &[(field, value)]).unwrap_err();
        assert_eq!(refused.code, "ValidationError", "{field} {value}");
        assert!(refused.message.contains(text), "{field}: {}", refused.message);
    }
    let long = "x".repeat(33);
    for name in [long.as_str(), "a_b", "-a", "a-", "a.b"] {
        assert_eq!(world.create_group(name, &[]).unwrap_err().code, "ValidationError", "{name}");
    }
    assert!(world.create_group(&long[..32], &[]).is_ok());
    assert_eq!(world.aws.target_groups().len(), 1);
}

#[test]
fn groups_are_described_in_pages_by_name_and_by_arn() {
    let world = World::new();
    let arns: Vec<String> = (0..5).map(|n| world.create_group(&format!("g{n}"), &[]).unwrap()).collect();
    let first = world.elb("DescribeTargetGroups", &[("PageSize", "3")]).unwrap();
    let marker = one(&first, "NextMarker");
    let second = world.elb("DescribeTargetGroups", &[("PageSize", "3"), ("Marker", &marker)]).unwrap();
    let paged = [all(&first, "TargetGroupArn"), all(&second, "TargetGroupArn")].concat();
    assert_eq!(paged, arns);
    assert!(!second.contains("NextMarker"));
    let named = world.elb("DescribeTargetGroups", &[("Names.member.1", "g3")]).unwrap();
    assert_eq!(all(&named, "TargetGroupArn"), arns[3..4]);
    let missing = world.elb("DescribeTargetGroups", &[("Names.member.1", "nope")]).unwrap_err();
    assert_eq!((missing.status, missing.code.as_str()), (400, "TargetGroupNotFound"));
    let balancer = world.aws.load_balancer_arn();
    let unused = world.elb("DescribeTargetGroups", &[("LoadBalancerArn", &balancer)]).unwrap();
    assert!(all(&unused, "TargetGroupArn").is_empty());
    let both = world.elb("DescribeTargetGroups", &[("Names.member.1", "g3"), ("LoadBalancerArn", &balancer)]);
    assert_eq!(both.unwrap_err().code, "ValidationError");
}

#[test]
fn group_is_modified_and_attributes_have_their_range() {
    let world = World::new();
    let arn = world.create_group("g", &[]).unwrap();
    world.elb("ModifyTargetGroup", &[("TargetGroupArn", &arn), ("HealthCheckPath", "/ready")]).unwrap();
    assert_eq!(world.aws.target_groups()[0].check.path, "/ready");
    let delay = |value: &str| {
        let key = ("Attributes.member.1.Key", "deregistration_delay.timeout_seconds");
        let fields = [("TargetGroupArn", arn.as_str()), key, ("Attributes.member.1.Value", value)];
        world.elb("ModifyTargetGroupAttributes", &fields)
    };
    delay("5").unwrap();
    assert_eq!(delay("3601").unwrap_err().code, "ValidationError");
    assert_eq!(world.aws.target_groups()[0].attributes["deregistration_delay.timeout_seconds"], "5");
    let gone = world.elb("ModifyTargetGroup", &[("TargetGroupArn", "arn:aws:elasticloadbalancing:x")]).unwrap_err();
    assert_eq!(gone.code, "TargetGroupNotFound");
}

#[test]
fn accounts_quota_of_groups_is_kept_and_told() {
    let balancer = LoadBalancerConfig { target_groups: 2, ..LoadBalancerConfig::default() };
    let world = World::with(AwsConfig { load_balancer: balancer, ..AwsConfig::default() });
    world.create_group("a", &[]).unwrap();
    world.create_group("b", &[]).unwrap();
    assert_eq!(world.create_group("c", &[]).unwrap_err().code, "TooManyTargetGroups");
    let limits = world.elb("DescribeAccountLimits", &[]).unwrap();
    assert!(limits.contains("<Max>2</Max><Name>target-groups</Name>"), "{limits}");
}

#[test]
fn tags_of_groups_are_given_added_described_and_removed() {
    let world = World::new();
    let tags = [("Tags.member.1.Key", "mayfly:pr"), ("Tags.member.1.Value", "7")];
    let arn = world.create_group("g", &tags).unwrap();
    let more = [("ResourceArns.member.1", arn.as_str()), ("Tags.member.1.Key", "b"), ("Tags.member.1.Value", "c d")];
    world.elb("AddTags", &more).unwrap();
    let described = world.elb("DescribeTags", &[("ResourceArns.member.1", &arn)]).unwrap();
    assert_eq!(all(&described, "Value"), ["7", "c d"]);
    world.elb("RemoveTags", &[("ResourceArns.member.1", &arn), ("TagKeys.member.1", "b")]).unwrap();
    assert_eq!(world.aws.target_groups()[0].tags.len(), 1);
    let names: Vec<String> = (1..=21).map(|n| format!("ResourceArns.member.{n}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), arn.as_str())).collect();
    assert!(world.elb("DescribeTags", &many[..20]).is_ok());
    assert_eq!(world.elb("DescribeTags", &many).unwrap_err().code, "ValidationError");
    let gone = arn.replace("/g/", "/h/");
    assert_eq!(world.elb("DescribeTags", &[("ResourceArns.member.1", &gone)]).unwrap_err().code, "TargetGroupNotFound");
}
