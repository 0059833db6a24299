//! The network interfaces of tasks: each task with a network of its own has one, for as long as it lives.

use serde_json::{Value, json};

use super::{Entry, check_ids, filtered};
use crate::aws::ecs::status::Status;
use crate::aws::ecs::task::{Network, Task};
use crate::aws::fixture;
use crate::aws::query::Fields;
use crate::aws::shared::Shared;
use crate::aws::wire::Refusal;

pub(super) fn describe(shared: &Shared, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let asked = fields.texts("NetworkInterfaceId");
    let state = shared.state();
    let tasks = state.ecs.tasks.in_order().filter(|task| task.status != Status::Stopped);
    let interfaces: Vec<(&Task, &Network)> =
        tasks.filter_map(|task| task.network.as_ref().map(|network| (task, network))).collect();
    let known = |id: &str| interfaces.iter().any(|(_, network)| network.interface == id);
    check_ids(&asked, "eni-", "InvalidNetworkInterfaceID", &known, "networkInterface ID")?;
    let entries = interfaces
        .iter()
        .filter(|(_, network)| asked.is_empty() || asked.contains(&network.interface.as_str()))
        .map(|(task, network)| entry(shared, task, network))
        .collect();
    Ok(json!({ "networkInterfaceSet": filtered(entries, fields)? }))
}

fn entry(shared: &Shared, task: &Task, network: &Network) -> Entry {
    let groups = network.groups.iter().map(|group| json!({ "groupId": group, "groupName": "sandbox" }));
    let association = has_association(shared, task, network).then(|| {
        json!({
            "publicIp": network.address,
            "publicDnsName": format!("ec2-{}.compute.amazonaws.com", network.address.replace('.', "-")),
            "ipOwnerId": "amazon",
        })
    });
    let described = json!({
        "networkInterfaceId": network.interface,
        "subnetId": network.subnet,
        "vpcId": fixture::VPC,
        "availabilityZone": "eu-central-1a",
        "description": format!("arn:aws:ecs:{}:attachment/{}", shared.config.region, network.attachment),
        "ownerId": shared.config.account,
        "requesterManaged": true,
        "status": "in-use",
        "macAddress": "0a:1b:2c:3d:4e:5f",
        "privateIpAddress": network.address,
        "privateDnsName": network.dns_name(),
        "interfaceType": "interface",
        "groupSet": groups.collect::<Value>(),
        "association": association,
    });
    let keys = vec![
        ("network-interface-id", network.interface.clone()),
        ("subnet-id", network.subnet.clone()),
        ("addresses.private-ip-address", network.address.clone()),
    ];
    Entry { keys, described }
}

/// The association with a public address comes a little after RUNNING, as it can at AWS.
fn has_association(shared: &Shared, task: &Task, network: &Network) -> bool {
    let lag = shared.pace().association_lag;
    network.public && task.times.started.is_some_and(|started| shared.config.clock.now() - started >= lag)
}
