//! Where a preview is reached: the ways there are, combinations that cannot work, and the address that a task has.

use std::fmt;
use std::str::FromStr;

use crate::alb::TargetType;
use crate::config::Faults;
use crate::config::machine::Network;
use crate::ecs::task::{Attached, Task};
use crate::model::LaunchMode;

/// A way to a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expose {
    /// The public address of the task's own network interface: another one after each push.
    PublicIp,
    /// Its private address, for people within the network.
    PrivateIp,
    /// A host of its own at a load balancer: the same after each push.
    Alb,
    /// This machine.
    Local,
}

impl Expose {
    const NAMES: [(&'static str, Self); 4] =
        [("public-ip", Self::PublicIp), ("private-ip", Self::PrivateIp), ("alb", Self::Alb), ("local", Self::Local)];
}

impl fmt::Display for Expose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::NAMES.iter().find(|(_, way)| way == self).map_or("", |(name, _)| name))
    }
}

impl FromStr for Expose {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, way)| *way);
        found.ok_or_else(|| {
            format!("\"{text}\" is no way to expose a preview; choose public-ip, private-ip, alb or local")
        })
    }
}

/// What a way is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'s> {
    /// The modes that may be tried.
    pub modes: &'s [LaunchMode],
    /// The awsvpc network; none is an instance's bridge.
    pub network: Option<&'s Network>,
    /// The listener.
    pub listener: Option<&'s str>,
    /// The base domain.
    pub base_domain: Option<&'s str>,
}

/// Notes what cannot work, before anything is started.
pub fn check(way: Expose, around: Surroundings<'_>, faults: &mut Faults) {
    const PLACE: &str = "--expose";
    let local = around.modes.contains(&LaunchMode::Local);
    match way {
        Expose::Local if !local => {
            faults.add(PLACE, "local is for launch mode local; choose public-ip, private-ip or alb");
        }
        Expose::PublicIp | Expose::PrivateIp | Expose::Alb if local => {
            faults.add(PLACE, format!("{way} is for ECS; launch mode local is reached by local"));
        }
        Expose::PublicIp => check_public(around, faults),
        Expose::Alb => check_alb(around, faults),
        Expose::Local | Expose::PrivateIp => {}
    }
}

fn check_public(around: Surroundings<'_>, faults: &mut Faults) {
    const PLACE: &str = "--expose";
    let on_instances = around.modes.contains(&LaunchMode::Ec2);
    match around.network {
        // The instance's own public address is good, if it has one; that is seen when it is placed.
        None => {}
        Some(_) if on_instances => faults.add(
            PLACE,
            "public-ip cannot work for awsvpc tasks on EC2 instances, to which ECS gives no public address; use alb, or --network bridge",
        ),
        Some(network) if !network.assign_public_ip => faults
            .add(PLACE, "public-ip needs a public address: leave --assign-public-ip out, or use alb or private-ip"),
        Some(_) => {}
    }
}

fn check_alb(around: Surroundings<'_>, faults: &mut Faults) {
    if around.listener.is_none() {
        faults.add("--listener", "is missing; alb needs the ARN of a listener, or MAYFLY_PREVIEW_LISTENER");
    }
    if around.base_domain.is_none() {
        faults.add(
            "--base-domain",
            "is missing; alb needs the domain below which previews are: --base-domain preview.example.com",
        );
    }
    if around.modes.contains(&LaunchMode::Ec2) && around.modes.len() > 1 && around.network.is_none() {
        let text = "cannot mix bridge tasks of EC2 with Fargate: a target group has instances or addresses, not both; use --network awsvpc";
        faults.add("--launch-mode", text);
    }
}

/// What targets of a load balancer are for such a machine.
pub fn target_type(mode: LaunchMode, network: Option<&Network>) -> TargetType {
    if mode == LaunchMode::Ec2 && network.is_none() { TargetType::Instance } else { TargetType::Ip }
}

/// How a task can be reached, as far as ECS tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// By its own network interface.
    Interface(Attached),
    /// By a port of the instance that it runs on.
    Instance {
        /// The container instance's ARN.
        container_instance: String,
        /// The port there.
        host_port: u16,
    },
}

/// How a port of a task can be reached; `None` while ECS does not tell yet.
pub fn reach(task: &Task, port: u16) -> Option<Reach> {
    if let Some(attached) = &task.attached {
        return Some(Reach::Interface(attached.clone()));
    }
    let mut bindings = task.containers.iter().flat_map(|container| &container.bindings);
    let host_port = bindings.find(|binding| binding.container_port == port)?.host_port;
    Some(Reach::Instance { container_instance: task.container_instance.clone()?, host_port })
}

#[cfg(test)]
mod tests {
    use super::{Expose, Surroundings, check};
    use crate::config::Faults;
    use crate::config::machine::Network;
    use crate::model::LaunchMode::{self, Ec2, Fargate, FargateSpot, Local};

    fn network(assign_public_ip: bool) -> Network {
        Network { subnets: vec!["subnet-1".to_owned()], security_groups: Vec::new(), assign_public_ip }
    }

    fn works(way: Expose, modes: &[LaunchMode], network: Option<&Network>, alb: bool) -> bool {
        let mut faults = Faults::default();
        let (listener, base_domain) = (alb.then_some("arn"), alb.then_some("example.com"));
        check(way, Surroundings { modes, network, listener, base_domain }, &mut faults);
        faults.into_result(Some(())).is_ok()
    }

    /// Situation, way, modes, network, whether there is a listener, and whether it works.
    type Case<'c> = (&'c str, Expose, &'c [LaunchMode], Option<&'c Network>, bool, bool);

    #[test]
    fn combinations_that_cannot_work_are_refused() {
        let (public, private) = (network(true), network(false));
        let cases: [Case<'_>; 13] = [
            ("Fargate with a public address", Expose::PublicIp, &[Fargate], Some(&public), false, true),
            ("Fargate without one", Expose::PublicIp, &[Fargate], Some(&private), false, false),
            ("awsvpc on an instance", Expose::PublicIp, &[Ec2], Some(&public), false, false),
            ("a ladder that ends there", Expose::PublicIp, &[Fargate, Ec2], Some(&public), false, false),
            ("bridge on an instance", Expose::PublicIp, &[Ec2], None, false, true),
            ("private", Expose::PrivateIp, &[FargateSpot], Some(&private), false, true),
            ("load balancer", Expose::Alb, &[FargateSpot, Fargate], Some(&private), true, true),
            ("load balancer without a listener", Expose::Alb, &[Fargate], Some(&private), false, false),
            ("load balancer before instances", Expose::Alb, &[Ec2], None, true, true),
            ("addresses and instances in one group", Expose::Alb, &[Fargate, Ec2], None, true, false),
            ("local", Expose::Local, &[Local], None, false, true),
            ("local on ECS", Expose::Local, &[Fargate], Some(&public), false, false),
            ("ECS's ways on this machine", Expose::PublicIp, &[Local], None, false, false),
        ];
        for (situation, way, modes, network, alb, expected) in cases {
            assert_eq!(works(way, modes, network, alb), expected, "{situation}");
        }
    }

    #[test]
    fn ways_are_read_as_they_are_written() {
        for (name, way) in Expose::NAMES {
            assert_eq!((name.parse(), way.to_string()), (Ok(way), name.to_owned()));
        }
        assert!("ingress".parse::<Expose>().is_err());
    }
}
