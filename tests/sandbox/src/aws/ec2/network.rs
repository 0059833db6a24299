//! Instances, subnets, security groups and route tables: they are as they were configured.

use serde_json::{Value, json};

use super::{Entry, check_ids, filtered};
use crate::aws::config::AwsConfig;
use crate::aws::fixture;
use crate::aws::query::Fields;
use crate::aws::wire::Refusal;

/// An instance of the sandbox is this machine: its addresses are loopback's.
pub(super) fn instances(config: &AwsConfig, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let asked = fields.texts("InstanceId");
    let all: Vec<&String> =
        config.clusters.iter().flat_map(|cluster| &cluster.instances).map(|instance| &instance.id).collect();
    let known = |id: &str| all.iter().any(|known| *known == id);
    check_ids(&asked, "i-", "InvalidInstanceID", &known, "instance ID")?;
    let entry = |id: &String| Entry {
        keys: vec![("instance-id", id.clone())],
        described: json!({
            "instanceId": id,
            "instanceState": { "code": 16, "name": "running" },
            "privateIpAddress": "127.0.0.1",
            "privateDnsName": "ip-127-0-0-1.eu-central-1.compute.internal",
            "ipAddress": "127.0.0.1",
            "dnsName": "localhost",
            "subnetId": config.subnets.first(),
            "vpcId": fixture::VPC,
            "groupSet": config.security_groups.iter().map(|id| json!({ "groupId": id })).collect::<Value>(),
            "placement": { "availabilityZone": "eu-central-1a" },
        }),
    };
    let wanted = all.into_iter().filter(|id| asked.is_empty() || asked.contains(&id.as_str()));
    let found = filtered(wanted.map(entry).collect(), fields)?;
    let reservations = found.into_iter().map(
        |instance| json!({ "reservationId": "r-0a1b2c3d", "ownerId": config.account, "instancesSet": [instance] }),
    );
    Ok(json!({ "reservationSet": reservations.collect::<Value>() }))
}

pub(super) fn subnets(config: &AwsConfig, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let asked = fields.texts("SubnetId");
    let known = |id: &str| config.subnets.iter().any(|known| known == id);
    check_ids(&asked, "subnet-", "InvalidSubnetID", &known, "subnet ID")?;
    let entry = |id: &String| Entry {
        keys: vec![("subnet-id", id.clone()), ("vpc-id", fixture::VPC.to_owned())],
        described: json!({
            "subnetId": id,
            "vpcId": fixture::VPC,
            "state": "available",
            "cidrBlock": "127.0.0.0/8",
            "availabilityZone": "eu-central-1a",
            "availableIpAddressCount": 251,
            "mapPublicIpOnLaunch": !config.private_subnets.contains(id),
        }),
    };
    let wanted = config.subnets.iter().filter(|id| asked.is_empty() || asked.contains(&id.as_str()));
    Ok(json!({ "subnetSet": filtered(wanted.map(entry).collect(), fields)? }))
}

/// All of them let everything in: there is no firewall between processes of one machine.
pub(super) fn security_groups(config: &AwsConfig, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let asked = fields.texts("GroupId");
    let known = |id: &str| config.security_groups.iter().any(|known| known == id);
    check_ids(&asked, "sg-", "InvalidGroup", &known, "security group")?;
    let anywhere = json!([{ "ipProtocol": "-1", "ipRanges": [{ "cidrIp": "0.0.0.0/0" }] }]);
    let entry = |id: &String| Entry {
        keys: vec![("group-id", id.clone()), ("vpc-id", fixture::VPC.to_owned())],
        described: json!({
            "groupId": id,
            "groupName": "sandbox",
            "groupDescription": "lets everything in",
            "ownerId": config.account,
            "vpcId": fixture::VPC,
            "ipPermissions": anywhere,
            "ipPermissionsEgress": anywhere,
        }),
    };
    let wanted = config.security_groups.iter().filter(|id| asked.is_empty() || asked.contains(&id.as_str()));
    Ok(json!({ "securityGroupInfo": filtered(wanted.map(entry).collect(), fields)? }))
}

/// One table for each subnet, to be asked for by `association.subnet-id`.
pub(super) fn route_tables(config: &AwsConfig, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let entry = |id: &String| {
        let table = id.replacen("subnet-", "rtb-", 1);
        let local = json!({ "destinationCidrBlock": "127.0.0.0/8", "gatewayId": "local", "state": "active" });
        let out = json!({ "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-0a1b2c3d", "state": "active" });
        let is_private = config.private_subnets.contains(id);
        Entry {
            keys: vec![
                ("association.subnet-id", id.clone()),
                ("route-table-id", table.clone()),
                ("vpc-id", fixture::VPC.to_owned()),
            ],
            described: json!({
                "routeTableId": table,
                "vpcId": fixture::VPC,
                "routeSet": if is_private { json!([local]) } else { json!([local, out]) },
                "associationSet": [{ "routeTableId": table, "subnetId": id, "main": false }],
            }),
        }
    };
    let all: Vec<Entry> = config.subnets.iter().map(entry).collect();
    Ok(json!({ "routeTableSet": filtered(all, fields)? }))
}
