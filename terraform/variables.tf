# Required: repositories and github_credential, and one of runner_image and build_images.

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
  default     = null

  validation {
    condition     = (var.runner_image == null) != (var.build_images == null)
    error_message = "give exactly one of runner_image (an image that exists) and build_images (a registry and a build project are made in this account)."
  }
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

# The rest has defaults.

variable "build_images" {
  description = <<-TEXT
    Registry and build project for mayfly's images, for an account that has none: this repository (or your fork), the commit or version
    to build, the images' tag. After `apply` the output next_steps has the command that builds.
  TEXT
  type = object({
    source_url = string
    source_ref = string
    image_tag  = string
  })
  default = null
}

variable "network" {
  description = <<-TEXT
    Where runners and previews are put, if not into a network made here. They need a way out to GitHub: subnets behind a NAT gateway, or
    public subnets with assign_public_ip. Previews also need the VPC and public subnets for their load balancer. Runners on EC2 have
    the network of their instance (bridge).
  TEXT
  type = object({
    subnet_ids               = list(string)
    security_group_ids       = list(string)
    assign_public_ip         = optional(bool, false)
    vpc_id                   = optional(string)
    load_balancer_subnet_ids = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.network == null || try(length(var.network.subnet_ids) > 0 && length(var.network.subnet_ids) <= 16 && alltrue([for id in var.network.subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))]), false)
    error_message = "network.subnet_ids takes 1 to 16 subnets of one VPC, for example [\"subnet-0a1b2c3d\"]."
  }

  validation {
    condition     = var.network == null || try(length(var.network.security_group_ids) > 0 && length(var.network.security_group_ids) <= 5 && alltrue([for id in var.network.security_group_ids : can(regex("^sg-[0-9a-f]+$", id))]), false)
    error_message = "network.security_group_ids takes 1 to 5 security groups of the subnets' VPC, for example [\"sg-0a1b2c3d\"]; one without ingress rules is right for runners."
  }

  validation {
    condition     = var.network == null || var.preview == null || try(var.network.vpc_id != null && length(var.network.load_balancer_subnet_ids) >= 2, false)
    error_message = "previews need network.vpc_id, and network.load_balancer_subnet_ids with two public subnets in different availability zones."
  }

  validation {
    condition     = try(var.preview.postgres, null) == null || var.network == null || try(length(var.preview.postgres.subnet_ids) >= 2, false)
    error_message = "preview.postgres.subnet_ids must name two subnets of your network (in different availability zones); only in a network made here are there subnets for it."
  }
}

variable "new_network" {
  description = "The network that is made where `network` is unset; see modules/network. Without NAT, tasks have public addresses and no way in."
  type = object({
    cidr_block          = optional(string, "10.42.0.0/16")
    zone_count          = optional(number, 2)
    nat                 = optional(string, "none")
    interface_endpoints = optional(set(string), [])
  })
  default  = {}
  nullable = false
}

variable "ec2" {
  description = "EC2 instances for launch mode `ec2`, from none to `max`; unset: none. See modules/cluster."
  type = object({
    instance_type = optional(string, "t3.medium")
    market        = optional(string, "on-demand")
    min           = optional(number, 0)
    max           = optional(number, 4)
    disk_gib      = optional(number, 50)
  })
  default = null
}

variable "preview" {
  description = <<-TEXT
    Previews of pull requests at pr-N.BASE_DOMAIN; unset: runners alone. zone_id (Route 53) or certificate_arn is needed; see
    modules/preview. `supervisor_image` where build_images does not make it; `build` makes a CodeBuild project for `preview build`;
    `template` is what the app is: the keys of [preview] in mayfly.toml, for the output mayfly_toml.
  TEXT
  type = object({
    base_domain         = string
    zone_id             = optional(string)
    certificate_arn     = optional(string)
    visitors            = optional(set(string), ["0.0.0.0/0"])
    supervisor_image    = optional(string)
    ecr_repository_arns = optional(list(string), [])
    secret_parameters   = optional(list(string), [])
    exec                = optional(bool, false)
    alarm_topic_arn     = optional(string)
    template            = optional(string, "")
    postgres = optional(object({
      subnet_ids     = optional(list(string), [])
      engine_version = optional(string, "15")
      instance_class = optional(string, "db.t4g.micro")
    }))
    build = optional(object({
      source_url     = string
      connection_arn = optional(string)
      dockerfile     = optional(string, "Dockerfile")
    }))
  })
  default = null

  validation {
    condition     = !can(regex("(?m)^\\s*(execution_role|task_role)\\s*=|^\\s*\\[preview(\\.launch)?\\]", try(var.preview.template, "")))
    error_message = "preview.template is what stands below [preview], without that line; execution_role, task_role and [preview.launch] are added to it here."
  }
}

variable "service_linked_roles" {
  description = "Service-linked roles to make: \"ecs\", \"autoscaling\", \"spot\", \"elasticloadbalancing\". Needed only where AWS may not make them by itself; an account can have each once."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "job_workflow_refs" {
  description = "Only these workflow files may take the role: OWNER/REPO/.github/workflows/FILE@REF. Empty: any of the repositories."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "name" {
  description = "Name of the cluster, and first part of every other name. `mayfly` finds the task definitions by itself where it is \"mayfly\"."
  type        = string
  default     = "mayfly"
  nullable    = false
}

variable "runner" {
  description = "Size and architecture of a runner: CPU units (1024 = 1 vCPU), MiB of memory, X86_64 or ARM64. `docker`: see modules/runner-task."
  type = object({
    cpu          = optional(number, 1024)
    memory       = optional(number, 2048)
    architecture = optional(string, "X86_64")
    docker       = optional(bool, false)
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
    condition     = length(var.ecr_repository_arns) > 0 || !can(regex("\\.dkr\\.ecr\\.", coalesce(var.runner_image, "none")))
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
