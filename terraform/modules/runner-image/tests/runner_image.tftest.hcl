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
    defaults = { arn = "arn:aws:iam::123456789012:role/mayfly-images" }
  }
}

variables {
  name       = "mayfly"
  source_url = "https://github.com/octo/mayfly.git"
  source_ref = "v0.1.0"
  image_tag  = "2.336.0-1"
}

run "names_of_images_are_known_before_anything_exists" {
  command = plan

  assert {
    condition     = output.runner_image == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mayfly-runner:2.336.0-1" && output.supervisor_image == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mayfly-entrypoint:2.336.0-1"
    error_message = "a task definition must be planned together with its image"
  }

  assert {
    condition     = output.build_command == "aws codebuild start-build --region eu-central-1 --project-name mayfly-images"
    error_message = "the next step is one command"
  }
}

run "tags_are_written_once" {
  command = plan

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE"])
    error_message = "what jobs run in must not change under its name"
  }
}

run "build_pushes_to_its_two_repositories_and_no_other" {
  command = plan

  assert {
    condition     = one([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource if statement.Sid == "PushImages"]) == ["arn:aws:ecr:eu-central-1:123456789012:repository/mayfly-runner", "arn:aws:ecr:eu-central-1:123456789012:repository/mayfly-entrypoint"]
    error_message = "the build must not push over other people's images"
  }
}

run "buildspec_is_valid_yaml_and_exports_what_was_built" {
  command = plan

  assert {
    condition     = yamldecode(aws_codebuild_project.this.source[0].buildspec).env.exported-variables == ["RUNNER_IMAGE", "SUPERVISOR_IMAGE"]
    error_message = "the build says which images it has pushed"
  }
}

run "graviton_is_built_on_graviton" {
  command = plan
  variables { architecture = "ARM64" }

  assert {
    condition     = aws_codebuild_project.this.environment[0].type == "ARM_CONTAINER"
    error_message = "the image is built for the architecture it runs on"
  }
}

run "name_with_capitals_is_refused" {
  command = plan
  variables { name = "Mayfly" }
  expect_failures = [var.name]
}

run "source_that_git_does_not_clone_is_refused" {
  command = plan
  variables { source_url = "octo/mayfly" }
  expect_failures = [var.source_url]
}

run "branch_as_source_is_refused" {
  command = plan
  variables { source_ref = "main" }
  expect_failures = [var.source_ref]
}

run "tag_that_moves_is_refused" {
  command = plan
  variables { image_tag = "latest" }
  expect_failures = [var.image_tag]
}

run "unknown_architecture_is_refused" {
  command = plan
  variables { architecture = "arm64" }
  expect_failures = [var.architecture]
}
