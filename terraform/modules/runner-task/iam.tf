# Two roles, apart: ECS uses the execution role before the container starts; the job may use the job role.

locals {
  # Only tasks of this account and region may take the roles, so that nobody can make ECS use them for a stranger's task.
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

  # The agent fills the container's `secrets` from exactly these parameters.
  credential_statements = [{
    Sid      = "ReadGithubCredential"
    Effect   = "Allow"
    Action   = "ssm:GetParameters"
    Resource = values(local.secrets)
  }]

  # Parameters under a key of the account's own. The key that AWS keeps for SSM (aws/ssm) needs no statement.
  decrypt_statements = [{
    Sid       = "DecryptGithubCredential"
    Effect    = "Allow"
    Action    = "kms:Decrypt"
    Resource  = var.kms_key_arn
    Condition = { StringEquals = { "kms:ViaService" = "ssm.${local.region}.amazonaws.com" } }
  }]

  # The agent pulls the image from ECR. The token is for the whole registry: IAM knows no resource for it.
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

  execution_statements = concat(
    [
      # The agent writes the container's output (awslogs). The group exists, so nobody needs CreateLogGroup.
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${var.log_group_name}:*"
      },
    ],
    [for statement in local.credential_statements : statement if length(local.secrets) > 0],
    [for statement in local.decrypt_statements : statement if var.kms_key_arn != null],
    [for statement in local.ecr_statements : statement if length(var.ecr_repository_arns) > 0],
  )
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  description        = "ECS, before a runner starts: pulls the image, reads the GitHub credential, writes logs."
  assume_role_policy = jsonencode(local.assume_by_tasks)
  tags               = var.tags
}

resource "aws_iam_role_policy" "execution" {
  name   = "runner"
  role   = aws_iam_role.execution.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.execution_statements })
}

# The job's own role, for deploying without keys. It has no rights but those that are attached here.
resource "aws_iam_role" "job" {
  name               = "${var.name}-job"
  description        = "The jobs that runners execute."
  assume_role_policy = jsonencode(local.assume_by_tasks)
  tags               = var.tags
}

# `--handover parameter`: PID 1 reads its one-shot parameter and deletes it before the job begins. It may not list, and the
# names have 128 random bits, so a job cannot find those of others.
resource "aws_iam_role_policy" "handover" {
  count = var.parameter_handover ? 1 : 0

  name = "one-shot-parameter"
  role = aws_iam_role.job.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "TakeOneShotParameter"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter", "ssm:DeleteParameter"]
      Resource = "${local.parameter_prefix}/mayfly/handover/*"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "job" {
  for_each = var.job_policy_arns

  role       = aws_iam_role.job.name
  policy_arn = each.value
}
