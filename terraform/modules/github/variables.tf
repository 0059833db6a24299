variable "repository" {
  description = "The repository's name, without its owner: the owner is the provider's."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+$", var.repository))
    error_message = "repository must be the name alone (\"demo\"); the owner is set at the provider: provider \"github\" { owner = \"octo\" }."
  }
}

variable "environment" {
  description = "The environment, as workflows name it; also what `contexts` of modules/github-oidc can be narrowed to."
  type        = string
  default     = "mayfly"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,254}$", var.environment))
    error_message = "environment must be of letters, digits, _ and -: others are escaped in the token's subject, and IAM would not match it."
  }
}

variable "branch_patterns" {
  description = "Branches whose workflows may use the environment. Empty: the protected ones."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = !anytrue([for pattern in var.branch_patterns : contains(["*", "**", "**/*"], pattern)])
    error_message = "branch_patterns must not be all branches: whoever may push one could then use the environment with a workflow of their own."
  }
}

variable "reviewer_ids" {
  description = "Users (their numbers) who must approve each job that uses the environment. Empty: nobody is asked."
  type        = list(number)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.reviewer_ids) <= 6
    error_message = "reviewer_ids takes at most 6: GitHub's limit."
  }
}

variable "variables" {
  description = "Variables: the output github_variables of the root module."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for name, value in var.variables : can(regex("^[A-Z_][A-Z0-9_]*$", name)) && !startswith(name, "GITHUB_") && value != ""])
    error_message = "variables must have names in capitals that do not begin with GITHUB_, and values that are not empty; GitHub refuses others."
  }
}

variable "secrets" {
  description = "Secrets: MAYFLY_NAMESPACE."
  type        = map(string)
  default     = {}
  nullable    = false
  sensitive   = true

  validation {
    condition     = length(setintersection(keys(var.secrets), ["MAYFLY_GITHUB_TOKEN", "MAYFLY_GITHUB_APP_PRIVATE_KEY"])) == 0
    error_message = "secrets must not have GitHub credentials, which would then be in Terraform's state: gh secret set MAYFLY_GITHUB_APP_PRIVATE_KEY --env ENVIRONMENT < app.private-key.pem."
  }
}
