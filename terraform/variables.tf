# Required: four.

variable "repositories" {
  description = <<-TEXT
    Repositories whose workflows may start runners, with GitHub's numbers, which unlike names are never given twice:
    gh api /repos/OWNER/REPO --jq '{full_name, id, owner_id: .owner.id}'
  TEXT
  type = list(object({
    full_name = string
    id        = number
    owner_id  = number
  }))
  nullable = false
}

variable "runner_image" {
  description = "The runner image that docker/build.sh made, with a fixed tag or by digest."
  type        = string
  nullable    = false
}

variable "github_credential" {
  description = <<-TEXT
    Names of SSM parameters (SecureString) that hold the right to register runners: `token_parameter` with a personal access
    token, or `app` with a GitHub App's id and the parameter of its private key. Never the secrets themselves.
  TEXT
  type = object({
    token_parameter = optional(string)
    app = optional(object({
      id                    = string
      private_key_parameter = string
    }))
  })
  nullable = false
}

variable "network" {
  description = <<-TEXT
    Where Fargate puts runners. They need a way out to GitHub, and nobody needs a way in: subnets behind a NAT gateway, or public
    subnets with assign_public_ip. Runners on EC2 have the network of their instance (bridge).
  TEXT
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
    assign_public_ip   = optional(bool, false)
  })
  nullable = false

  validation {
    condition     = length(var.network.subnet_ids) > 0 && length(var.network.subnet_ids) <= 16 && alltrue([for id in var.network.subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))])
    error_message = "network.subnet_ids takes 1 to 16 subnets of one VPC, for example [\"subnet-0a1b2c3d\"]."
  }

  validation {
    condition     = length(var.network.security_group_ids) > 0 && length(var.network.security_group_ids) <= 5 && alltrue([for id in var.network.security_group_ids : can(regex("^sg-[0-9a-f]+$", id))])
    error_message = "network.security_group_ids takes 1 to 5 security groups of the subnets' VPC, for example [\"sg-0a1b2c3d\"]; one without ingress rules is right for runners."
  }
}

# The rest has defaults.

variable "name" {
  description = "Name of the cluster, and first part of every other name. `mayfly` finds the task definitions by itself where it is \"mayfly\"."
  type        = string
  default     = "mayfly"
  nullable    = false
}

variable "runner" {
  description = "Size and architecture of a runner: CPU units (1024 = 1 vCPU), MiB of memory, X86_64 or ARM64."
  type = object({
    cpu          = optional(number, 1024)
    memory       = optional(number, 2048)
    architecture = optional(string, "X86_64")
  })
  default  = {}
  nullable = false
}

variable "contexts" {
  description = "What of the repositories may start runners: the rest of the token's subject, as in modules/github-oidc."
  type        = list(string)
  default     = ["environment:*", "ref:refs/heads/*"]
  nullable    = false
}

variable "bind_repository_id" {
  description = "Require the repository's id in the token. false only where STS does not know the claim (GitHub Enterprise Server)."
  type        = bool
  default     = true
  nullable    = false
}

variable "create_oidc_provider" {
  description = "Make the identity provider for GitHub's issuer. An account can have it once: false adopts the one that is there."
  type        = bool
  default     = true
  nullable    = false
}

variable "issuer_url" {
  description = "GitHub's OIDC issuer; another one for an enterprise with its own path and for GitHub Enterprise Server."
  type        = string
  default     = "https://token.actions.githubusercontent.com"
  nullable    = false
}

variable "parameter_handover" {
  description = <<-TEXT
    Also allow `mayfly runner start --handover parameter`: the credential stays with the workflow, and each machine gets a one-shot
    parameter that it deletes after reading. github_credential may then be {}.
  TEXT
  type        = bool
  default     = false
  nullable    = false
}

variable "ecr_repository_arns" {
  description = "ECR repositories that the runner image is pulled from. Empty: the image is public."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.ecr_repository_arns) > 0 || !can(regex("\\.dkr\\.ecr\\.", var.runner_image))
    error_message = "runner_image is in ECR, so ecr_repository_arns must name its repository (arn:aws:ecr:REGION:ACCOUNT:repository/NAME); without it ECS may not pull the image."
  }
}

variable "kms_key_arn" {
  description = "Key of the credential's parameter, where it is not the key that AWS keeps for SSM."
  type        = string
  default     = null
}

variable "job_policy_arns" {
  description = "Policies for the jobs' role, for deploying without keys. Every job on these runners has what stands here."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "log_retention_days" {
  description = "Days after which CloudWatch deletes the runners' log lines."
  type        = number
  default     = 30
  nullable    = false
}

variable "tags" {
  description = "Tags for everything that is made here."
  type        = map(string)
  default     = {}
  nullable    = false
}
