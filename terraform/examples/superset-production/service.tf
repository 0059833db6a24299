# Superset itself: one task definition for the service, one for the first set-up and each upgrade.

resource "aws_ecs_cluster" "this" {
  name = local.name

  setting {
    name  = "containerInsights"
    value = "enabled" # The alarm on running tasks reads its metric.
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/superset/production"
  retention_in_days = 7
}

resource "aws_security_group" "app" {
  name        = "${local.name}-app"
  description = "Superset: in from the load balancer, out to its sources of data."
  vpc_id      = module.network.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "app" {
  security_group_id            = aws_security_group.app.id
  description                  = "From the load balancer."
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = aws_security_group.load_balancer.id
}

resource "aws_vpc_security_group_egress_rule" "app" {
  security_group_id = aws_security_group.app.id
  description       = "Sources of data are wherever they are."
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

locals {
  parameter = "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter"

  secrets = {
    SECRET_KEY        = "${local.parameter}/${trimprefix(var.secret_parameters.secret_key, "/")}"
    DATABASE_USER     = "${module.postgres.secret_arn}:username::"
    DATABASE_PASSWORD = "${module.postgres.secret_arn}:password::"
  }

  environment = {
    CONFIG        = file("${path.module}/superset_config.py")
    SUPERSET_ENV  = "production"
    SUPERSET_PORT = tostring(local.port)
    DATABASE_HOST = module.postgres.address
    DATABASE_NAME = "superset"
    REDIS_HOST    = aws_elasticache_replication_group.this.primary_endpoint_address
    REDIS_PORT    = "6379"
  }

  configure = "printf '%s' \"$CONFIG\" > /app/pythonpath/superset_config.py"

  container = {
    name        = "superset"
    image       = var.image
    essential   = true
    environment = [for name, value in local.environment : { name = name, value = value }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = local.region
        awslogs-stream-prefix = "superset"
      }
    }
  }
}

resource "aws_ecs_task_definition" "app" {
  family                   = "superset-app"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 1024
  memory                   = 2048
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions = jsonencode([merge(local.container, {
    command      = ["bash", "-c", "${local.configure} && exec /usr/bin/run-server.sh"]
    portMappings = [{ containerPort = local.port, protocol = "tcp" }]
    secrets      = [for name, arn in local.secrets : { name = name, valueFrom = arn }]
    healthCheck = {
      command     = ["CMD-SHELL", "curl -f http://localhost:${local.port}/health || exit 1"]
      interval    = 30
      timeout     = 5
      retries     = 3
      startPeriod = 60
    }
  })])
}

# Migrations are not for three tasks at once: this runs alone, by the command in the output `initialise`, first and at each upgrade.
resource "aws_ecs_task_definition" "init" {
  family                   = "superset-init"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions = jsonencode([merge(local.container, {
    secrets = [
      for name, arn in merge(local.secrets, { ADMIN_PASSWORD = "${local.parameter}/${trimprefix(var.secret_parameters.admin_password, "/")}" }) :
      { name = name, valueFrom = arn }
    ]
    command = ["bash", "-ec", <<-SHELL
      ${local.configure}
      superset db upgrade
      superset fab create-admin --username admin --firstname Admin --lastname User --email ${var.alarm_email} --password "$ADMIN_PASSWORD"
      superset init
    SHELL
    ]
  })])
}

resource "aws_service_discovery_private_dns_namespace" "this" {
  name        = "superset.internal"
  description = "Superset by name within the VPC."
  vpc         = module.network.vpc_id
}

resource "aws_service_discovery_service" "this" {
  name = "superset"

  dns_config {
    namespace_id = aws_service_discovery_private_dns_namespace.this.id

    dns_records {
      type = "A"
      ttl  = 15
    }
  }
}

resource "aws_ecs_service" "this" {
  name                               = "superset"
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.app.arn
  desired_count                      = 3
  deployment_minimum_healthy_percent = 50
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 120
  enable_execute_command             = true
  propagate_tags                     = "SERVICE"

  # One on demand, whatever happens to Spot; of the others two thirds on Spot.
  capacity_provider_strategy {
    capacity_provider = "FARGATE"
    base              = 1
    weight            = 1
  }

  capacity_provider_strategy {
    capacity_provider = "FARGATE_SPOT"
    weight            = 2
  }

  network_configuration {
    subnets          = module.network.private_subnet_ids
    security_groups  = [aws_security_group.app.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = local.container.name
    container_port   = local.port
  }

  service_registries {
    registry_arn = aws_service_discovery_service.this.arn
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  # Auto scaling changes it.
  lifecycle {
    ignore_changes = [desired_count]
  }

  depends_on = [aws_lb_listener_rule.this, aws_ecs_cluster_capacity_providers.this]
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = 3
  max_capacity       = 10
}

resource "aws_appautoscaling_policy" "this" {
  for_each = { CPU = 70, Memory = 80 }

  name               = "${local.name}-${lower(each.key)}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = each.value
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverage${each.key}Utilization"
    }
  }
}
