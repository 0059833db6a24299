//! What a compose file cannot say.

use super::super::{Condition, Essential};
use super::{assert_refused, faults, from_compose};

const COMPOSE: &str = "services: {web: {image: app, command: serve, ports: [80]}, seed: {image: seed, command: x}}";

#[test]
fn secrets_dependencies_and_limits_are_laid_over_the_services() {
    let params = r#"
version: 1
task_definition:
  services:
    web:
      secrets: [{value_from: /shop/db, name: DB}]
      depends_on: [{container_name: seed, condition: SUCCESS}]
      healthcheck: {command: [CMD, ok], interval: 10s}
      mem_limit: 512m
      mem_reservation: 256m
      cpu_shares: 256
    seed: {essential: false}
run_params:
  network_configuration:
    awsvpc_configuration: {subnets: [a, b], assign_public_ip: ENABLED}
"#;
    let template = from_compose("", COMPOSE, Some(params)).expect("accepted");
    let web = template.app();
    assert_eq!(web.secrets["DB"], "/shop/db");
    assert_eq!((web.depends_on[0].condition, template.is_init("seed")), (Condition::Success, true));
    assert_eq!((web.memory, web.memory_reservation, web.cpu), (Some(512), Some(256), Some(256)));
    assert_eq!(web.health_check.as_ref().and_then(|check| check.interval), Some(10));
    assert_eq!(template.container("seed").map(|seed| seed.essential), Some(Essential::No));
    assert_eq!((template.hints.subnets.len(), template.hints.assign_public_ip), (2, Some(true)));
}

#[test]
fn what_is_not_supported_or_not_there_is_refused_by_its_name() {
    let cases = [
        ("version: 2", "\"2\" is not supported"),
        ("other: 1", "\"other\" is not supported"),
        ("task_definition: {efs_volumes: []}", "\"efs_volumes\" is not supported; describe the preview by --template"),
        ("task_definition: {placement_constraints: []}", "\"placement_constraints\" is not supported"),
        ("task_definition: {pid_mode: host}", "\"pid_mode\" is not supported"),
        ("task_definition: {ecs_network_mode: host}", "two previews would fight"),
        ("task_definition: {ecs_network_mode: none}", "nobody could reach"),
        ("task_definition: {task_size: {mem_limit: big}}", "\"big\" is no size"),
        ("task_definition: {services: {api: {essential: true}}}", "service \"api\" is not in the compose file"),
        ("task_definition: {services: {web: {gpu: 1}}}", "service \"web\": \"gpu\" is not supported"),
        ("task_definition: {services: {web: {essential: perhaps}}}", "neither true nor false"),
        ("task_definition: {services: {web: {secrets: [{name: A}]}}}", "wants name and value_from"),
        (
            "task_definition: {services: {web: {depends_on: [{container_name: seed, condition: DONE}]}}}",
            "\"DONE\" is none of",
        ),
        ("run_params: {task_placement: {}}", "\"task_placement\" is not supported; the launch mode decides"),
        ("run_params: {service_discovery: {}}", "\"service_discovery\" is not supported"),
        (
            "run_params: {network_configuration: {awsvpc_configuration: {assign_public_ip: true}}}",
            "neither ENABLED nor DISABLED",
        ),
    ];
    for (params, told) in cases {
        assert_refused(from_compose("", COMPOSE, Some(params)), "ecs-params.yml:1: ", told);
    }
}

#[test]
fn success_of_a_container_that_was_said_to_be_essential_is_refused() {
    let params = "task_definition: {services: {web: {depends_on: [{container_name: seed, condition: SUCCESS}]}}}";
    let found = faults(from_compose("", COMPOSE, Some(params)));
    assert!(found[0].contains("waits for the SUCCESS of \"seed\", which is essential"), "{found:?}");
}
