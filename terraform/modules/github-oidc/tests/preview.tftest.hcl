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
}

variables {
  name              = "mayfly"
  repositories      = [{ full_name = "octo/demo", id = 4242, owner_id = 77 }]
  cluster_name      = "mayfly"
  families          = ["mayfly-runner-fargate"]
  passed_role_names = ["mayfly-execution", "mayfly-job"]
  log_group_name    = "/mayfly/runner"
  preview = {
    passed_role_names  = ["mayfly-preview-execution", "mayfly-preview-task"]
    load_balancer_name = "mayfly-preview"
    log_group_name     = "/mayfly/preview"
    repository_names   = ["mayfly-preview"]
    project_names      = ["mayfly-preview-build"]
  }
}

# IAM's limit for all inline policies of a role together is 10,240 characters without whitespace.
run "everything_together_fits_into_one_role" {
  command = plan
  variables { parameter_handover = true }

  assert {
    condition     = length(aws_iam_role_policy.launcher.policy) < 10240
    error_message = "IAM refuses a longer policy"
  }
}

run "without_previews_the_launcher_knows_nothing_of_load_balancers" {
  command = plan
  variables { preview = null }

  assert {
    condition     = !strcontains(aws_iam_role_policy.launcher.policy, "elasticloadbalancing") && !strcontains(aws_iam_role_policy.launcher.policy, "mayfly-preview")
    error_message = "what is not used is not allowed"
  }
}

run "without_load_balancer_project_and_repository_their_statements_are_missing" {
  command = plan
  variables { preview = { passed_role_names = ["mayfly-preview-execution"] } }

  assert {
    condition     = alltrue([for service in ["elasticloadbalancing", "codebuild", "ecr", "acm"] : !strcontains(aws_iam_role_policy.launcher.policy, "\"${service}:")])
    error_message = "each statement comes with what it is for"
  }
}

run "every_statement_without_a_resource_is_known" {
  command = plan

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.launcher.policy).Statement : statement.Sid if statement.Resource == "*"] == ["FindTasks", "ReadTaskDefinitions", "TidyDefinitions", "LookAtNetworks", "LookAtRoutes"]
    error_message = "only calls for which IAM knows no resource may have none"
  }

  assert {
    condition     = !anytrue([for statement in jsondecode(aws_iam_role_policy.launcher.policy).Statement : anytrue([for action in flatten([statement.Action]) : strcontains(action, "*")])])
    error_message = "each action is named"
  }
}

run "role_with_a_wildcard_is_refused" {
  command = plan
  variables { preview = { passed_role_names = ["*"] } }
  expect_failures = [var.preview]
}

run "load_balancer_by_its_arn_is_refused" {
  command = plan
  variables { preview = { passed_role_names = ["a"], load_balancer_name = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/a/1" } }
  expect_failures = [var.preview]
}

run "repository_with_a_wildcard_is_refused" {
  command = plan
  variables { preview = { passed_role_names = ["a"], repository_names = ["*"] } }
  expect_failures = [var.preview]
}
