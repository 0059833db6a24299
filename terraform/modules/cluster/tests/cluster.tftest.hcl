mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-0123456789abcdef0" }
  }
  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::123456789012:instance-profile/mayfly-instance" }
  }
  mock_resource "aws_autoscaling_group" {
    defaults = { arn = "arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:1:autoScalingGroupName/mayfly" }
  }
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0" }
  }
}

variables {
  name = "mayfly"
}

run "runners_can_use_fargate_and_fargate_spot" {
  command = plan

  assert {
    condition     = aws_ecs_cluster_capacity_providers.this.capacity_providers == toset(["FARGATE", "FARGATE_SPOT"])
    error_message = "launch mode fargate-spot needs the provider FARGATE_SPOT on the cluster"
  }

  assert {
    condition     = [for strategy in aws_ecs_cluster_capacity_providers.this.default_capacity_provider_strategy : strategy.capacity_provider] == ["FARGATE"]
    error_message = "a task that names no provider must not land on capacity that can be taken away"
  }
}

run "logs_do_not_stay_for_ever" {
  command = plan

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/mayfly/runner" && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "the log group is /NAME/runner and keeps its lines for 30 days"
  }
}

run "name_with_capitals_is_refused" {
  command = plan
  variables { name = "Mayfly" }
  expect_failures = [var.name]
}

run "unknown_insights_are_refused" {
  command = plan
  variables { container_insights = "on" }
  expect_failures = [var.container_insights]
}

run "retention_that_cloudwatch_does_not_know_is_refused" {
  command = plan
  variables { log_retention_days = 31 }
  expect_failures = [var.log_retention_days]
}

run "alias_as_log_key_is_refused" {
  command = plan
  variables { log_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:alias/logs" }
  expect_failures = [var.log_kms_key_arn]
}

run "without_ec2_there_are_no_instances" {
  command = plan

  assert {
    condition     = length(aws_autoscaling_group.this) == 0 && length(aws_iam_role.instance) == 0 && output.ec2_capacity_provider == null
    error_message = "instances must be asked for"
  }
}
