//! The size of a task: what Fargate sells, and room for what its containers ask for.

use super::super::template::{Container, Size, Template};
use crate::config::machine::FARGATE_SIZES;
use crate::model::LaunchMode;

/// CPU units and MiB of a preview that nobody gave a size.
const DEFAULT: (u32, u32) = (512, 1_024);

/// What a vCPU costs beside a GiB, roughly: enough to choose the cheaper one of two sizes.
const CPU_WEIGHT: u32 = 9;

/// Decides the size: the launch's over the template's, else the smallest that has room.
pub(super) fn settle(template: &Template, wanted: Size, mode: LaunchMode, found: &mut Vec<String>) -> Size {
    let asked = Size { cpu: wanted.cpu.or(template.size.cpu), memory: wanted.memory.or(template.size.memory) };
    let need = need(&template.containers);
    let size =
        if mode.is_fargate() { on_fargate(asked, need, found) } else { on_ec2(asked, need, &template.containers) };
    check_room(size, need, &template.containers, found);
    size
}

/// What all containers together reserve.
fn need(containers: &[Container]) -> (u32, u32) {
    let sum = |part: fn(&Container) -> u32| containers.iter().map(part).fold(0, u32::saturating_add);
    (sum(|container| container.cpu.unwrap_or(0)), sum(Container::reserved_memory))
}

fn on_fargate(asked: Size, need: (u32, u32), found: &mut Vec<String>) -> Size {
    let of = |(cpu, memory)| Size { cpu: Some(cpu), memory: Some(memory) };
    let least = match (asked.cpu, asked.memory) {
        (Some(cpu), Some(memory)) => {
            if !pairs().any(|pair| pair == (cpu, memory)) {
                found.push(no_size(cpu, memory));
            }
            return asked;
        }
        (None, None) => (DEFAULT.0.max(need.0), DEFAULT.1.max(need.1)),
        (Some(cpu), None) => {
            let fitting = pairs().filter(|pair| pair.0 == cpu).find(|pair| pair.1 >= need.1);
            if fitting.is_none() {
                found.push(no_size(cpu, need.1.max(cpu.saturating_mul(2))));
            }
            return fitting.map_or(asked, of);
        }
        (None, Some(memory)) => {
            let fitting = pairs().find(|pair| pair.1 == memory && pair.0 >= need.0);
            if fitting.is_none() {
                found.push(no_size(need.0.max(memory / 2), memory));
            }
            return fitting.map_or(asked, of);
        }
    };
    match above(least) {
        Some(pair) => of(pair),
        None => {
            found.push(no_size(least.0, least.1));
            of(least)
        }
    }
}

/// On EC2 a task needs a size only for containers that have no limit of their own.
fn on_ec2(asked: Size, need: (u32, u32), containers: &[Container]) -> Size {
    let unlimited = |container: &Container| {
        container.reserved_memory() == 0 && container.name != super::super::supervise::INSTALLER
    };
    let memory = asked.memory.or_else(|| containers.iter().any(unlimited).then(|| DEFAULT.1.max(need.1)));
    Size { memory, ..asked }
}

/// ECS refuses containers that together ask for more than the task has.
fn check_room(size: Size, need: (u32, u32), containers: &[Container], found: &mut Vec<String>) {
    if let Some(cpu) = size.cpu.filter(|cpu| *cpu < need.0) {
        found.push(format!("its containers ask for {} CPU units together; the task has {cpu}", need.0));
    }
    let Some(memory) = size.memory else { return };
    if memory < need.1 {
        found.push(format!("its containers ask for {} MiB together; the task has {memory}", need.1));
    }
    for container in containers.iter().filter(|container| container.memory.is_some_and(|limit| limit > memory)) {
        let limit = container.memory.unwrap_or_default();
        found.push(format!("container \"{}\": its limit of {limit} MiB is above the task's {memory}", container.name));
    }
}

/// All that Fargate sells, from small to large. 256 units have 512, 1,024 and 2,048 MiB only.
fn pairs() -> impl Iterator<Item = (u32, u32)> {
    let steps = |&(cpu, low, high, step): &(u32, u32, u32, u32)| {
        (low..=high).step_by(step as usize).map(move |memory| (cpu, memory))
    };
    FARGATE_SIZES.iter().flat_map(steps).filter(|pair| *pair != (256, 1_536))
}

/// The cheapest pair with room for both.
fn above((cpu, memory): (u32, u32)) -> Option<(u32, u32)> {
    let fitting = pairs().filter(|pair| pair.0 >= cpu && pair.1 >= memory);
    fitting.min_by_key(|pair| pair.0 * CPU_WEIGHT + pair.1)
}

/// The largest pair that is within both.
fn below((cpu, memory): (u32, u32)) -> Option<(u32, u32)> {
    let fitting = pairs().filter(|pair| pair.0 <= cpu && pair.1 <= memory);
    fitting.max_by_key(|pair| pair.0 * CPU_WEIGHT + pair.1)
}

fn no_size(cpu: u32, memory: u32) -> String {
    let told = |pair: (u32, u32)| format!("cpu {} with memory {}", pair.0, pair.1);
    let near: Vec<String> = [above((cpu, memory)), below((cpu, memory))].into_iter().flatten().map(told).collect();
    let fix = match near.is_empty() {
        true => told(DEFAULT),
        false => near.join(", or "),
    };
    format!("Fargate has no size of {cpu} CPU units and {memory} MiB; the nearest: {fix}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::template::{Container, Size};
    use super::{check_room, need, no_size, on_ec2, on_fargate, pairs};

    #[test]
    fn size_is_what_was_asked_for_or_the_smallest_with_room() {
        let cases = [
            ((None, None), (0, 0), (512, 1_024)),
            ((None, None), (0, 5_000), (1_024, 5_120)),
            ((Some(256), None), (0, 700), (256, 1_024)),
            ((None, Some(8_192)), (0, 0), (1_024, 8_192)),
            ((None, Some(8_192)), (2_048, 0), (2_048, 8_192)),
            ((Some(4_096), Some(30_720)), (0, 0), (4_096, 30_720)),
        ];
        for ((cpu, memory), need, expected) in cases {
            let mut found = Vec::new();
            let size = on_fargate(Size { cpu, memory }, need, &mut found);
            assert_eq!(
                (size.cpu, size.memory, found),
                (Some(expected.0), Some(expected.1), vec![]),
                "{cpu:?} {memory:?}"
            );
        }
    }

    #[test]
    fn size_that_is_not_sold_is_refused_with_the_nearest() {
        let cases = [
            ((512, 512), "cpu 512 with memory 1024, or cpu 256 with memory 512"),
            ((256, 1_536), "cpu 256 with memory 2048, or cpu 256 with memory 1024"),
            ((1_000, 2_048), "cpu 1024 with memory 2048, or cpu 512 with memory 2048"),
            ((1, 1), "cpu 256 with memory 512"),
            ((99_999, 999_999), "cpu 16384 with memory 122880"),
            ((16_384, 1), "cpu 16384 with memory 32768"),
            ((1, 999_999), "cpu 512 with memory 1024"),
        ];
        for ((cpu, memory), expected) in cases {
            let told = no_size(cpu, memory);
            assert!(told.ends_with(&format!("the nearest: {expected}")), "{told}");
            let mut found = Vec::new();
            on_fargate(Size { cpu: Some(cpu), memory: Some(memory) }, (0, 0), &mut found);
            assert_eq!(found, [told]);
        }
        for (cpu, memory) in [(Some(300), None), (None, Some(700)), (Some(256), None)] {
            let mut found = Vec::new();
            on_fargate(Size { cpu, memory }, (0, 3_000), &mut found);
            assert_eq!(found.len(), 1, "{cpu:?} {memory:?}");
        }
    }

    proptest! {
        #[test]
        fn any_size_is_taken_or_refused(cpu: Option<u32>, memory: Option<u32>, need: (u32, u32)) {
            let mut found = Vec::new();
            let size = on_fargate(Size { cpu, memory }, need, &mut found);
            let sold = pairs().any(|pair| size == Size { cpu: Some(pair.0), memory: Some(pair.1) });
            prop_assert_eq!(sold, found.is_empty());
        }
    }

    #[test]
    fn containers_that_ask_for_more_than_the_task_has_are_refused() {
        let container =
            |memory, reserved| Container { memory, memory_reservation: reserved, ..Container::named("web") };
        let cases = [
            (vec![container(Some(600), None), container(Some(600), None)], vec!["1200 MiB together"]),
            (vec![container(Some(2_000), Some(100))], vec!["limit of 2000 MiB is above"]),
            (vec![container(Some(500), None), container(None, Some(524))], vec![]),
        ];
        for (containers, expected) in cases {
            let mut found = Vec::new();
            let size = Size { cpu: Some(512), memory: Some(1_024) };
            check_room(size, need(&containers), &containers, &mut found);
            assert_eq!(found.len(), expected.len(), "{found:?}");
            assert!(found.iter().zip(expected).all(|(found, expected)| found.contains(expected)), "{found:?}");
        }
    }

    #[test]
    fn instance_asks_for_a_size_only_where_a_container_has_none() {
        let limited = Container { memory: Some(300), ..Container::named("web") };
        assert_eq!(on_ec2(Size::default(), (0, 300), std::slice::from_ref(&limited)), Size::default());
        let open = [limited, Container::named("db")];
        assert_eq!(on_ec2(Size::default(), (0, 300), &open).memory, Some(1_024));
    }
}
