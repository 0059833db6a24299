//! A client of the Query services, and what is common to them: signatures, rights, errors, the log, faults.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use sandbox::aws::{AwsConfig, Fault, FaultKind, Role, fixture};
use serde_json::json;

use crate::world::{World, admin, post, shell, signature};

/// A refusal: status, code and text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

/// The texts of all elements of this name, in their order.
pub(crate) fn all(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = xml.split(&open).skip(1);
    parts.filter_map(|part| part.split_once(&close).map(|(text, _)| text.to_owned())).collect()
}

/// The text of the one element of this name.
pub(crate) fn one(xml: &str, name: &str) -> String {
    let found = all(xml, name);
    assert_eq!(found.len(), 1, "{name} in {xml}");
    found[0].clone()
}

impl World {
    pub(crate) fn query_as(
        &self,
        who: &Credentials,
        service: &str,
        operation: &str,
        fields: &[(&str, &str)],
    ) -> Result<String, Refused> {
        let version = if service == "ec2" { "2016-11-15" } else { "2015-12-01" };
        let fields = [("Action", operation), ("Version", version)].into_iter().chain(fields.iter().copied());
        let encode = |text: &str| text.replace('%', "%25").replace('&', "%26").replace('+', "%2B").replace(' ', "+");
        let body: Vec<String> = fields.map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let (body, headers) = (body.join("&"), [("content-type", "application/x-www-form-urlencoded")]);
        let signed = signature(who, service, self.aws.url(), &headers, &body, SystemTime::now());
        let signed = signed.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let headers: Vec<(&str, &str)> = headers.into_iter().chain(signed).collect();
        let gone = |message| Refused { status: 0, code: String::new(), message };
        let (status, xml) = post(self.aws.url(), &headers, &body).map_err(gone)?;
        if status == 200 {
            return Ok(xml);
        }
        let text = |name: &str| all(&xml, name).first().cloned().unwrap_or_default();
        Err(Refused { status, code: text("Code"), message: text("Message") })
    }

    /// Calls an operation of ELB as the administrator.
    pub(crate) fn elb(&self, operation: &str, fields: &[(&str, &str)]) -> Result<String, Refused> {
        self.query_as(&admin(), "elasticloadbalancing", operation, fields)
    }

    /// Calls an operation of EC2 as the administrator.
    pub(crate) fn ec2(&self, operation: &str, fields: &[(&str, &str)]) -> Result<String, Refused> {
        self.query_as(&admin(), "ec2", operation, fields)
    }
}

#[test]
fn wrong_signature_is_refused_in_each_services_own_words() {
    let world = World::new();
    let wrong = Credentials::new(fixture::ADMIN_ACCESS_KEY, "wrong", None, None, "test");
    let elb = world.query_as(&wrong, "elasticloadbalancing", "DescribeTags", &[]).unwrap_err();
    assert_eq!((elb.status, elb.code.as_str()), (403, "SignatureDoesNotMatch"));
    let ec2 = world.query_as(&wrong, "ec2", "DescribeInstances", &[]).unwrap_err();
    assert_eq!((ec2.status, ec2.code.as_str()), (401, "AuthFailure"));
}

#[test]
fn role_without_the_action_is_refused_and_tags_need_one_more() {
    for (allowed, operation, missing) in [
        (vec!["ec2:*"], "CreateTargetGroup", "elasticloadbalancing:CreateTargetGroup"),
        (vec!["elasticloadbalancing:CreateTargetGroup"], "CreateTargetGroup", "elasticloadbalancing:AddTags"),
    ] {
        let mut config = AwsConfig::default();
        let mut role = Role::allowing_all(fixture::TASK_ROLE, json!({}));
        role.allowed = allowed.into_iter().map(str::to_owned).collect();
        config.roles.retain(|known| known.name != fixture::TASK_ROLE);
        config.roles.push(role);
        let world = World::with(config.image(fixture::IMAGE, shell("sleep 60")));
        let who = crate::life::credentials_of(&world, &world.start(&world.fargate()));
        let fields = [("Name", "g"), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")];
        let refused = world.query_as(&who, "elasticloadbalancing", operation, &fields).unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (403, "AccessDenied"));
        assert!(refused.message.contains(&format!("not authorized to perform: {missing}")), "{}", refused.message);
        if missing.ends_with("CreateTargetGroup") {
            assert!(world.query_as(&who, "ec2", "DescribeSubnets", &[]).is_ok());
        } else {
            let refused = world.query_as(&who, "ec2", "DescribeSubnets", &[]).unwrap_err();
            assert_eq!((refused.status, refused.code.as_str()), (403, "UnauthorizedOperation"));
        }
        assert!(world.aws.target_groups().is_empty());
    }
}

#[test]
fn calls_are_recorded_with_nested_parameters_and_faults_strike_them() {
    let world = World::new();
    world.aws.fault(Fault::once("DescribeTags", FaultKind::Status(503)));
    let throttled = FaultKind::Error { status: 400, code: "Throttling".into(), message: "Rate exceeded".into() };
    world.aws.fault(Fault::once("DescribeTags", throttled));
    let fields = [("ResourceArns.member.1", "arn:aws:x")];
    assert_eq!(world.elb("DescribeTags", &fields).unwrap_err().status, 503);
    assert_eq!(world.elb("DescribeTags", &fields).unwrap_err().code, "Throttling");
    let call = world.aws.calls("DescribeTags")[0].clone();
    assert_eq!(
        (call.service.as_str(), &call.parameters["ResourceArns"]),
        ("elasticloadbalancing", &json!(["arn:aws:x"]))
    );
}

#[test]
fn unknown_action_and_unknown_version_are_invalid() {
    let world = World::new();
    assert_eq!(world.elb("CreateLoadBalancer", &[]).unwrap_err().code, "InvalidAction");
    assert_eq!(world.ec2("RunInstances", &[]).unwrap_err().code, "InvalidAction");
}
