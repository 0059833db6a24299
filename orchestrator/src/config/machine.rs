//! Where a machine runs, and combinations that cannot work, refused before anything is started.

use super::{Faults, Settings};
use crate::model::LaunchMode;

/// Where the machine runs.
#[derive(Clone, Debug)]
pub enum Machine {
    /// On ECS.
    Ecs(EcsMachine),
    /// On this machine.
    Local {
        /// The runner distribution; none: download it.
        runner_dist: Option<String>,
    },
}

/// A machine on ECS.
#[derive(Clone, Debug)]
pub struct EcsMachine {
    /// Never `Local`.
    pub mode: LaunchMode,
    /// Family, family:revision or ARN.
    pub task_definition: String,
    /// Container whose PID 1 is ours.
    pub container: String,
    /// The network, for awsvpc; none means the instance's bridge.
    pub network: Option<Network>,
    /// CPU units.
    pub cpu: Option<u32>,
    /// MiB.
    pub memory: Option<u32>,
    /// GiB.
    pub ephemeral_storage: Option<u32>,
    /// Fargate platform version.
    pub platform_version: Option<String>,
    /// Capacity provider for EC2.
    pub capacity_provider: Option<String>,
}

/// An awsvpc network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Never empty.
    pub subnets: Vec<String>,
    /// May be empty: the VPC's default group.
    pub security_groups: Vec<String>,
    /// Public address.
    pub assign_public_ip: bool,
}

/// Resolves the machine.
pub(super) fn machine(settings: &Settings, mode: LaunchMode, faults: &mut Faults) -> Machine {
    if mode == LaunchMode::Local {
        return Machine::Local { runner_dist: settings.text("runner_dist") };
    }
    let machine = EcsMachine {
        mode,
        task_definition: filled(settings, "task_definition", mode.default_task_definition(), faults),
        container: filled(settings, "container", "runner", faults),
        network: network(settings, mode, faults),
        cpu: settings.number("cpu", (128, 192 * 1024), faults),
        memory: settings.number("memory", (128, 768 * 1024), faults),
        ephemeral_storage: settings.number("ephemeral_storage", (21, 200), faults),
        platform_version: settings.text("platform"),
        capacity_provider: settings.text("capacity_provider"),
    };
    check_fargate(&machine, settings, faults);
    check_ec2(&machine, settings, faults);
    Machine::Ecs(machine)
}

fn filled(settings: &Settings, name: &str, default: &str, faults: &mut Faults) -> String {
    match settings.text(name) {
        Some(value) if value.is_empty() => {
            faults.add(settings.place(name), "is empty");
            value
        }
        Some(value) => value,
        None => default.to_owned(),
    }
}

fn network(settings: &Settings, mode: LaunchMode, faults: &mut Faults) -> Option<Network> {
    if !wants_awsvpc(settings, mode, faults) {
        return None;
    }
    let network = Network {
        subnets: settings.list("subnets"),
        security_groups: settings.list("security_groups"),
        assign_public_ip: settings.truth("assign_public_ip", false, faults),
    };
    check_ids(settings, "subnets", "subnet-", &network.subnets, 16, faults);
    check_ids(settings, "security_groups", "sg-", &network.security_groups, 5, faults);
    if network.subnets.is_empty() {
        let text = "is missing; a task on Fargate needs a network: --subnets subnet-…, or set MAYFLY_SUBNETS (Terraform prints them)";
        faults.add(
            settings.place("subnets"),
            text.replace("on Fargate", if mode.is_fargate() { "on Fargate" } else { "in awsvpc mode" }),
        );
    }
    Some(network)
}

/// Fargate has awsvpc alone. On EC2 the task definition decides, and ECS refuses a network where it says bridge: subnets in a
/// variable that a workflow sets for both launch modes must not turn a bridge task into a refusal.
fn wants_awsvpc(settings: &Settings, mode: LaunchMode, faults: &mut Faults) -> bool {
    let default = mode.is_fargate() || settings.is_own("subnets");
    let wanted = match settings.get("network").map(|sourced| sourced.value.as_str()) {
        None => return default,
        Some("awsvpc") => true,
        Some("bridge") => false,
        Some(other) => {
            faults.add(settings.place("network"), format!("\"{other}\" is not a network; choose bridge or awsvpc"));
            return default;
        }
    };
    if mode.is_fargate() && !wanted {
        faults.add(settings.place("network"), "bridge is a network of EC2 instances; Fargate has awsvpc alone");
    }
    wanted
}

fn check_ids(settings: &Settings, name: &str, prefix: &str, ids: &[String], most: usize, faults: &mut Faults) {
    let is_id = |id: &String| {
        id.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_hexdigit()))
    };
    for id in ids.iter().filter(|id| !is_id(id)) {
        faults.add(settings.place(name), format!("\"{id}\" does not look like {prefix}0a1b2c3d"));
    }
    if ids.len() > most {
        faults.add(settings.place(name), format!("has {} entries; ECS takes at most {most}", ids.len()));
    }
}

/// What Fargate takes: memory in MiB, from, to, in steps, by CPU units (AWS: task definition parameters for Fargate).
pub(crate) const FARGATE_SIZES: [(u32, u32, u32, u32); 7] = [
    (256, 512, 2_048, 512),
    (512, 1_024, 4_096, 1_024),
    (1_024, 2_048, 8_192, 1_024),
    (2_048, 4_096, 16_384, 1_024),
    (4_096, 8_192, 30_720, 1_024),
    (8_192, 16_384, 61_440, 4_096),
    (16_384, 32_768, 122_880, 8_192),
];

fn check_fargate(machine: &EcsMachine, settings: &Settings, faults: &mut Faults) {
    if !machine.mode.is_fargate() {
        return;
    }
    if machine.capacity_provider.is_some() {
        let text = "names a provider of EC2 instances; launch modes fargate and fargate-spot have their own";
        faults.add(settings.place("capacity_provider"), text);
    }
    let Some(cpu) = machine.cpu else { return };
    let Some((_, low, high, step)) = FARGATE_SIZES.iter().find(|(units, ..)| *units == cpu) else {
        let units: Vec<String> = FARGATE_SIZES.iter().map(|(units, ..)| units.to_string()).collect();
        return faults
            .add(settings.place("cpu"), format!("Fargate has no size of {cpu} units; choose {}", units.join(", ")));
    };
    let Some(memory) = machine.memory else { return };
    // 256 units have 512, 1024 and 2048 MiB only.
    let fits = (*low..=*high).contains(&memory) && memory % step == 0 && (cpu != 256 || memory != 1_536);
    if !fits {
        let text = format!("Fargate gives {cpu} CPU units from {low} to {high} MiB in steps of {step}, not {memory}");
        faults.add(settings.place("memory"), text);
    }
}

fn check_ec2(machine: &EcsMachine, settings: &Settings, faults: &mut Faults) {
    if machine.mode != LaunchMode::Ec2 {
        return;
    }
    if machine.network.as_ref().is_some_and(|network| network.assign_public_ip) {
        let text = "ECS gives no public address to tasks on EC2 instances; use a NAT gateway, or bridge networking (no subnets)";
        faults.add(settings.place("assign_public_ip"), text);
    }
    for (name, given) in
        [("ephemeral_storage", machine.ephemeral_storage.is_some()), ("platform", machine.platform_version.is_some())]
    {
        if given {
            faults.add(settings.place(name), "is a setting of Fargate; on EC2 the instance decides");
        }
    }
}
