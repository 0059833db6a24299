variable "name" {
  description = "First part of the role's name: NAME-launcher."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.name))
    error_message = "name must be 1 to 32 of a-z, 0-9 and -, beginning with a letter, for example \"mayfly\"."
  }
}

variable "repositories" {
  description = <<-TEXT
    Repositories whose workflows may start runners. The ids are what a name cannot be: never given twice. To look them up:
    gh api /repos/OWNER/REPO --jq '{full_name, id, owner_id: .owner.id}'
  TEXT
  type = list(object({
    full_name = string
    id        = number
    owner_id  = number
  }))
  nullable = false

  validation {
    condition     = length(var.repositories) > 0
    error_message = "repositories must name at least one repository, else nobody could start a runner."
  }

  validation {
    condition     = alltrue([for repository in var.repositories : can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9_.-]+$", repository.full_name))])
    error_message = "repositories[].full_name must be OWNER/REPO without wildcards, for example \"octo/demo\"."
  }

  validation {
    condition     = alltrue([for repository in var.repositories : repository.id > 0 && repository.owner_id > 0])
    error_message = "repositories[].id and owner_id must be GitHub's numbers: gh api /repos/OWNER/REPO --jq '{id, owner_id: .owner.id}'."
  }
}

variable "contexts" {
  description = <<-TEXT
    What of these repositories may take the role, as the rest of the token's subject: "environment:NAME", "ref:refs/heads/BRANCH",
    "ref:refs/tags/TAG", "pull_request". Add "pull_request" only where everyone who can open a branch may start runners.
  TEXT
  type        = list(string)
  default     = ["environment:*", "ref:refs/heads/*"]
  nullable    = false

  validation {
    condition     = length(var.contexts) > 0 && alltrue([for context in var.contexts : can(regex("^(environment:.+|ref:refs/(heads|tags)/.+|pull_request)$", context))])
    error_message = "contexts takes \"environment:NAME\", \"ref:refs/heads/BRANCH\", \"ref:refs/tags/TAG\" or \"pull_request\" (with * as wildcard); write a colon within a name as %3A, as GitHub does."
  }
}

variable "job_workflow_refs" {
  description = <<-TEXT
    Only these workflow files may take the role, as OWNER/REPO/.github/workflows/FILE@REF (with * as wildcard); for a job of a reusable
    workflow it is the reusable one. Empty: any workflow of the repositories, in the contexts above.
  TEXT
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for ref in var.job_workflow_refs : can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9_.-]+/\\.github/workflows/[^@*]+\\.ya?ml@.+$", ref))])
    error_message = "job_workflow_refs takes OWNER/REPO/.github/workflows/FILE@REF, for example \"octo/demo/.github/workflows/build-on-ecs.yml@refs/heads/main\"."
  }
}

variable "bind_repository_id" {
  description = "Also require the token's repository_id. Switch it off only where STS does not know this claim (tokens of GitHub Enterprise Server)."
  type        = bool
  default     = true
  nullable    = false
}

variable "create_oidc_provider" {
  description = "Make the identity provider for GitHub's issuer. false: the account has it already; it must list the audience."
  type        = bool
  default     = true
  nullable    = false
}

variable "issuer_url" {
  description = "GitHub's OIDC issuer. An enterprise may have its own path; on GitHub Enterprise Server: https://HOST/_services/token."
  type        = string
  default     = "https://token.actions.githubusercontent.com"
  nullable    = false

  validation {
    condition     = can(regex("^https://[^/]+(/[^/]+)*$", var.issuer_url))
    error_message = "issuer_url must begin with https:// and not end with a slash; it is the `iss` claim of GitHub's tokens to the letter."
  }
}

variable "audience" {
  description = "Audience that mayfly asks GitHub's token for."
  type        = string
  default     = "sts.amazonaws.com"
  nullable    = false
}

variable "cluster_name" {
  description = "The only cluster that the role may use."
  type        = string
  nullable    = false
}

variable "families" {
  description = "Families of task definitions that the role may start."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.families) > 0 && alltrue([for family in var.families : can(regex("^[A-Za-z0-9_-]{1,255}$", family))])
    error_message = "families must name at least one family, by its name alone (no ARN, no revision, no wildcard)."
  }
}

variable "passed_role_names" {
  description = "Roles that those task definitions name (execution role and job role)."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.passed_role_names) > 0 && alltrue([for name in var.passed_role_names : can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", name))])
    error_message = "passed_role_names must name each role in full, without path or wildcard: a wildcard would let a workflow run a task with any role of the account."
  }
}

variable "parameter_handover" {
  description = "Also allow `mayfly runner start --handover parameter`."
  type        = bool
  default     = false
  nullable    = false
}

variable "preview" {
  description = <<-TEXT
    Also allow previews: the roles that their tasks have, the load balancer that shows them (by name), their log group, the ECR
    repositories whose images `reap --images` removes, and the CodeBuild projects of `preview build`. Unset: runners alone.
  TEXT
  type = object({
    passed_role_names  = list(string)
    load_balancer_name = optional(string)
    log_group_name     = optional(string)
    repository_names   = optional(list(string), [])
    project_names      = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.preview == null || try(alltrue([for name in var.preview.passed_role_names : can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", name))]), false)
    error_message = "preview.passed_role_names must name each role in full, without path or wildcard: a preview with any role of the account would hand that role to a pull request."
  }

  validation {
    condition     = var.preview == null || can(regex("^[A-Za-z0-9-]{1,32}$", coalesce(try(var.preview.load_balancer_name, null), "none")))
    error_message = "preview.load_balancer_name must be the load balancer's name (no ARN, no wildcard), for example \"mayfly\"."
  }

  validation {
    condition     = var.preview == null || try(alltrue([for name in concat(var.preview.repository_names, var.preview.project_names) : can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]*$", name))]), false)
    error_message = "preview.repository_names and project_names must be names, without wildcard: what stands there may be deleted or built."
  }
}

variable "log_group_name" {
  description = "The runners' log group."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Tags for everything that this module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
