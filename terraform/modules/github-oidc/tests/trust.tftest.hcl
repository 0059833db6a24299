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
  mock_data "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/adopted" }
  }
  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/made" }
  }
}

variables {
  name              = "mayfly"
  repositories      = [{ full_name = "octo/demo", id = 4242, owner_id = 77 }]
  cluster_name      = "mayfly"
  families          = ["mayfly-runner-fargate", "mayfly-runner-ec2"]
  passed_role_names = ["mayfly-execution", "mayfly-job"]
  log_group_name    = "/mayfly/runner"
}

run "token_must_fit_audience_id_and_one_form_of_the_subject" {
  command = apply

  assert {
    condition = jsondecode(aws_iam_role.launcher.assume_role_policy).Statement[0].Condition.StringEquals == {
      "token.actions.githubusercontent.com:aud"           = "sts.amazonaws.com"
      "token.actions.githubusercontent.com:repository_id" = ["4242"]
    }
    error_message = "audience and repository id must be equal, not alike"
  }

  assert {
    condition = jsondecode(aws_iam_role.launcher.assume_role_policy).Statement[0].Condition.StringLike["token.actions.githubusercontent.com:sub"] == [
      "repo:octo/demo:environment:*",
      "repo:octo@77/demo@4242:environment:*",
      "repo:octo/demo:ref:refs/heads/*",
      "repo:octo@77/demo@4242:ref:refs/heads/*",
    ]
    error_message = "the subject is accepted by names and by names with ids, and pull requests are not among the defaults"
  }
}

run "large_ids_are_written_as_whole_numbers" {
  command = apply

  variables {
    repositories = [{ full_name = "octo/demo", id = 1234567890, owner_id = 987654321 }]
    contexts     = ["environment:prod"]
  }

  assert {
    condition     = jsondecode(aws_iam_role.launcher.assume_role_policy).Statement[0].Condition.StringLike["token.actions.githubusercontent.com:sub"] == ["repo:octo/demo:environment:prod", "repo:octo@987654321/demo@1234567890:environment:prod"]
    error_message = "an id must not be written as 1.23456789e+09"
  }
}

run "provider_is_made_where_there_is_none" {
  command = apply

  assert {
    condition     = output.provider_arn == "arn:aws:iam::123456789012:oidc-provider/made" && aws_iam_openid_connect_provider.this[0].client_id_list == toset(["sts.amazonaws.com"])
    error_message = "the provider must list the audience that mayfly asks for"
  }
}

run "provider_of_the_account_is_adopted" {
  command = apply
  variables { create_oidc_provider = false }

  assert {
    condition     = length(aws_iam_openid_connect_provider.this) == 0 && jsondecode(aws_iam_role.launcher.assume_role_policy).Statement[0].Principal.Federated == "arn:aws:iam::123456789012:oidc-provider/adopted"
    error_message = "an account can have the provider only once"
  }
}

run "enterprise_server_is_trusted_by_its_own_name" {
  command = apply

  variables {
    issuer_url         = "https://ghe.example.com/_services/token"
    bind_repository_id = false
  }

  assert {
    condition     = jsondecode(aws_iam_role.launcher.assume_role_policy).Statement[0].Condition.StringEquals == { "ghe.example.com/_services/token:aud" = "sts.amazonaws.com" }
    error_message = "condition keys begin with the issuer without its scheme"
  }
}

run "no_repository_is_refused" {
  command = plan
  variables { repositories = [] }
  expect_failures = [var.repositories]
}

run "wildcard_in_the_repository_is_refused" {
  command = plan
  variables { repositories = [{ full_name = "octo/*", id = 1, owner_id = 1 }] }
  expect_failures = [var.repositories]
}

run "repository_without_its_number_is_refused" {
  command = plan
  variables { repositories = [{ full_name = "octo/demo", id = 0, owner_id = 77 }] }
  expect_failures = [var.repositories]
}

run "context_that_allows_everything_is_refused" {
  command = plan
  variables { contexts = ["*"] }
  expect_failures = [var.contexts]
}

run "issuer_without_scheme_is_refused" {
  command = plan
  variables { issuer_url = "token.actions.githubusercontent.com" }
  expect_failures = [var.issuer_url]
}

run "name_that_is_too_long_is_refused" {
  command = plan
  variables { name = "a-name-that-is-longer-than-32-characters" }
  expect_failures = [var.name]
}

run "family_with_a_wildcard_is_refused" {
  command = plan
  variables { families = ["mayfly-*"] }
  expect_failures = [var.families]
}

run "passed_role_with_a_wildcard_is_refused" {
  command = plan
  variables { passed_role_names = ["*"] }
  expect_failures = [var.passed_role_names]
}

run "only_the_named_workflow_takes_the_role" {
  command = apply
  variables { job_workflow_refs = ["octo/demo/.github/workflows/build-on-ecs.yml@refs/heads/main"] }

  assert {
    condition     = jsondecode(aws_iam_role.launcher.assume_role_policy).Statement[0].Condition.StringLike["token.actions.githubusercontent.com:job_workflow_ref"] == ["octo/demo/.github/workflows/build-on-ecs.yml@refs/heads/main"]
    error_message = "the workflow file is a condition of its own, beside the subject"
  }
}

run "workflow_without_its_ref_is_refused" {
  command = plan
  variables { job_workflow_refs = ["build-on-ecs.yml"] }
  expect_failures = [var.job_workflow_refs]
}
