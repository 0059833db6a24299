# What a repository is told, so that workflows find it in `vars` and `secrets`: an environment, its variables, its secrets. Whoever
# applies this needs a token that may administer the repository (GITHUB_TOKEN, or the provider's own settings).

resource "github_repository_environment" "this" {
  repository  = var.repository
  environment = var.environment

  dynamic "reviewers" {
    for_each = length(var.reviewer_ids) > 0 ? [var.reviewer_ids] : []

    content {
      users = reviewers.value
    }
  }

  # Only branches that match, since a workflow on any other branch is whatever its author wrote into it.
  deployment_branch_policy {
    protected_branches     = length(var.branch_patterns) == 0
    custom_branch_policies = length(var.branch_patterns) > 0
  }
}

resource "github_repository_environment_deployment_policy" "this" {
  for_each = var.branch_patterns

  repository     = var.repository
  environment    = github_repository_environment.this.environment
  branch_pattern = each.value
}

resource "github_actions_environment_variable" "this" {
  for_each = var.variables

  repository    = var.repository
  environment   = github_repository_environment.this.environment
  variable_name = each.key
  value         = each.value
}

# GitHub's provider keeps them in the state, as it must to see a change. MAYFLY_NAMESPACE is in the state already; nothing that is
# not belongs here.
resource "github_actions_environment_secret" "this" {
  for_each = nonsensitive(toset(keys(var.secrets)))

  repository      = var.repository
  environment     = github_repository_environment.this.environment
  secret_name     = each.key
  plaintext_value = var.secrets[each.key]
}
