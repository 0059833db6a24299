# What a runner is started from: a task definition for Fargate and two for EC2 (bridge, awsvpc), with the same container. The orchestrator adds the MAYFLY_* settings of a launch by RunTask's overrides; what is here belongs to every launch.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  parameter_prefix = "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter"

  # From names, as people write them, with or without the leading slash; an ARN stays what it is.
  secrets = {
    for variable, parameter in {
      MAYFLY_GITHUB_TOKEN           = var.github_credential.token_parameter
      MAYFLY_GITHUB_APP_PRIVATE_KEY = try(var.github_credential.app.private_key_parameter, null)
    } : variable => startswith(parameter, "arn:") ? parameter : "${local.parameter_prefix}/${trimprefix(parameter, "/")}"
    if parameter != null
  }

  environment = merge(
    # PID 1 cannot ask ECS how long it has after SIGTERM, so it is told the same number that ECS is told.
    { MAYFLY_STOP_TIMEOUT = "${var.stop_timeout}s" },
    var.github_credential.app == null ? {} : { MAYFLY_GITHUB_APP_ID = var.github_credential.app.id },
  )

  # No restartPolicy: a registration is used up by its first start. No user: PID 1 must be root to keep its secrets from the job.
  container = {
    name        = "runner"
    image       = var.image
    essential   = true
    stopTimeout = var.stop_timeout
    environment = [for name, value in local.environment : { name = name, value = value }]
    secrets     = [for name, arn in local.secrets : { name = name, valueFrom = arn }]

    # Healthy means that the Listener is connected. ECS does not replace a standalone task for its health; `mayfly runner start
    # --wait online` reads it where it may not ask GitHub.
    healthCheck = {
      command     = ["CMD", "/usr/local/bin/runner-entrypoint", "healthcheck"]
      interval    = 5
      timeout     = 5
      retries     = 3
      startPeriod = 120
    }

    # ECS's own init would take PID 1 away from runner-entrypoint.
    linuxParameters = { initProcessEnabled = false }

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = var.log_group_name
        awslogs-region        = local.region
        awslogs-stream-prefix = "runner"
        # Blocking would let an outage of CloudWatch stop PID 1 in the middle of a write.
        mode            = "non-blocking"
        max-buffer-size = "25m"
      }
    }
  }
}

resource "aws_ecs_task_definition" "fargate" {
  family                   = "${var.name}-runner-fargate"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.job.arn
  container_definitions    = jsonencode([local.container])
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }
}

# On EC2 by network: the bridge of the instance, or an interface of the task's own, which needs NAT since EC2 gives it no public
# address.
resource "aws_ecs_task_definition" "ec2" {
  for_each = { ec2 = "bridge", ec2-awsvpc = "awsvpc" }

  family                   = "${var.name}-runner-${each.key}"
  requires_compatibilities = ["EC2"]
  network_mode             = each.value
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.job.arn
  container_definitions    = jsonencode([local.container])
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }
}

# For jobs with `docker build`, `services:` or `container:`, which Fargate cannot run: the instance's own Docker.
resource "aws_ecs_task_definition" "docker" {
  count = var.docker ? 1 : 0

  family                   = "${var.name}-runner-ec2-docker"
  requires_compatibilities = ["EC2"]
  network_mode             = "bridge"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.job.arn
  tags                     = var.tags
  container_definitions = jsonencode([merge(local.container, {
    mountPoints = [{ sourceVolume = "docker", containerPath = "/var/run/docker.sock", readOnly = false }]
  })])

  volume {
    name      = "docker"
    host_path = "/var/run/docker.sock"
  }

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }
}
