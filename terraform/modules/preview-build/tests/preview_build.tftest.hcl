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
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mayfly-preview-build" }
  }
}

variables {
  name            = "mayfly"
  source_url      = "https://github.com/octo/demo.git"
  repository_name = "mayfly-preview"
}

run "buildspec_exports_what_mayfly_reads" {
  command = plan

  assert {
    condition     = yamldecode(aws_codebuild_project.this.source[0].buildspec).env.exported-variables == ["IMAGE_URI", "IMAGE_DIGEST"]
    error_message = "`mayfly preview build` reads these two"
  }
}

run "what_is_built_cannot_touch_other_images" {
  command = plan

  assert {
    condition     = one([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource if statement.Sid == "PushImages"]) == "arn:aws:ecr:eu-central-1:123456789012:repository/mayfly-preview"
    error_message = "a pull request's build pushes where pull requests' images are, and nowhere else"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.this.policy, "Delete") && !strcontains(aws_iam_role_policy.this.policy, "PassRole")
    error_message = "the code of a pull request has the rights of this role"
  }
}

run "private_sources_come_by_a_connection" {
  command = plan
  variables { connection_arn = "arn:aws:codeconnections:eu-central-1:123456789012:connection/1" }

  assert {
    condition     = aws_codebuild_project.this.source[0].auth[0].type == "CODECONNECTIONS" && strcontains(aws_iam_role_policy.this.policy, "FetchSource")
    error_message = "the role may use the connection"
  }
}

run "name_with_capitals_is_refused" {
  command = plan
  variables { name = "Mayfly" }
  expect_failures = [var.name]
}

run "source_that_git_does_not_clone_is_refused" {
  command = plan
  variables { source_url = "octo/demo" }
  expect_failures = [var.source_url]
}

run "connection_by_its_name_is_refused" {
  command = plan
  variables { connection_arn = "github" }
  expect_failures = [var.connection_arn]
}

run "repository_by_its_url_is_refused" {
  command = plan
  variables { repository_name = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/a:b" }
  expect_failures = [var.repository_name]
}

run "dockerfile_that_is_a_command_is_refused" {
  command = plan
  variables { dockerfile = "a; b" }
  expect_failures = [var.dockerfile]
}

run "context_outside_of_the_repository_is_refused" {
  command = plan
  variables { context = "../other" }
  expect_failures = [var.context]
}

run "buildspec_that_exports_nothing_is_refused" {
  command = plan
  variables { buildspec = "version: 0.2" }
  expect_failures = [var.buildspec]
}

run "unknown_architecture_is_refused" {
  command = plan
  variables { architecture = "arm64" }
  expect_failures = [var.architecture]
}

run "compute_type_of_ec2_is_refused" {
  command = plan
  variables { compute_type = "t3.large" }
  expect_failures = [var.compute_type]
}

run "a_day_for_a_build_is_refused" {
  command = plan
  variables { timeout_minutes = 1440 }
  expect_failures = [var.timeout_minutes]
}

run "no_builds_are_refused" {
  command = plan
  variables { concurrent_builds = 0 }
  expect_failures = [var.concurrent_builds]
}
