//! ECS: clusters, task definitions, and tasks whose containers are processes of this machine.

pub(crate) mod capacity;
mod cluster;
mod container;
pub(crate) mod control;
mod definition;
mod family;
mod health;
mod launch;
pub(crate) mod life;
pub(crate) mod metadata;
mod order;
mod run_task;
mod size;
mod start;
pub(crate) mod status;
mod tags;
pub(crate) mod task;
mod token;
mod view;
mod watch;

use std::collections::VecDeque;
use std::sync::Arc;

use super::config::AwsConfig;
use super::fault::FaultKind;
use super::identity::Principal;
use super::shared::Shared;
use super::wire::{Answer, Refusal, Request};

/// What ECS knows.
pub(crate) struct Ecs {
    pub(crate) clusters: cluster::Clusters,
    pub(crate) families: family::Families,
    pub(crate) tasks: task::Tasks,
    pub(crate) tokens: token::Tokens,
    pub(crate) endings: control::Endings,
    pub(crate) fates: VecDeque<life::Fate>,
    pub(crate) capacity: capacity::Exhausted,
}

impl Ecs {
    pub(crate) fn new(config: &AwsConfig) -> Result<Self, Refusal> {
        let mut families = family::Families::default();
        for definition in &config.task_definitions {
            families.register(config, definition)?;
        }
        Ok(Self {
            clusters: cluster::Clusters::new(config),
            families,
            tasks: task::Tasks::default(),
            tokens: token::Tokens::default(),
            endings: control::Endings::default(),
            fates: VecDeque::new(),
            capacity: capacity::Exhausted::default(),
        })
    }
}

pub(crate) fn answer(
    shared: &Arc<Shared>,
    caller: &Principal,
    request: &Request,
    fault: Option<&FaultKind>,
) -> Result<Answer, Refusal> {
    if request.operation == "RunTask" {
        return run_task::answer(shared, caller, request, fault).map(Answer::Json);
    }
    if request.operation == "StopTask" {
        return control::stop_task(shared, &request.input()?).map(Answer::Json);
    }
    let config = &shared.config;
    let mut state = shared.state();
    let ecs = &mut state.ecs;
    let answer = match request.operation.as_str() {
        "DescribeTasks" => watch::describe(shared, ecs, &request.input()?)?,
        "ListTasks" => watch::list(shared, ecs, &request.input()?)?,
        "TagResource" => tags::tag(ecs, &request.input()?)?,
        "UntagResource" => tags::untag(ecs, &request.input()?)?,
        "ListTagsForResource" => tags::list(ecs, &request.input()?)?,
        "RegisterTaskDefinition" => ecs.families.register(config, &request.parameters)?,
        "DescribeTaskDefinition" => family::describe(&ecs.families, &request.input()?)?,
        "DeregisterTaskDefinition" => family::deregister(&mut ecs.families, &request.input()?)?,
        "DeleteTaskDefinitions" => family::delete(&mut ecs.families, &request.input()?)?,
        "ListTaskDefinitions" => family::list(&ecs.families, &request.input()?)?,
        "ListTaskDefinitionFamilies" => family::list_families(&ecs.families, &request.input()?)?,
        "ListContainerInstances" => cluster::list_instances(&ecs.clusters, &request.input()?)?,
        "CreateCluster" => cluster::create(&mut ecs.clusters, &ecs.tasks, config, request.input()?),
        "DescribeClusters" => cluster::describe(&ecs.clusters, &ecs.tasks, config, request.input()?),
        "DescribeContainerInstances" => cluster::describe_instances(&ecs.clusters, &request.input()?)?,
        _ => return Err(request.unknown()),
    };
    Ok(Answer::Json(answer))
}
