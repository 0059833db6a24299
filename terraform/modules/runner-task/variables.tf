variable "name" {
  description = "First part of the names of families and roles: NAME-runner-fargate, NAME-runner-ec2, NAME-execution, NAME-job."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.name))
    error_message = "name must be 1 to 32 of a-z, 0-9 and -, beginning with a letter, for example \"mayfly\"."
  }
}

variable "image" {
  description = "The runner image that docker/build.sh made, as it is named in its registry; best by digest."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][^\\s@]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$", var.image)) && !endswith(var.image, ":latest")
    error_message = "image must name a fixed tag or a digest, for example 123456789012.dkr.ecr.eu-central-1.amazonaws.com/mayfly-runner:2.336.0; without one, or with \":latest\", nobody could tell what a job ran in."
  }
}

variable "github_credential" {
  description = <<-TEXT
    The right to register runners, as SSM parameters (SecureString; name or ARN) that exist already: either `token_parameter`
    with a personal access token, or `app` with a GitHub App's id and the parameter that holds its private key.
  TEXT
  type = object({
    token_parameter = optional(string)
    app = optional(object({
      id                    = string
      private_key_parameter = string
    }))
  })
  nullable = false

  validation {
    condition     = length([for given in [var.github_credential.token_parameter, var.github_credential.app] : given if given != null]) == 1 || (var.parameter_handover && var.github_credential.token_parameter == null && var.github_credential.app == null)
    error_message = "github_credential needs exactly one of token_parameter (a personal access token) and app (a GitHub App); it may be {} only with parameter_handover."
  }

  validation {
    condition = alltrue([
      for parameter in compact([var.github_credential.token_parameter, try(var.github_credential.app.private_key_parameter, null)]) :
      can(regex("^(arn:[^:]+:ssm:[^:]+:[0-9]{12}:parameter)?/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", parameter))
    ])
    error_message = "github_credential takes the names (or ARNs) of SSM parameters, for example \"/mayfly/github-token\", never the secret itself: it would be stored in Terraform's state."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+$", try(var.github_credential.app.id, "1")))
    error_message = "github_credential.app.id must be the App's id (\"123456\") or client id (\"Iv23...\") as the App's settings page shows it."
  }
}

variable "parameter_handover" {
  description = "Also allow `mayfly runner start --handover parameter`: the launcher hands the credential over by a one-shot parameter."
  type        = bool
  default     = false
  nullable    = false
}

variable "log_group_name" {
  description = "Log group that the containers write to."
  type        = string
  nullable    = false
}

variable "cpu" {
  description = "CPU units of a runner (1024 = 1 vCPU), where `mayfly runner start` does not ask for others."
  type        = number
  default     = 1024
  nullable    = false

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.cpu)
    error_message = "cpu must be one of Fargate's sizes: 256, 512, 1024, 2048, 4096, 8192 or 16384."
  }
}

variable "memory" {
  description = "Memory of a runner in MiB, where `mayfly runner start` does not ask for another amount."
  type        = number
  default     = 2048
  nullable    = false

  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html, "Task CPU and memory".
  validation {
    condition = contains(lookup({
      256   = [512, 1024, 2048]
      512   = range(1024, 4096 + 1, 1024)
      1024  = range(2048, 8192 + 1, 1024)
      2048  = range(4096, 16384 + 1, 1024)
      4096  = range(8192, 30720 + 1, 1024)
      8192  = range(16384, 61440 + 1, 4096)
      16384 = range(32768, 122880 + 1, 8192)
    }, var.cpu, []), var.memory)
    error_message = "memory does not fit cpu on Fargate. For 256 units: 512, 1024 or 2048 MiB; 512: 1024 to 4096; 1024: 2048 to 8192; 2048: 4096 to 16384; 4096: 8192 to 30720, each in steps of 1024; 8192: 16384 to 61440 in steps of 4096; 16384: 32768 to 122880 in steps of 8192."
  }
}

variable "architecture" {
  description = "The image's architecture: X86_64 or ARM64."
  type        = string
  default     = "X86_64"
  nullable    = false

  validation {
    condition     = contains(["X86_64", "ARM64"], var.architecture)
    error_message = "architecture must be \"X86_64\" or \"ARM64\", as the image was built."
  }
}

variable "stop_timeout" {
  description = "Seconds from SIGTERM to SIGKILL. PID 1 uses them to let a running job finish and to deregister the runner."
  type        = number
  default     = 120
  nullable    = false

  validation {
    condition     = var.stop_timeout >= 30 && var.stop_timeout <= 120 && floor(var.stop_timeout) == var.stop_timeout
    error_message = "stop_timeout must be a whole number of seconds from 30 (less is not enough to cancel a job and deregister) to 120 (Fargate's maximum)."
  }
}

variable "docker" {
  description = <<-TEXT
    Also make NAME-runner-ec2-docker, whose jobs have the Docker of their instance: `docker build`, `services:`, `container:`. Such a
    job can become root on the instance, and so take the roles of every task on it: give these runners instances of their own.
  TEXT
  type        = bool
  default     = false
  nullable    = false
}

variable "ecr_repository_arns" {
  description = "ECR repositories that the image is pulled from. Empty: the image is public."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.ecr_repository_arns : can(regex("^arn:[^:]+:ecr:[^:]+:[0-9]{12}:repository/", arn))])
    error_message = "ecr_repository_arns takes ARNs such as arn:aws:ecr:eu-central-1:123456789012:repository/mayfly-runner."
  }
}

variable "kms_key_arn" {
  description = "Key that the credential's parameter is encrypted with, where it is not the key that AWS keeps for SSM (aws/ssm)."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (arn:aws:kms:REGION:ACCOUNT:key/ID); IAM does not follow aliases."
  }
}

variable "job_policy_arns" {
  description = "Policies for the jobs' role. Every job on these runners has what stands here."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "tags" {
  description = "Tags for everything that this module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
