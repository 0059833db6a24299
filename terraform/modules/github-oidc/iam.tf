locals {
  # In a condition key the issuer stands without its scheme.
  issuer = trimsuffix(trimprefix(var.issuer_url, "https://"), "/")

  # The subject has two forms: names, and (repositories created or renamed since July 2026) names with ids. Both are accepted;
  # the repository_id below holds for either, and is what a deleted and re-created repository of the same name does not have.
  subjects = flatten([
    for repository in var.repositories : [
      for context in var.contexts : [
        "repo:${repository.full_name}:${context}",
        format("repo:%s@%d/%s@%d:%s", split("/", repository.full_name)[0], repository.owner_id,
        split("/", repository.full_name)[1], repository.id, context),
      ]
    ]
  ])

  # sts:AssumeRoleWithWebIdentity, the first call of every `mayfly` in a workflow.
  trust_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "WorkflowsOfTheseRepositories"
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = local.provider_arn }
      Condition = {
        StringEquals = merge(
          { "${local.issuer}:aud" = var.audience },
          var.bind_repository_id ? { "${local.issuer}:repository_id" = [for repository in var.repositories : tostring(repository.id)] } : {},
        )
        StringLike = merge(
          { "${local.issuer}:sub" = local.subjects },
          length(var.job_workflow_refs) > 0 ? { "${local.issuer}:job_workflow_ref" = var.job_workflow_refs } : {},
        )
      }
    }]
  }

  # ARNs are put together from names, so that `terraform plan` shows the whole policy before anything exists.
  ecs          = "arn:${local.partition}:ecs:${local.region}:${local.account}"
  on_cluster   = { ArnEquals = { "ecs:cluster" = "${local.ecs}:cluster/${var.cluster_name}" } }
  tasks        = "${local.ecs}:task/${var.cluster_name}/*"
  logs         = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${var.log_group_name}"
  our_task     = { Null = { "aws:ResourceTag/mayfly:id" = "false" } }
  launched_tag = { Null = { "aws:RequestTag/mayfly:id" = "false" } }

  # `start --handover parameter`: ssm:PutParameter, and ssm:DeleteParameter where the task was not started after all.
  handover_statements = [{
    Sid      = "HandOverOneShotParameters"
    Effect   = "Allow"
    Action   = ["ssm:PutParameter", "ssm:DeleteParameter"]
    Resource = "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter/mayfly/handover/*"
  }]

  launcher_policy = {
    Version = "2012-10-17"
    Statement = concat([
      # `mayfly runner start`: ecs:RunTask. Only our families, only on our cluster, and never without the tag by which the task
      # can be found and stopped again. A family is named in a request with its revision or without.
      {
        Sid       = "StartRunners"
        Effect    = "Allow"
        Action    = "ecs:RunTask"
        Resource  = flatten([for family in var.families : ["${local.ecs}:task-definition/${family}", "${local.ecs}:task-definition/${family}:*"]])
        Condition = merge(local.on_cluster, local.launched_tag)
      },
      # RunTask hands the task definition's roles to ECS; no other role, and to no other service.
      {
        Sid       = "PassRolesOfRunners"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = [for role in var.passed_role_names : "arn:${local.partition}:iam::${local.account}:role/${role}"]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      # RunTask writes the tags of the new task. ecs:CreateAction keeps this to the moment of creation: no tag is changed later.
      {
        Sid      = "TagRunnersAtTheirStart"
        Effect   = "Allow"
        Action   = "ecs:TagResource"
        Resource = local.tasks
        Condition = {
          StringEquals              = { "ecs:CreateAction" = "RunTask" }
          "ForAllValues:StringLike" = { "aws:TagKeys" = "mayfly:*" }
          Null                      = { "aws:TagKeys" = "false" }
        }
      },
      # `mayfly runner start --wait`, `wait`, `list`, `stop` and `reap`: ecs:DescribeTasks.
      {
        Sid       = "LookAtTasks"
        Effect    = "Allow"
        Action    = "ecs:DescribeTasks"
        Resource  = local.tasks
        Condition = local.on_cluster
      },
      # `list`, `stop` and `reap`, and `start` when it looks for a task that an earlier try has started: ecs:ListTasks. IAM knows
      # no task as its resource, so the cluster is the only bound.
      {
        Sid       = "FindTasks"
        Effect    = "Allow"
        Action    = "ecs:ListTasks"
        Resource  = "*"
        Condition = local.on_cluster
      },
      # `start` (which container, which log group, which network mode): ecs:DescribeTaskDefinition, which IAM cannot restrict.
      {
        Sid      = "ReadTaskDefinitions"
        Effect   = "Allow"
        Action   = "ecs:DescribeTaskDefinition"
        Resource = "*"
      },
      # `stop`, `reap`, and `start` when it cleans up after itself: ecs:StopTask, only on what carries our tag.
      {
        Sid       = "StopRunners"
        Effect    = "Allow"
        Action    = "ecs:StopTask"
        Resource  = local.tasks
        Condition = merge(local.on_cluster, local.our_task)
      },
      # `mayfly runner logs`, and the last lines in the error of a start that failed.
      {
        Sid      = "ReadLogs"
        Effect   = "Allow"
        Action   = "logs:GetLogEvents"
        Resource = "${local.logs}:log-stream:*"
      },
      ], [for statement in local.handover_statements : statement if var.parameter_handover],
      local.preview_statements,
    )
  }
}
