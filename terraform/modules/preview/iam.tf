# Two roles, apart, as for runners: ECS uses the execution role before the app starts; the app's task has the task role.

locals {
  # Only tasks of this account and region may take the roles.
  assume_by_tasks = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:ecs:${local.region}:${local.account}:*" }
      }
    }]
  }

  # The agent pulls the app's image, and the supervisor's and sidecars' where they are in ECR. IAM knows no resource for the token.
  pull_statements = [
    {
      Sid      = "LogInToEcr"
      Effect   = "Allow"
      Action   = "ecr:GetAuthorizationToken"
      Resource = "*"
    },
    {
      Sid      = "PullImages"
      Effect   = "Allow"
      Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource = concat([aws_ecr_repository.this.arn], var.ecr_repository_arns)
    },
    # The containers' output (awslogs). The group exists, so nobody needs CreateLogGroup.
    {
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/${var.name}/preview:*"
    },
  ]

  # `secrets` of a template. Forks' previews have none: mayfly leaves them out of their definitions.
  parameter_statements = [{
    Sid      = "ReadSecretsOfPreviews"
    Effect   = "Allow"
    Action   = "ssm:GetParameters"
    Resource = [for path in var.secret_parameters : "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter/${trimprefix(path, "/")}"]
  }]
  database_statements = [{
    Sid      = "ReadPasswordOfDatabase"
    Effect   = "Allow"
    Action   = "secretsmanager:GetSecretValue"
    Resource = module.postgres[*].secret_arn
  }]

  execution_statements = concat(
    local.pull_statements,
    [for statement in local.parameter_statements : statement if length(var.secret_parameters) > 0],
    [for statement in local.database_statements : statement if var.postgres != null],
  )

  # The supervisor renews its lease from the tags of its own task: ecs:ListTagsForResource. IAM cannot say "its own", so a preview
  # can read who owns the others and when they end; it cannot change them.
  task_statements = [{
    Sid      = "RenewLease"
    Effect   = "Allow"
    Action   = "ecs:ListTagsForResource"
    Resource = "arn:${local.partition}:ecs:${local.region}:${local.account}:task/${var.cluster_name}/*"
  }]

  # `preview up --exec`: people get into the container through Session Manager. IAM knows no resource for these calls.
  exec_statements = [{
    Sid      = "LetPeopleIn"
    Effect   = "Allow"
    Action   = [for what in ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"] : "ssmmessages:${what}"]
    Resource = "*"
  }]
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-preview-execution"
  description        = "ECS, before a preview starts: pulls images, reads the template's secrets, writes logs."
  assume_role_policy = jsonencode(local.assume_by_tasks)
  tags               = var.tags
}

resource "aws_iam_role_policy" "execution" {
  name   = "preview"
  role   = aws_iam_role.execution.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.execution_statements })
}

resource "aws_iam_role" "task" {
  name               = "${var.name}-preview-task"
  description        = "Previews of the repository's own branches; forks' have no role."
  assume_role_policy = jsonencode(local.assume_by_tasks)
  tags               = var.tags
}

resource "aws_iam_role_policy" "task" {
  name = "lease"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.task_statements, [for statement in local.exec_statements : statement if var.exec])
  })
}
