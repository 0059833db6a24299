//! EC2: network interfaces of tasks, instances, subnets, security groups, route tables.

use std::time::Duration;

use sandbox::aws::{AwsConfig, fixture};
use serde_json::{Value, json};

use crate::query::{all, one};
use crate::world::{World, shell};

/// A detail of the task's attachment.
fn detail(task: &Value, name: &str) -> String {
    let details = task["attachments"][0]["details"].as_array().unwrap();
    details.iter().find(|detail| detail["name"] == name).unwrap()["value"].as_str().unwrap().to_owned()
}

#[test]
fn public_address_comes_a_little_after_running_and_goes_with_the_task() {
    let mut config = AwsConfig::default();
    config.pace.association_lag = Duration::from_secs(60);
    config.pace.describe_lag = Duration::ZERO;
    let clock = config.clock.clone();
    let world = World::with(config.image(fixture::IMAGE, shell("exec sleep 60")));
    let arn = world.start(&world.fargate());
    let task = world.until_running(&arn);
    let described = world.describe(&arn)["tasks"][0].clone();
    let (interface, address) = (detail(&described, "networkInterfaceId"), detail(&described, "privateIPv4Address"));
    assert_eq!(Some(address.as_str()), task.address());
    let asked = [("NetworkInterfaceId.1", interface.as_str())];
    let early = world.ec2("DescribeNetworkInterfaces", &asked).unwrap();
    assert!(one(&early, "privateIpAddress") == address && !early.contains("<association>"));
    assert_eq!(
        (one(&early, "subnetId"), one(&early, "groupId")),
        (fixture::SUBNET.into(), fixture::SECURITY_GROUP.into())
    );
    clock.advance(Duration::from_secs(60));
    assert_eq!(one(&world.ec2("DescribeNetworkInterfaces", &asked).unwrap(), "publicIp"), address);
    world.stop(&arn);
    world.until_stopped(&arn);
    let gone = world.ec2("DescribeNetworkInterfaces", &asked).unwrap_err();
    assert_eq!((gone.status, gone.code.as_str()), (400, "InvalidNetworkInterfaceID.NotFound"));
    assert_eq!(gone.message, format!("The networkInterface ID '{interface}' does not exist"));
}

#[test]
fn task_without_a_public_address_never_gets_one() {
    let mut config = AwsConfig::default();
    config.pace.association_lag = Duration::ZERO;
    let world = World::with(config.image(fixture::IMAGE, shell("exec sleep 60")));
    let mut launch = world.fargate();
    launch["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] = json!("DISABLED");
    let task = world.until_running(&world.start(&launch));
    let address = task.address().unwrap().to_owned();
    let filter = [("Filter.1.Name", "addresses.private-ip-address"), ("Filter.1.Value.1", address.as_str())];
    let found = world.ec2("DescribeNetworkInterfaces", &filter).unwrap();
    assert!(one(&found, "privateIpAddress") == address && !found.contains("<association>"));
}

#[test]
fn what_the_account_has_is_described_and_what_it_has_not_is_not_found() {
    let private = "subnet-private";
    let mut config = AwsConfig { private_subnets: vec![private.to_owned()], ..AwsConfig::default() };
    config.subnets.push(private.to_owned());
    let world = World::with(config);
    let instance = world.ec2("DescribeInstances", &[("InstanceId.1", "i-0a1b2c3d4e5f60718")]).unwrap();
    assert_eq!(one(&instance, "privateIpAddress"), "127.0.0.1");
    let table = |subnet: &str| {
        let filter = [("Filter.1.Name", "association.subnet-id"), ("Filter.1.Value.1", subnet)];
        all(&world.ec2("DescribeRouteTables", &filter).unwrap(), "gatewayId")
    };
    assert_eq!((table(fixture::SUBNET).len(), table(private).len(), table("subnet-x").len()), (2, 1, 0));
    let subnet = world.ec2("DescribeSubnets", &[("SubnetId.1", private)]).unwrap();
    assert_eq!((one(&subnet, "mapPublicIpOnLaunch"), one(&subnet, "vpcId")), ("false".into(), fixture::VPC.into()));
    for (operation, field, id, code) in [
        ("DescribeInstances", "InstanceId.1", "i-1", "InvalidInstanceID.NotFound"),
        ("DescribeSubnets", "SubnetId.1", "subnet-1", "InvalidSubnetID.NotFound"),
        ("DescribeSecurityGroups", "GroupId.1", "sg-1", "InvalidGroup.NotFound"),
        ("DescribeSecurityGroups", "GroupId.1", "group", "InvalidGroup.Malformed"),
    ] {
        assert_eq!(world.ec2(operation, &[(field, id)]).unwrap_err().code, code);
    }
    let group = world.ec2("DescribeSecurityGroups", &[("GroupId.1", fixture::SECURITY_GROUP)]).unwrap();
    assert_eq!(one(&group, "groupName"), "sandbox");
    let filter = [("Filter.1.Name", "colour"), ("Filter.1.Value.1", "red")];
    assert_eq!(world.ec2("DescribeSubnets", &filter).unwrap_err().code, "InvalidParameterValue");
}
