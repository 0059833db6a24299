mock_provider "aws" {}

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
