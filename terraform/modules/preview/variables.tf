variable "name" {
  description = "First part of all names: NAME-preview, /NAME/preview."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.name))
    error_message = "name must be 1 to 20 of a-z, 0-9 and -, beginning with a letter, for example \"mayfly\": NAME-preview names a load balancer, which takes 32 characters."
  }
}

variable "cluster_name" {
  description = "The cluster that previews run on."
  type        = string
  nullable    = false
}

variable "base_domain" {
  description = "Previews are at pr-N.BASE_DOMAIN."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.base_domain))
    error_message = "base_domain must be a domain in lower case, without \"*.\" and scheme, for example \"previews.example.com\"."
  }
}

variable "zone_id" {
  description = "Hosted zone of Route 53 that has base_domain: certificate and wildcard record are made in it."
  type        = string
  default     = null

  validation {
    condition     = (var.zone_id == null) != (var.certificate_arn == null)
    error_message = "give exactly one of zone_id (certificate and DNS record are made in that zone) and certificate_arn (for *.BASE_DOMAIN; you then point *.BASE_DOMAIN at the load balancer yourself)."
  }
}

variable "certificate_arn" {
  description = "Certificate of ACM for *.BASE_DOMAIN, where the domain is not in Route 53."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:[^:]+:acm:[^:]+:[0-9]{12}:certificate/", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of a certificate in ACM (arn:aws:acm:REGION:ACCOUNT:certificate/ID), in the load balancer's region."
  }
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
  nullable    = false
}

variable "load_balancer_subnet_ids" {
  description = "Subnets of the load balancer: public ones, in two availability zones at least."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.load_balancer_subnet_ids) >= 2
    error_message = "load_balancer_subnet_ids must name at least two subnets, in different availability zones."
  }
}

variable "internal" {
  description = "Load balancer without public addresses: previews are seen from within the VPC alone (VPN, peering)."
  type        = bool
  default     = false
  nullable    = false
}

variable "visitors" {
  description = "Who may look at previews: blocks of addresses."
  type        = set(string)
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = length(var.visitors) > 0 && alltrue([for block in var.visitors : can(cidrnetmask(block))])
    error_message = "visitors takes IPv4 blocks, for example [\"203.0.113.0/24\"]; [\"0.0.0.0/0\"] is everybody."
  }
}

variable "access_log_bucket" {
  description = "Bucket for the load balancer's access logs; its policy must let Elastic Load Balancing write. Unset: none."
  type        = string
  default     = null
}

variable "ecr_repository_arns" {
  description = "Further ECR repositories that previews pull from: the supervisor's image, sidecars."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.ecr_repository_arns : can(regex("^arn:[^:]+:ecr:[^:]+:[0-9]{12}:repository/", arn))])
    error_message = "ecr_repository_arns takes ARNs such as arn:aws:ecr:eu-central-1:123456789012:repository/mayfly-entrypoint."
  }
}

variable "secret_parameters" {
  description = "SSM parameters that a template may name in `secrets`; a path may end with /*."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for path in var.secret_parameters : can(regex("^/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*(/\\*)?$", path))])
    error_message = "secret_parameters takes names of SSM parameters, for example \"/shop/preview/*\"; every preview of a branch could read what stands here, so give previews a path of their own."
  }
}

variable "exec" {
  description = "Let people into previews by ECS Exec (`preview up --exec`)."
  type        = bool
  default     = false
  nullable    = false
}

variable "postgres" {
  description = "A database that previews of branches share, each with a database of its own in it; unset: none (a sidecar does for most)."
  type = object({
    subnet_ids     = list(string)
    engine_version = optional(string, "15")
    instance_class = optional(string, "db.t4g.micro")
  })
  default = null
}

variable "image_days" {
  description = "Days that images of pull requests are kept."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.image_days >= 1 && floor(var.image_days) == var.image_days
    error_message = "image_days must be a whole number of days, 1 or more; it should be above the age that pull requests get."
  }
}

variable "log_retention_days" {
  description = "Days after which CloudWatch deletes the previews' log lines; one of the values that CloudWatch knows."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of CloudWatch's values: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731 or full years up to ten."
  }
}

variable "alarm_topic_arn" {
  description = "SNS topic that alarms go to; unset: they are seen in CloudWatch alone."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic_arn == null || can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of an SNS topic (arn:aws:sns:REGION:ACCOUNT:NAME)."
  }
}

variable "tags" {
  description = "Tags for everything that this module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
