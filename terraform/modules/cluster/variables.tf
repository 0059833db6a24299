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

variable "tags" {
  description = "Tags for everything that this module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
