# Where runners and previews run: one ECS cluster with Fargate's two capacity providers, EC2 behind a third where asked for
# (ec2.tf), and the log group that the tasks write to.

resource "aws_ecs_cluster" "this" {
  name = var.name
  tags = var.tags

  setting {
    name  = "containerInsights"
    value = var.container_insights
  }
}

# Without this association RunTask refuses a strategy that names FARGATE_SPOT (launch mode `fargate-spot`).
resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = concat(["FARGATE", "FARGATE_SPOT"], aws_ecs_capacity_provider.ec2[*].name)

  # Spot is asked for by name; a task that says nothing gets capacity that nobody takes away.
  default_capacity_provider_strategy {
    capacity_provider = "FARGATE"
    weight            = 1
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/runner"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn
  tags              = var.tags
}

# Roles that belong to AWS's services. AWS makes them at the first use by somebody who may; where nobody may, they are made here.
resource "aws_iam_service_linked_role" "this" {
  for_each = var.service_linked_roles

  aws_service_name = "${each.value}.amazonaws.com"
}
