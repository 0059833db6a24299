variable "name" {
  description = "Name of the instance, and first part of the others."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9]|-[a-z0-9])*$", var.name)) && length(var.name) <= 48
    error_message = "name must be at most 48 of a-z, 0-9 and single hyphens, beginning with a letter, for example \"mayfly-preview\"."
  }
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Subnets in at least two availability zones; best without a way to the internet."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must name at least two subnets, in different availability zones: RDS wants a place for the standby, also where there is none."
  }
}

variable "client_security_group_ids" {
  description = "Security groups that may connect, by a name for each."
  type        = map(string)
  nullable    = false
}

variable "engine_version" {
  description = "PostgreSQL's major version, or major.minor."
  type        = string
  default     = "15"
  nullable    = false

  validation {
    condition     = can(regex("^1[3-9](\\.[0-9]+)?$", var.engine_version))
    error_message = "engine_version must be a version of PostgreSQL that RDS has, for example \"15\" or \"17.4\"."
  }
}

variable "instance_class" {
  description = "Size of the instance."
  type        = string
  default     = "db.t4g.micro"
  nullable    = false

  validation {
    condition     = startswith(var.instance_class, "db.")
    error_message = "instance_class must be one of RDS's classes, for example \"db.t4g.micro\" or \"db.r6g.large\"."
  }
}

variable "database" {
  description = "Name of the first database."
  type        = string
  default     = "app"
  nullable    = false
}

variable "username" {
  description = "The administrator's name."
  type        = string
  default     = "app_admin"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.username)) && !contains(["postgres", "rdsadmin", "admin"], var.username)
    error_message = "username must begin with a letter and be none that RDS keeps for itself (admin, postgres, rdsadmin)."
  }
}

variable "storage_gib" {
  description = "Storage at the start."
  type        = number
  default     = 20
  nullable    = false
}

variable "storage_gib_max" {
  description = "Storage that RDS may grow to by itself."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.storage_gib_max > var.storage_gib
    error_message = "storage_gib_max must be above storage_gib; otherwise the database stops when it is full."
  }
}

variable "multi_az" {
  description = "Keep a standby in another zone."
  type        = bool
  default     = false
  nullable    = false
}

variable "backup_days" {
  description = "Days that backups are kept."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35
    error_message = "backup_days must be 1 to 35; 0 would switch backups off."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the instance, and keep a last snapshot of it."
  type        = bool
  default     = true
  nullable    = false
}

variable "tags" {
  description = "Tags for everything that this module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
