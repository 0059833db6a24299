mock_provider "github" {}

variables {
  repository = "demo"
  variables  = { AWS_REGION = "eu-central-1", MAYFLY_CLUSTER = "mayfly" }
  secrets    = { MAYFLY_NAMESPACE = "00000000-0000-4000-8000-000000000000" }
}

run "workflows_find_variables_and_secret_in_their_environment" {
  command = apply

  assert {
    condition     = { for name, variable in github_actions_environment_variable.this : variable.variable_name => variable.value } == { AWS_REGION = "eu-central-1", MAYFLY_CLUSTER = "mayfly" }
    error_message = "each variable is one of the environment"
  }

  assert {
    condition     = keys(github_actions_environment_secret.this) == ["MAYFLY_NAMESPACE"] && output.context == "environment:mayfly"
    error_message = "the namespace is a secret, and the context is what the token's subject ends with"
  }
}

run "only_protected_branches_use_it_unless_patterns_are_given" {
  command = apply

  assert {
    condition     = github_repository_environment.this.deployment_branch_policy[0].protected_branches && !github_repository_environment.this.deployment_branch_policy[0].custom_branch_policies
    error_message = "a branch that anybody may push must not use the environment"
  }
}

run "patterns_take_the_place_of_protection" {
  command = apply
  variables { branch_patterns = ["main", "release/*"] }

  assert {
    condition     = !github_repository_environment.this.deployment_branch_policy[0].protected_branches && length(github_repository_environment_deployment_policy.this) == 2
    error_message = "GitHub takes one or the other"
  }
}

run "repository_with_its_owner_is_refused" {
  command = plan
  variables { repository = "octo/demo" }
  expect_failures = [var.repository]
}

run "environment_that_the_subject_escapes_is_refused" {
  command = plan
  variables { environment = "prod:eu" }
  expect_failures = [var.environment]
}

run "all_branches_are_refused" {
  command = plan
  variables { branch_patterns = ["*"] }
  expect_failures = [var.branch_patterns]
}

run "seven_reviewers_are_refused" {
  command = plan
  variables { reviewer_ids = [1, 2, 3, 4, 5, 6, 7] }
  expect_failures = [var.reviewer_ids]
}

run "empty_variable_is_refused" {
  command = plan
  variables { variables = { AWS_REGION = "" } }
  expect_failures = [var.variables]
}

run "credential_among_the_secrets_is_refused" {
  command = plan
  variables { secrets = { MAYFLY_GITHUB_TOKEN = "x" } }
  expect_failures = [var.secrets]
}
