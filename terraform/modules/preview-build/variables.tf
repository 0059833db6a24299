variable "name" {
  description = "First part of all names: NAME-preview-build."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.name))
    error_message = "name must be 1 to 32 of a-z, 0-9 and -, beginning with a letter, for example \"mayfly\"."
  }
}

variable "source_url" {
  description = "The app's repository. Public, or with connection_arn."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[^/]+/[^/]+/[^/]+\\.git$", var.source_url))
    error_message = "source_url must be the address that git clones, for example \"https://github.com/octo/demo.git\"."
  }
}

variable "connection_arn" {
  description = "Connection to GitHub (CodeConnections) for a private repository; made and confirmed in the console once."
  type        = string
  default     = null

  validation {
    condition     = var.connection_arn == null || can(regex("^arn:[^:]+:(codeconnections|codestar-connections):[^:]+:[0-9]{12}:connection/", var.connection_arn))
    error_message = "connection_arn must be the ARN of a connection (arn:aws:codeconnections:REGION:ACCOUNT:connection/ID)."
  }
}

variable "repository_name" {
  description = "ECR repository that images are pushed to, with immutable tags: modules/preview makes one."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9._/-]*$", var.repository_name))
    error_message = "repository_name must be the repository's name alone, for example \"mayfly-preview\"."
  }
}

variable "dockerfile" {
  description = "The Dockerfile, from the top of the repository."
  type        = string
  default     = "Dockerfile"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.][A-Za-z0-9_./-]*$", var.dockerfile)) && !strcontains(var.dockerfile, "..")
    error_message = "dockerfile must be a path within the repository, for example \"docker/Dockerfile\"."
  }
}

variable "context" {
  description = "The folder that is built."
  type        = string
  default     = "."
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.][A-Za-z0-9_./-]*$", var.context)) && !strcontains(var.context, "..")
    error_message = "context must be a path within the repository, for example \".\"."
  }
}

variable "buildspec" {
  description = "A buildspec instead of the one here; it must export IMAGE_URI and IMAGE_DIGEST. Not a path in the pull request: whoever opens one could then change it."
  type        = string
  default     = null

  validation {
    condition     = var.buildspec == null || try(length(setintersection(yamldecode(var.buildspec).env.exported-variables, ["IMAGE_URI", "IMAGE_DIGEST"])) > 0, false)
    error_message = "buildspec must be the text of a buildspec (file(\"...\")) whose env.exported-variables have IMAGE_URI or IMAGE_DIGEST, else mayfly cannot tell what was built."
  }
}

variable "architecture" {
  description = "X86_64 or ARM64, as previews are."
  type        = string
  default     = "X86_64"
  nullable    = false

  validation {
    condition     = contains(["X86_64", "ARM64"], var.architecture)
    error_message = "architecture must be \"X86_64\" or \"ARM64\"."
  }
}

variable "compute_type" {
  description = "Size of the machine that builds."
  type        = string
  default     = "BUILD_GENERAL1_SMALL"
  nullable    = false

  validation {
    condition     = startswith(var.compute_type, "BUILD_GENERAL1_")
    error_message = "compute_type must be one of CodeBuild's, for example \"BUILD_GENERAL1_SMALL\" or \"BUILD_GENERAL1_LARGE\"."
  }
}

variable "timeout_minutes" {
  description = "A build is ended after so long."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.timeout_minutes >= 5 && var.timeout_minutes <= 480
    error_message = "timeout_minutes must be 5 to 480, which are CodeBuild's limits."
  }
}

variable "concurrent_builds" {
  description = "So many builds at once; more of them wait."
  type        = number
  default     = 4
  nullable    = false

  validation {
    condition     = var.concurrent_builds >= 1
    error_message = "concurrent_builds must be 1 or more."
  }
}

variable "tags" {
  description = "Tags for everything that this module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
