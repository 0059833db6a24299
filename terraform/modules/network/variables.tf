variable "name" {
  description = "First part of all names here."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.name))
    error_message = "name must be 1 to 32 of a-z, 0-9 and -, beginning with a letter, for example \"mayfly\"."
  }
}

variable "cidr_block" {
  description = "Addresses of the VPC. Each subnet gets a sixteenth of them."
  type        = string
  default     = "10.42.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrsubnet(var.cidr_block, 4, 0)) && try(tonumber(split("/", var.cidr_block)[1]) >= 16 && tonumber(split("/", var.cidr_block)[1]) <= 24, false)
    error_message = "cidr_block must be an IPv4 block of /16 to /24, for example \"10.42.0.0/16\": AWS allows no larger VPC and no subnet smaller than /28."
  }
}

variable "zone_count" {
  description = "Availability zones. A load balancer needs two."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = contains([2, 3, 4], var.zone_count)
    error_message = "zone_count must be 2, 3 or 4: a load balancer needs two, and the blocks are laid out for four."
  }
}

variable "nat" {
  description = <<-TEXT
    How private subnets reach the internet: "none" (there are none; tasks are in public subnets with a public address), "single" (one
    NAT gateway, about 35 USD a month) or "per-zone" (one in each, which outlives the loss of a zone).
  TEXT
  type        = string
  default     = "none"
  nullable    = false

  validation {
    condition     = contains(["none", "single", "per-zone"], var.nat)
    error_message = "nat must be \"none\", \"single\" or \"per-zone\"."
  }
}

variable "isolated_subnets" {
  description = "Also make subnets with no way out or in, for databases."
  type        = bool
  default     = false
  nullable    = false
}

variable "interface_endpoints" {
  description = "Services to reach without NAT, as in com.amazonaws.REGION.SERVICE: \"ecr.api\", \"ecr.dkr\", \"logs\", \"ssm\", \"ecs\". Each costs by the hour and zone; the one for S3 is always there."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9][a-z0-9.-]*$", service)) && !startswith(service, "com.amazonaws") && service != "s3"])
    error_message = "interface_endpoints takes services without \"com.amazonaws.REGION.\", for example [\"ecr.api\", \"ecr.dkr\", \"logs\"]; S3 has its gateway already."
  }
}

variable "tags" {
  description = "Tags for everything that this module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
