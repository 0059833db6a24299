variable "name" {
  description = "Name of the ECS cluster; also the first part of the log group's name, /NAME/runner."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.name))
    error_message = "name must be 1 to 32 of a-z, 0-9 and -, beginning with a letter, for example \"mayfly\"."
  }
}

variable "container_insights" {
  description = "Container Insights of the cluster: disabled, enabled or enhanced. It costs extra for each task."
  type        = string
  default     = "disabled"
  nullable    = false

  validation {
    condition     = contains(["disabled", "enabled", "enhanced"], var.container_insights)
    error_message = "container_insights must be \"disabled\", \"enabled\" or \"enhanced\"."
  }
}

variable "log_retention_days" {
  description = "Days after which CloudWatch deletes log lines; one of the values that CloudWatch knows."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of CloudWatch's values: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731 or full years up to ten (1096, 1827, 2192, 2557, 2922, 3288, 3653)."
  }
}

variable "log_kms_key_arn" {
  description = "Key that encrypts the log group; its policy must allow CloudWatch Logs to use it. Unset: CloudWatch's own key."
  type        = string
  default     = null

  validation {
    condition     = var.log_kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/", var.log_kms_key_arn))
    error_message = "log_kms_key_arn must be the ARN of a key (arn:aws:kms:REGION:ACCOUNT:key/ID); an alias does not do here."
  }
}

variable "ec2" {
  description = <<-TEXT
    EC2 instances for launch mode `ec2`; unset: none. They start when a task needs room and leave when none is left on them, also
    all of them. `market` "spot" costs less and can be taken away.
  TEXT
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
    assign_public_ip   = optional(bool, false)
    instance_type      = optional(string, "t3.medium")
    architecture       = optional(string, "X86_64")
    market             = optional(string, "on-demand")
    min                = optional(number, 0)
    max                = optional(number, 4)
    disk_gib           = optional(number, 50)
  })
  default = null

  validation {
    condition     = var.ec2 == null || try(length(var.ec2.subnet_ids) > 0 && alltrue([for id in var.ec2.subnet_ids : length(id) > 0]), false)
    error_message = "ec2.subnet_ids must name at least one subnet, with a way out to ECS and GitHub."
  }

  validation {
    condition     = var.ec2 == null || try(contains(["X86_64", "ARM64"], var.ec2.architecture) && (var.ec2.architecture == "ARM64") == can(regex("^[a-z]+[0-9]+g[a-z]*\\.", var.ec2.instance_type)), false)
    error_message = "ec2.architecture and ec2.instance_type do not fit: \"ARM64\" goes with Graviton types (t4g.medium, m7g.large), \"X86_64\" with the others (t3.medium, m7i.large)."
  }

  validation {
    condition     = var.ec2 == null || try(contains(["on-demand", "spot"], var.ec2.market), false)
    error_message = "ec2.market must be \"on-demand\" or \"spot\"."
  }

  validation {
    condition     = var.ec2 == null || try(var.ec2.min >= 0 && var.ec2.max >= 1 && var.ec2.min <= var.ec2.max, false)
    error_message = "ec2.min must be 0 or more, and ec2.max at least 1 and not below it."
  }

  validation {
    condition     = var.ec2 == null || try(var.ec2.disk_gib >= 30, false)
    error_message = "ec2.disk_gib must be 30 or more: the ECS-optimised image does not fit on less."
  }
}

variable "service_linked_roles" {
  description = <<-TEXT
    Service-linked roles to make here: "ecs", "autoscaling", "spot", "elasticloadbalancing". An account can have each once; AWS makes
    them by itself where whoever applies may iam:CreateServiceLinkedRole.
  TEXT
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for service in var.service_linked_roles : contains(["ecs", "autoscaling", "spot", "elasticloadbalancing"], service)])
    error_message = "service_linked_roles takes \"ecs\", \"autoscaling\", \"spot\" and \"elasticloadbalancing\"."
  }
}

variable "tags" {
  description = "Tags for everything that this module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
