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
  image             = "ghcr.io/octo/mayfly-runner:2.336.0"
  github_credential = { token_parameter = "/mayfly/github-token" }
  log_group_name    = "/mayfly/runner"
}

run "name_with_a_slash_is_refused" {
  command = plan
  variables { name = "may/fly" }
  expect_failures = [var.name]
}

run "image_without_tag_is_refused" {
  command = plan
  variables { image = "ghcr.io/octo/mayfly-runner" }
  expect_failures = [var.image]
}

run "image_that_is_the_latest_is_refused" {
  command = plan
  variables { image = "ghcr.io/octo/mayfly-runner:latest" }
  expect_failures = [var.image]
}

run "image_by_digest_is_taken" {
  command = plan
  variables { image = "ghcr.io/octo/mayfly-runner@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }
}

run "registry_with_a_port_is_taken" {
  command = plan
  variables { image = "localhost:5000/mayfly-runner:2.336.0" }
}

run "no_credential_is_refused" {
  command = plan
  variables { github_credential = {} }
  expect_failures = [var.github_credential]
}

run "no_credential_is_taken_where_it_is_handed_over" {
  command = plan
  variables {
    github_credential  = {}
    parameter_handover = true
  }
}

run "two_credentials_are_refused" {
  command = plan
  variables { github_credential = { token_parameter = "/a", app = { id = "1", private_key_parameter = "/b" } } }
  expect_failures = [var.github_credential]
}

run "private_key_in_place_of_its_parameters_name_is_refused" {
  command = plan
  variables { github_credential = { app = { id = "1", private_key_parameter = "-----BEGIN RSA PRIVATE KEY-----" } } }
  expect_failures = [var.github_credential]
}

run "app_id_that_is_a_sentence_is_refused" {
  command = plan
  variables { github_credential = { app = { id = "my app", private_key_parameter = "/b" } } }
  expect_failures = [var.github_credential]
}

run "cpu_that_fargate_does_not_have_is_refused" {
  command = plan
  variables { cpu = 1000 }
  expect_failures = [var.cpu]
}

run "memory_that_does_not_fit_the_cpu_is_refused" {
  command = plan
  variables {
    cpu    = 2048
    memory = 2048
  }
  expect_failures = [var.memory]
}

run "largest_size_is_taken" {
  command = plan
  variables {
    cpu    = 16384
    memory = 122880
  }
}

run "unknown_architecture_is_refused" {
  command = plan
  variables { architecture = "amd64" }
  expect_failures = [var.architecture]
}

run "stop_timeout_over_fargates_maximum_is_refused" {
  command = plan
  variables { stop_timeout = 121 }
  expect_failures = [var.stop_timeout]
}

run "repository_name_in_place_of_its_arn_is_refused" {
  command = plan
  variables { ecr_repository_arns = ["mayfly-runner"] }
  expect_failures = [var.ecr_repository_arns]
}

run "alias_as_key_is_refused" {
  command = plan
  variables { kms_key_arn = "alias/mayfly" }
  expect_failures = [var.kms_key_arn]
}
