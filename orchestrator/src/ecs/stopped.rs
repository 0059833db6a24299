//! Why a task ended, what it means, and what to do: ECS's codes, reasons and exit codes as one table.
//!
//! The texts are ECS's (ECS developer guide: "Stopped tasks error codes", "api_failures_messages"); the order of the rules
//! matters, since one reason can contain another's words.

use contract::exit::Cause;

use super::Task;

/// What kind of end it was: what a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopClass {
    /// The machine did what it was for, or left as it should.
    Ended,
    /// Somebody stopped it.
    StoppedByUser,
    /// No room; another try, place or size may help.
    Capacity,
    /// The platform took it away while it ran.
    Infrastructure,
    /// Something in the configuration is wrong; another try changes nothing.
    Configuration,
    /// The container failed.
    Failed,
}

/// An end, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Its class.
    pub class: StopClass,
    /// What happened: names the resource.
    pub text: String,
    /// What to do.
    pub fix: Option<String>,
}

type Rule = (&'static str, StopClass, &'static str);

/// Words of a reason, the class, and the fix.
const REASONS: [Rule; 21] = [
    (
        "pull image manifest has been retried",
        StopClass::Configuration,
        "check the image's name and tag, and the route from the subnets to the registry (NAT gateway, public IP or VPC endpoints)",
    ),
    (
        "toomanyrequests",
        StopClass::Capacity,
        "the registry limits anonymous pulls; mirror the image to ECR, or give the task definition registry credentials",
    ),
    (
        "CannotPullContainerError",
        StopClass::Configuration,
        "check the image's name and tag, the execution role's rights on the registry, and the route from the subnets to it (NAT gateway, public IP or VPC endpoints)",
    ),
    (
        "unable to pull secrets or registry auth",
        StopClass::Configuration,
        "the execution role needs ssm:GetParameters (or secretsmanager:GetSecretValue, and kms:Decrypt) on what the task definition names under `secrets`, and the subnets a route to AWS",
    ),
    (
        "ssm.",
        StopClass::Configuration,
        "check that the SSM parameters named under `secrets` exist and that the execution role may read them",
    ),
    (
        "network interface provisioning",
        StopClass::Capacity,
        "the subnet may be out of addresses; name another one with --subnets",
    ),
    (
        "ResourceInitializationError",
        StopClass::Configuration,
        "check the secrets, the log group and the network of the task definition",
    ),
    ("CannotStartContainerError", StopClass::Configuration, "check the container's command, entry point and mounts"),
    ("CannotCreateVolumeError", StopClass::Configuration, "check the volumes of the task definition"),
    ("CannotInspectContainerError", StopClass::Infrastructure, "start it again"),
    ("CannotStopContainerError", StopClass::Infrastructure, "start it again"),
    (
        "ContainerRuntimeTimeoutError",
        StopClass::Infrastructure,
        "the instance is overloaded or its disk is slow; start it again, elsewhere if it repeats",
    ),
    ("ContainerRuntimeError", StopClass::Infrastructure, "start it again"),
    ("OutOfMemory", StopClass::Failed, "give it more with --memory"),
    ("Capacity is unavailable", StopClass::Capacity, "try again later, in another subnet, or with another launch mode"),
    ("Your Spot Task was interrupted", StopClass::Infrastructure, "start it again, or use --launch-mode fargate"),
    ("Host EC2", StopClass::Infrastructure, "the instance was stopped or lost; start it again"),
    ("deregistration forced", StopClass::Infrastructure, "the instance left the cluster; start it again"),
    ("instance draining", StopClass::Infrastructure, "the instance left the cluster; start it again"),
    (
        "failed container health checks",
        StopClass::Failed,
        "the Listener did not connect in time; read the log: mayfly runner logs",
    ),
    (
        "Scaling activity",
        StopClass::StoppedByUser,
        "a service scaled it in; runners are to be started by RunTask alone",
    ),
];

/// Explains the end of a task. `container` is ours.
pub fn explain(task: &Task, container: &str) -> Explanation {
    let ours = task.container(container);
    let reason = task.stopped_reason.as_deref().unwrap_or_default();
    let detail = ours.and_then(|container| container.reason.as_deref()).unwrap_or_default();
    let both = format!("{reason} {detail}");
    let subject = format!("task {}", task.arn.task_id());
    if let Some((_, class, fix)) = REASONS.iter().find(|(words, ..)| both.contains(words)) {
        return Explanation {
            class: *class,
            text: format!("{subject}: {}", one_line(&both)),
            fix: Some((*fix).to_owned()),
        };
    }
    if let Some(by_code) = by_stop_code(task.stop_code.as_deref(), &subject, &both) {
        return by_code;
    }
    let sidecar = task.containers.iter().find(|other| other.name != container && other.exit_code.is_some());
    match (ours.and_then(|container| container.exit_code), sidecar) {
        (Some(code), _) => by_exit_code(code, &subject),
        (None, Some(other)) => failed(format!(
            "{subject}: container \"{}\" exited with {} before ours ran",
            other.name,
            other.exit_code.unwrap_or_default()
        )),
        (None, None) => failed(format!("{subject}: {}", one_line(&both))),
    }
}

fn failed(text: String) -> Explanation {
    Explanation { class: StopClass::Failed, text, fix: Some("read the log: mayfly runner logs".to_owned()) }
}

fn by_stop_code(code: Option<&str>, subject: &str, reason: &str) -> Option<Explanation> {
    let (class, fix) = match code? {
        "UserInitiated" | "ServiceSchedulerInitiated" => (StopClass::StoppedByUser, None),
        "SpotInterruption" | "TerminationNotice" => {
            (StopClass::Infrastructure, Some("start it again, or use --launch-mode fargate"))
        }
        "InfrastructureHealth" => (StopClass::Infrastructure, Some("start it again")),
        "TaskFailedToStart" => (StopClass::Configuration, Some("check the task definition, its roles and its network")),
        _ => return None,
    };
    let verb = if class == StopClass::StoppedByUser { "was stopped" } else { "ended" };
    Some(Explanation { class, text: format!("{subject} {verb}: {}", one_line(reason)), fix: fix.map(str::to_owned) })
}

fn by_exit_code(code: i32, subject: &str) -> Explanation {
    let Some(cause) = Cause::from_code(code) else {
        let text = format!("{subject}: the container exited with {code}{}", shell_meaning(code));
        return failed(text);
    };
    let (class, fix) = match cause {
        Cause::JobDone | Cause::Idle | Cause::Lifetime | Cause::Drained => (StopClass::Ended, None),
        Cause::Stopped | Cause::Interrupted => (StopClass::StoppedByUser, None),
        Cause::RegistrationRefused => (
            StopClass::Configuration,
            Some("check the PAT or App that the task definition injects; the log names what GitHub refused"),
        ),
        Cause::BadConfiguration => (StopClass::Configuration, Some("read the log: mayfly runner logs")),
        Cause::VersionRefused => (StopClass::Configuration, Some("build the image with a newer runner version")),
        Cause::RegistrationUnavailable | Cause::NeverOnline => {
            (StopClass::Failed, Some("the task does not reach GitHub; check the route from its subnets, and proxies"))
        }
        Cause::GhostLeft => (StopClass::Failed, Some("remove its registration: mayfly reap")),
        Cause::Internal
        | Cause::SessionConflict
        | Cause::RegistrationLost
        | Cause::ListenerFailed
        | Cause::NothingRan
        | Cause::Hung => (StopClass::Failed, Some("read the log: mayfly runner logs")),
    };
    Explanation {
        class,
        text: format!("{subject}: {} (exit code {code})", cause.meaning()),
        fix: fix.map(str::to_owned),
    }
}

fn shell_meaning(code: i32) -> &'static str {
    match code {
        126 => ": its command cannot be executed",
        127 => ": its command was not found",
        137 => ": it was killed, by stopTimeout or for want of memory",
        139 => ": it crashed",
        143 => ": it was ended by SIGTERM",
        _ => "",
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A `failures[]` entry of RunTask: class and fix.
pub fn explain_failure(reason: &str, detail: Option<&str>, object: &str) -> Explanation {
    let rules: [Rule; 8] = [
        (
            "RESOURCE:",
            StopClass::Capacity,
            "no instance has it free; add instances, ask for less with --cpu and --memory, or use --launch-mode fargate",
        ),
        ("AGENT", StopClass::Capacity, "the ECS agent of the instances is disconnected; look at the instances"),
        (
            "Capacity is unavailable",
            StopClass::Capacity,
            "try again later, in another subnet, or with another launch mode",
        ),
        (
            "limit on the number of tasks",
            StopClass::Capacity,
            "the account's Fargate quota is used up; end tasks or ask AWS for more (Service Quotas)",
        ),
        (
            "ATTRIBUTE",
            StopClass::Configuration,
            "no instance of the cluster fulfils the task definition (CPU architecture, network mode, placement constraints)",
        ),
        ("LOCATION", StopClass::Configuration, "the subnets and the instances are in different availability zones"),
        ("INACTIVE", StopClass::Configuration, "it was deregistered or deleted; name another"),
        ("MISSING", StopClass::Configuration, "it does not exist; check its name"),
    ];
    let rule = rules.iter().find(|(words, ..)| reason.contains(words));
    let (class, fix) = rule.map_or((StopClass::Failed, None), |(_, class, fix)| (*class, Some((*fix).to_owned())));
    let detail = detail.map(|detail| format!(" ({})", one_line(detail))).unwrap_or_default();
    Explanation { class, text: format!("ECS started no task in {object}: {reason}{detail}"), fix }
}

#[cfg(test)]
mod tests {
    use super::{StopClass, explain, explain_failure};
    use crate::ecs::{Container, Status, Task};

    fn stopped(code: &str, reason: &str, exit: Option<i32>, detail: &str) -> Task {
        let detail = (!detail.is_empty()).then(|| detail.to_owned());
        let container =
            Container { name: "runner".to_owned(), exit_code: exit, reason: detail, ..Container::default() };
        Task {
            stop_code: Some(code.to_owned()),
            stopped_reason: Some(reason.to_owned()),
            containers: vec![container],
            ..Task::in_state("abc", Status::Stopped)
        }
    }

    #[test]
    fn every_documented_way_to_end_has_its_class_and_words_of_the_fix() {
        let exited = "Essential container in task exited";
        let cases = [
            (
                "TaskFailedToStart",
                "CannotPullContainerError: not found",
                None,
                "",
                StopClass::Configuration,
                "image's name",
            ),
            (
                "TaskFailedToStart",
                "CannotPullContainerError: 429 toomanyrequests",
                None,
                "",
                StopClass::Capacity,
                "mirror",
            ),
            (
                "TaskFailedToStart",
                "ResourceInitializationError: unable to pull secrets or registry auth",
                None,
                "",
                StopClass::Configuration,
                "ssm:GetParameters",
            ),
            (
                "TaskFailedToStart",
                "ResourceInitializationError: failed to validate logger args",
                None,
                "",
                StopClass::Configuration,
                "log group",
            ),
            (
                "TaskFailedToStart",
                "Capacity is unavailable at this time",
                None,
                "",
                StopClass::Capacity,
                "another subnet",
            ),
            ("TaskFailedToStart", "something new", None, "", StopClass::Configuration, "task definition"),
            (
                "SpotInterruption",
                "Your Spot Task was interrupted.",
                Some(205),
                "",
                StopClass::Infrastructure,
                "fargate",
            ),
            ("TerminationNotice", "", None, "", StopClass::Infrastructure, "start it again"),
            (
                "EssentialContainerExited",
                "Host EC2 (instance i-1) terminated.",
                None,
                "",
                StopClass::Infrastructure,
                "start it again",
            ),
            (
                "EssentialContainerExited",
                exited,
                Some(137),
                "OutOfMemoryError: Container killed due to memory usage",
                StopClass::Failed,
                "--memory",
            ),
            ("EssentialContainerExited", exited, Some(210), "", StopClass::Configuration, "PAT or App"),
            ("EssentialContainerExited", exited, Some(220), "", StopClass::Failed, "mayfly reap"),
            ("EssentialContainerExited", exited, Some(127), "", StopClass::Failed, "logs"),
        ];
        for (code, reason, exit, detail, class, fix) in cases {
            let explained = explain(&stopped(code, reason, exit, detail), "runner");
            assert_eq!(explained.class, class, "{code} {reason} {exit:?}");
            assert!(explained.fix.as_deref().is_some_and(|text| text.contains(fix)), "{code} {reason}: {explained:?}");
            assert!(explained.text.contains("task abc"), "{explained:?}");
        }
    }

    #[test]
    fn ends_that_are_as_they_should_be_need_no_fix() {
        let exited = "Essential container in task exited";
        for (code, reason, exit, class) in [
            ("EssentialContainerExited", exited, 0, StopClass::Ended),
            ("EssentialContainerExited", exited, 201, StopClass::Ended),
            ("UserInitiated", "Task stopped by user", 203, StopClass::StoppedByUser),
        ] {
            let explained = explain(&stopped(code, reason, Some(exit), ""), "runner");
            assert_eq!((explained.class, explained.fix), (class, None), "{code} {exit}");
        }
    }

    #[test]
    fn failures_of_run_task_are_told_apart_by_whether_another_place_may_help() {
        for (reason, class) in [
            ("RESOURCE:MEMORY", StopClass::Capacity),
            ("AGENT", StopClass::Capacity),
            ("ATTRIBUTE", StopClass::Configuration),
            ("MISSING", StopClass::Configuration),
            ("something new", StopClass::Failed),
        ] {
            assert_eq!(explain_failure(reason, None, "cluster \"mayfly\"").class, class, "{reason}");
        }
    }
}
