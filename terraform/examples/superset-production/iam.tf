# Two roles, apart: ECS uses the execution role before Superset starts; Superset has the task role.

locals {
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

  execution_statements = [
    # Containers' output.
    {
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.this.arn}:*"
    },
    # `secrets` of the definitions: two parameters, and the password that RDS made.
    {
      Sid      = "ReadParameters"
      Effect   = "Allow"
      Action   = "ssm:GetParameters"
      Resource = [for name in values(var.secret_parameters) : "${local.parameter}/${trimprefix(name, "/")}"]
    },
    {
      Sid      = "ReadPasswordOfDatabase"
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = module.postgres.secret_arn
    },
  ]

  # Where the image is in ECR. IAM knows no resource for the token.
  ecr_statements = [
    {
      Sid      = "LogInToEcr"
      Effect   = "Allow"
      Action   = "ecr:GetAuthorizationToken"
      Resource = "*"
    },
    {
      Sid      = "PullImage"
      Effect   = "Allow"
      Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource = var.ecr_repository_arns
    },
  ]
}

resource "aws_iam_role" "execution" {
  name               = "${local.name}-execution"
  description        = "ECS, before Superset starts."
  assume_role_policy = jsonencode(local.assume_by_tasks)
}

resource "aws_iam_role_policy" "execution" {
  name = "superset"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.execution_statements, [for statement in local.ecr_statements : statement if length(var.ecr_repository_arns) > 0])
  })
}

resource "aws_iam_role" "task" {
  name               = "${local.name}-task"
  description        = "Superset itself."
  assume_role_policy = jsonencode(local.assume_by_tasks)
}

# ECS Exec, for looking into a task: IAM knows no resource for these calls.
resource "aws_iam_role_policy" "task" {
  name = "exec"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "LetPeopleIn"
      Effect   = "Allow"
      Action   = [for what in ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"] : "ssmmessages:${what}"]
      Resource = "*"
    }]
  })
}
