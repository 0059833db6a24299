//! The calls to ECS: each maps one operation to our own terms, and decides nothing.

use aws_sdk_ecs::types::{DesiredStatus, TaskField};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::request::RunTaskRequest;
use super::stopped::{Explanation, explain_failure};
use super::task::{Task, TaskArn};
use crate::aws::throttling::RateExceeded;
use crate::aws::{Aws, AwsError, AwsErrorKind};

/// DescribeTasks takes so many at once.
const DESCRIBE_LIMIT: usize = 100;
/// `stoppedReason` keeps no more of a reason.
const REASON_LIMIT: usize = 255;

/// ECS, one cluster of it.
#[derive(Clone, Debug)]
pub struct Ecs {
    client: aws_sdk_ecs::Client,
    cluster: String,
}

/// What RunTask came to.
#[derive(Debug)]
pub enum RunAnswer {
    /// A task: new, or that of an earlier identical request.
    Task(Box<Task>),
    /// No task, for a reason of placement or capacity.
    NotPlaced(Explanation),
    /// The token belongs to these tasks, started with other parameters.
    Conflict(Vec<TaskArn>),
}

/// Parts of a task definition that launches depend on.
#[derive(Clone, Debug, Default)]
pub struct DefinitionFacts {
    /// Whether our container has a health check.
    pub health_check: bool,
    /// awslogs group of our container.
    pub log_group: Option<String>,
    /// awslogs stream prefix of our container.
    pub log_prefix: Option<String>,
}

impl Ecs {
    /// A client for a cluster.
    pub fn new(aws: &Aws, cluster: &str) -> Self {
        let mut builder = aws_sdk_ecs::config::Builder::from(&aws.config);
        builder.set_endpoint_url(aws.endpoints.configured("ecs").map(str::to_owned));
        let builder = builder.retry_classifier(RateExceeded);
        Self { client: aws_sdk_ecs::Client::from_conf(builder.build()), cluster: cluster.to_owned() }
    }

    /// The cluster's name or ARN.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    fn object(&self) -> String {
        format!("cluster \"{}\"", self.cluster)
    }

    /// Starts a task.
    ///
    /// # Errors
    /// A refusal with its fix, or no answer although the SDK asked again with the same bytes.
    pub async fn run_task(&self, request: &RunTaskRequest) -> Result<RunAnswer, AwsError> {
        let object = format!("task definition \"{}\" in {}", request.task_definition, self.object());
        let answer = match request.fill(self.client.run_task()).send().await {
            Ok(answer) => answer,
            Err(fault) => return self.refused_run(request, object, fault),
        };
        if let Some(task) = answer.tasks().iter().find_map(Task::from_sdk) {
            return Ok(RunAnswer::Task(Box::new(task)));
        }
        let Some(failure) = answer.failures().first() else {
            return Err(AwsError::new(
                AwsErrorKind::Unavailable,
                "RunTask",
                object,
                "the answer has neither a task nor a failure",
            ));
        };
        let explained =
            explain_failure(failure.reason().unwrap_or("no reason given"), failure.detail(), &self.object());
        Ok(RunAnswer::NotPlaced(explained))
    }

    fn refused_run(
        &self,
        request: &RunTaskRequest,
        object: String,
        fault: aws_sdk_ecs::error::SdkError<aws_sdk_ecs::operation::run_task::RunTaskError>,
    ) -> Result<RunAnswer, AwsError> {
        let conflict = fault.as_service_error().and_then(|error| match error {
            aws_sdk_ecs::operation::run_task::RunTaskError::ConflictException(conflict) => {
                Some(conflict.resource_ids())
            }
            _ => None,
        });
        if let Some(arns) = conflict {
            return Ok(RunAnswer::Conflict(arns.iter().map(TaskArn::new).collect()));
        }
        let capacity = fault.message().is_some_and(|message| message.contains("Capacity is unavailable"));
        if capacity {
            return Ok(RunAnswer::NotPlaced(explain_failure(
                "Capacity is unavailable",
                fault.message(),
                &self.object(),
            )));
        }
        let fault = AwsError::from_sdk("RunTask", object, fault);
        let fix = run_task_fix(&fault, request, &self.cluster);
        Err(fault.with_fix(fix))
    }

    /// Looks at tasks; those that ECS does not (yet) know are left out.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn describe_tasks(&self, arns: &[TaskArn]) -> Result<Vec<Task>, AwsError> {
        let mut tasks = Vec::with_capacity(arns.len());
        for arns in arns.chunks(DESCRIBE_LIMIT) {
            let arns = arns.iter().map(|arn| arn.as_str().to_owned()).collect();
            let request =
                self.client.describe_tasks().cluster(&self.cluster).set_tasks(Some(arns)).include(TaskField::Tags);
            let answer = request.send().await.map_err(|fault| self.refused("DescribeTasks", fault))?;
            tasks.extend(answer.tasks().iter().filter_map(Task::from_sdk));
        }
        Ok(tasks)
    }

    /// Lists tasks, all pages. Eventually consistent: it finds, and never proves absence. ECS takes `startedBy` as the only
    /// filter, and lists stopped tasks only when asked for them alone.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn list_tasks(&self, which: &Listing) -> Result<Vec<TaskArn>, AwsError> {
        let request = self.client.list_tasks().cluster(&self.cluster);
        let request = match which {
            Listing::Live => request,
            Listing::Stopped => request.desired_status(DesiredStatus::Stopped),
            Listing::StartedBy(id) => request.started_by(id),
        };
        let mut pages = request.into_paginator().items().send();
        let mut arns = Vec::new();
        while let Some(arn) = pages.next().await {
            arns.push(TaskArn::new(arn.map_err(|fault| self.refused("ListTasks", fault))?));
        }
        Ok(arns)
    }

    /// Stops a task: SIGTERM, then SIGKILL after its `stopTimeout`.
    ///
    /// # Errors
    /// A refusal, or no answer. A task that is gone is no error.
    pub async fn stop_task(&self, arn: &TaskArn, reason: &str) -> Result<(), AwsError> {
        let reason: String = reason.chars().take(REASON_LIMIT).collect();
        let request = self.client.stop_task().cluster(&self.cluster).task(arn.as_str()).reason(reason);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(fault) if fault.message().is_some_and(|message| message.contains("referenced task was not found")) => {
                Ok(())
            }
            Err(fault) => {
                let fault = AwsError::from_sdk("StopTask", format!("task {}", arn.task_id()), fault);
                let fix = denied_fix(&fault, "ecs:StopTask");
                Err(fault.with_fix(fix))
            }
        }
    }

    /// Looks at a task definition.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn definition_facts(&self, definition: &str, container: &str) -> Result<DefinitionFacts, AwsError> {
        let answer = self.client.describe_task_definition().task_definition(definition).send().await;
        let answer = answer.map_err(|fault| {
            AwsError::from_sdk("DescribeTaskDefinition", format!("task definition \"{definition}\""), fault)
        })?;
        let containers =
            answer.task_definition().map(|definition| definition.container_definitions()).unwrap_or_default();
        let ours = containers.iter().find(|candidate| candidate.name() == Some(container));
        let options = ours.and_then(|container| container.log_configuration()).and_then(|logs| logs.options());
        let option = |name: &str| options.and_then(|options| options.get(name)).cloned();
        Ok(DefinitionFacts {
            health_check: ours.is_some_and(|container| container.health_check().is_some()),
            log_group: option("awslogs-group"),
            log_prefix: option("awslogs-stream-prefix"),
        })
    }

    fn refused<E>(&self, operation: &'static str, fault: aws_sdk_ecs::error::SdkError<E>) -> AwsError
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let fault = AwsError::from_sdk(operation, self.object(), fault);
        let fix = match fault.code.as_deref() {
            Some("ClusterNotFoundException") => Some(cluster_fix()),
            _ => denied_fix(&fault, operation),
        };
        fault.with_fix(fix)
    }
}

/// Which tasks to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Those that are meant to run.
    Live,
    /// Those that have stopped, as long as ECS remembers them (an hour at least).
    Stopped,
    /// Those of a launch that are meant to run.
    StartedBy(String),
}

fn cluster_fix() -> String {
    "check --cluster and --region; `aws ecs list-clusters` shows what there is".to_owned()
}

fn denied_fix(fault: &AwsError, action: &str) -> Option<String> {
    let denied = matches!(fault.code.as_deref(), Some("AccessDeniedException" | "AccessDenied"));
    let action = if action.contains(':') { action.to_owned() } else { format!("ecs:{action}") };
    denied.then(|| {
        format!("allow {action} to the role that mayfly runs as; terraform/modules/github-oidc has the whole policy")
    })
}

/// The fix for what RunTask refuses, as far as ECS's words tell.
fn run_task_fix(fault: &AwsError, request: &RunTaskRequest, cluster: &str) -> Option<String> {
    let message = fault.message.as_str();
    let definition = &request.task_definition;
    let text = match fault.code.as_deref().unwrap_or_default() {
        "ClusterNotFoundException" => cluster_fix(),
        "AccessDeniedException" if message.contains("iam:PassRole") => {
            "allow iam:PassRole on the task's execution role and task role to the role that mayfly runs as".to_owned()
        }
        "AccessDeniedException" if message.contains("ecs:TagResource") => {
            "allow ecs:TagResource to the role that mayfly runs as; without tags nothing could be cleaned up".to_owned()
        }
        "AccessDeniedException" => format!(
            "allow ecs:RunTask on \"{definition}\" in cluster \"{cluster}\" to the role that mayfly runs as; terraform/modules/github-oidc has the whole policy"
        ),
        _ if message.contains("TaskDefinition not found") || message.contains("Unable to describe task definition") => {
            format!("no active task definition is called \"{definition}\"; check --task-definition and --region")
        }
        _ if message.contains("subnet") => "check --subnets: they must exist in this region and account".to_owned(),
        _ if message.contains("security group") => "check --security-groups: they must belong to the subnets' VPC".to_owned(),
        _ if message.contains("is not a container in the TaskDefinition") => {
            format!("name the container of \"{definition}\" that runs runner-entrypoint: --container NAME")
        }
        _ if message.contains("Network Configuration must be provided") => {
            "the task definition uses awsvpc networking: name --subnets and --security-groups".to_owned()
        }
        _ if message.contains("Network Configuration is not valid") => {
            "the task definition does not use awsvpc networking: leave --subnets and --security-groups out".to_owned()
        }
        _ if message.contains("capacity provider") => "check --capacity-provider, and that the cluster has it".to_owned(),
        _ if message.contains("No Container Instances") => {
            "the cluster has no EC2 instances: add some, name a --capacity-provider that scales from zero, or use --launch-mode fargate".to_owned()
        }
        _ => return None,
    };
    Some(text)
}
