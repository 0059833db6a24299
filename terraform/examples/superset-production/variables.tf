variable "image" {
  description = "Superset with the drivers of your databases (psycopg2, redis), with a fixed tag or by digest. The public image has none since 4.1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][^\\s@]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$", var.image)) && !endswith(var.image, ":latest")
    error_message = "image must name a fixed tag or a digest; with \":latest\" tasks of one service could differ."
  }
}

variable "ecr_repository_arns" {
  description = "ECR repositories that the image is pulled from. Empty: it is public."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "domain_name" {
  description = "Where Superset is reached."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name must be a host in lower case, for example \"analytics.example.com\"."
  }
}

variable "zone_id" {
  description = "Hosted zone of Route 53 that has domain_name."
  type        = string
  nullable    = false
}

variable "alarm_email" {
  description = "Who is told when something is wrong."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alarm_email))
    error_message = "alarm_email must be an address, for example \"ops-team@example.com\"; SNS asks it for consent."
  }
}

variable "secret_parameters" {
  description = <<-TEXT
    SSM parameters (SecureString) that exist already: Superset's SECRET_KEY and the first administrator's password. For example:
    aws ssm put-parameter --name /superset/secret-key --type SecureString --value "$(openssl rand -base64 42)"
  TEXT
  type = object({
    secret_key     = optional(string, "/superset/secret-key")
    admin_password = optional(string, "/superset/admin-password")
  })
  default  = {}
  nullable = false
}

variable "deletion_protection" {
  description = "Refuse to delete database and load balancer."
  type        = bool
  default     = true
  nullable    = false
}
