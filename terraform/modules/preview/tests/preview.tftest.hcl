mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_resource "aws_acm_certificate" {
    defaults = {
      arn                       = "arn:aws:acm:eu-central-1:123456789012:certificate/made"
      domain_validation_options = [{ domain_name = "*.previews.example.com", resource_record_name = "_1.previews.example.com", resource_record_type = "CNAME", resource_record_value = "_2.acm-validations.aws" }]
    }
  }
  mock_resource "aws_ecr_repository" {
    defaults = { arn = "arn:aws:ecr:eu-central-1:123456789012:repository/mayfly-preview" }
  }
  mock_resource "aws_lb" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/mayfly-preview/1" }
  }
}

variables {
  name                     = "mayfly"
  cluster_name             = "mayfly"
  base_domain              = "previews.example.com"
  certificate_arn          = "arn:aws:acm:eu-central-1:123456789012:certificate/given"
  vpc_id                   = "vpc-0a1b2c3d"
  load_balancer_subnet_ids = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]
}

run "listener_is_https_and_says_when_there_is_nothing" {
  command = apply

  assert {
    condition     = aws_lb_listener.https.protocol == "HTTPS" && aws_lb_listener.https.certificate_arn == "arn:aws:acm:eu-central-1:123456789012:certificate/given" && aws_lb_listener.https.default_action[0].fixed_response[0].status_code == "404"
    error_message = "whoever follows an old link is told so, over HTTPS"
  }

  assert {
    condition     = length(aws_acm_certificate.this) == 0 && length(aws_route53_record.wildcard) == 0
    error_message = "with a certificate of one's own nothing is made in Route 53"
  }
}

run "with_a_zone_certificate_and_record_are_made" {
  command = apply

  variables {
    certificate_arn = null
    zone_id         = "Z0123456789"
  }

  assert {
    condition     = aws_acm_certificate.this[0].domain_name == "*.previews.example.com" && aws_route53_record.wildcard[0].name == "*.previews.example.com"
    error_message = "one level of wildcard is what pr-N.BASE_DOMAIN needs"
  }
}

run "tasks_are_reached_by_the_load_balancer_alone" {
  command = apply

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.task : rule.referenced_security_group_id == aws_security_group.load_balancer.id])
    error_message = "a preview has no way in but the load balancer"
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.fork.from_port == 443 && aws_vpc_security_group_egress_rule.fork.to_port == 443
    error_message = "a fork's preview goes out by HTTPS alone"
  }
}

run "task_role_reads_tags_and_nothing_else" {
  command = apply

  assert {
    condition = jsondecode(aws_iam_role_policy.task.policy).Statement == [{
      Sid      = "RenewLease"
      Effect   = "Allow"
      Action   = "ecs:ListTagsForResource"
      Resource = "arn:aws:ecs:eu-central-1:123456789012:task/mayfly/*"
    }]
    error_message = "the app has what its supervisor needs"
  }
}

run "people_get_in_only_where_that_is_asked_for" {
  command = apply
  variables { exec = true }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.task.policy).Statement : statement.Sid] == ["RenewLease", "LetPeopleIn"]
    error_message = "ECS Exec needs ssmmessages"
  }
}

run "secrets_are_read_from_the_named_paths_alone" {
  command = apply
  variables { secret_parameters = ["/shop/preview/*"] }

  assert {
    condition     = one([for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Resource if statement.Sid == "ReadSecretsOfPreviews"]) == ["arn:aws:ssm:eu-central-1:123456789012:parameter/shop/preview/*"]
    error_message = "the execution role reads what previews are given"
  }
}

run "images_of_pull_requests_do_not_stay_for_ever" {
  command = plan

  assert {
    condition     = [for rule in jsondecode(aws_ecr_lifecycle_policy.this.policy).rules : "${rule.selection.tagStatus} ${rule.selection.countNumber}"] == ["untagged 1", "tagged 14"]
    error_message = "images go, reaped or not"
  }
}

run "database_lets_forks_in_nowhere" {
  command = apply
  variables { postgres = { subnet_ids = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"] } }

  assert {
    condition     = output.database != null && contains(keys(aws_cloudwatch_metric_alarm.this), "database-cpu")
    error_message = "the database comes with its alarm"
  }
}

run "name_that_is_too_long_for_a_load_balancer_is_refused" {
  command = plan
  variables { name = "a-name-that-is-too-long" }
  expect_failures = [var.name]
}

run "base_domain_with_its_wildcard_is_refused" {
  command = plan
  variables { base_domain = "*.previews.example.com" }
  expect_failures = [var.base_domain]
}

run "neither_zone_nor_certificate_is_refused" {
  command = plan
  variables { certificate_arn = null }
  expect_failures = [var.zone_id]
}

run "certificate_by_its_domain_is_refused" {
  command = plan
  variables { certificate_arn = "*.previews.example.com" }
  expect_failures = [var.certificate_arn]
}

run "load_balancer_in_one_zone_is_refused" {
  command = plan
  variables { load_balancer_subnet_ids = ["subnet-0a1b2c3d"] }
  expect_failures = [var.load_balancer_subnet_ids]
}

run "visitors_by_name_are_refused" {
  command = plan
  variables { visitors = ["office"] }
  expect_failures = [var.visitors]
}

run "repository_by_its_name_is_refused" {
  command = plan
  variables { ecr_repository_arns = ["mayfly-entrypoint"] }
  expect_failures = [var.ecr_repository_arns]
}

run "all_parameters_are_refused" {
  command = plan
  variables { secret_parameters = ["*"] }
  expect_failures = [var.secret_parameters]
}

run "half_a_day_for_images_is_refused" {
  command = plan
  variables { image_days = 0.5 }
  expect_failures = [var.image_days]
}

run "retention_that_cloudwatch_does_not_know_is_refused" {
  command = plan
  variables { log_retention_days = 13 }
  expect_failures = [var.log_retention_days]
}

run "topic_by_its_name_is_refused" {
  command = plan
  variables { alarm_topic_arn = "alerts" }
  expect_failures = [var.alarm_topic_arn]
}
