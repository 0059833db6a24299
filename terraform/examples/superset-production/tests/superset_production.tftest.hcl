mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
  }
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-0123456789abcdef0" }
  }
  mock_resource "aws_acm_certificate" {
    defaults = {
      arn                       = "arn:aws:acm:us-west-2:123456789012:certificate/made"
      domain_validation_options = [{ domain_name = "analytics.example.com", resource_record_name = "_1.analytics.example.com", resource_record_type = "CNAME", resource_record_value = "_2.acm-validations.aws" }]
    }
  }
  mock_resource "aws_db_instance" {
    defaults = { master_user_secret = [{ kms_key_id = "", secret_arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:rds", secret_status = "active" }] }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }
  mock_resource "aws_lb" {
    defaults = { arn = "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/superset-production/1" }
  }
  mock_resource "aws_lb_target_group" {
    defaults = { arn = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/superset-production/1" }
  }
  mock_resource "aws_lb_listener" {
    defaults = { arn = "arn:aws:elasticloadbalancing:us-west-2:123456789012:listener/app/superset-production/1/2" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:us-west-2:123456789012:superset-production" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:us-west-2:123456789012:task-definition/superset:1" }
  }
}

variables {
  image               = "123456789012.dkr.ecr.us-west-2.amazonaws.com/superset:5.0.0-1"
  ecr_repository_arns = ["arn:aws:ecr:us-west-2:123456789012:repository/superset"]
  domain_name         = "analytics.example.com"
  zone_id             = "Z0123456789ABCDEFGHIJ"
  alarm_email         = "ops-team@example.com"
}

run "three_to_ten_tasks_by_cpu_and_memory" {
  command = apply

  assert {
    condition     = aws_appautoscaling_target.this.min_capacity == 3 && aws_appautoscaling_target.this.max_capacity == 10
    error_message = "three tasks at least, ten at most"
  }

  assert {
    condition     = { for name, policy in aws_appautoscaling_policy.this : policy.target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type => policy.target_tracking_scaling_policy_configuration[0].target_value } == { ECSServiceAverageCPUUtilization = 70, ECSServiceAverageMemoryUtilization = 80 }
    error_message = "70 % CPU, 80 % memory"
  }
}

run "one_task_never_depends_on_spot" {
  command = apply

  assert {
    condition     = { for strategy in aws_ecs_service.this.capacity_provider_strategy : strategy.capacity_provider => strategy.weight } == { FARGATE = 1, FARGATE_SPOT = 2 }
    error_message = "two of three on Spot"
  }

  assert {
    condition     = one([for strategy in aws_ecs_service.this.capacity_provider_strategy : strategy.base if strategy.capacity_provider == "FARGATE"]) == 1
    error_message = "the base is on demand: on Spot it could be taken away"
  }
}

run "no_secret_stands_in_a_task_definition" {
  command = apply

  assert {
    condition     = toset([for secret in jsondecode(aws_ecs_task_definition.init.container_definitions)[0].secrets : secret.name]) == toset(["SECRET_KEY", "DATABASE_USER", "DATABASE_PASSWORD", "ADMIN_PASSWORD"])
    error_message = "secrets come from SSM and Secrets Manager"
  }

  assert {
    condition     = length([for variable in jsondecode(aws_ecs_task_definition.app.container_definitions)[0].environment : variable if can(regex("PASSWORD|SECRET", variable.name))]) == 0
    error_message = "what is in `environment` can be read by everyone who may read task definitions"
  }
}

run "sessions_stay_and_sick_tasks_go" {
  command = apply

  assert {
    condition     = aws_lb_target_group.this.stickiness[0].cookie_duration == 3600 && aws_lb_target_group.this.health_check[0].path == "/health" && aws_lb_target_group.this.health_check[0].unhealthy_threshold == 3
    error_message = "an hour of stickiness, three failures"
  }
}

run "everybody_is_told_what_alarms_say" {
  command = apply

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 4 && alltrue([for alarm in aws_cloudwatch_metric_alarm.this : contains(alarm.alarm_actions, aws_sns_topic.this.arn)])
    error_message = "5XX, database, tasks, response time"
  }
}

run "image_that_is_the_latest_is_refused" {
  command = plan
  variables { image = "apache/superset:latest" }
  expect_failures = [var.image]
}

run "domain_with_its_scheme_is_refused" {
  command = plan
  variables { domain_name = "https://analytics.example.com" }
  expect_failures = [var.domain_name]
}

run "address_without_at_is_refused" {
  command = plan
  variables { alarm_email = "ops-team" }
  expect_failures = [var.alarm_email]
}
