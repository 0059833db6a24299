# Where previews are seen: a load balancer with HTTPS for *.BASE_DOMAIN, security groups for those that are trusted and those that
# come from forks, and a registry for their images. Roles are in iam.tf, alarms in alarms.tf. The rules and target groups of single
# previews are mayfly's, not Terraform's.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region
  zone      = var.zone_id != null
}

resource "aws_security_group" "load_balancer" {
  name        = "${var.name}-preview-lb"
  description = "The previews' load balancer."
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-preview-lb" })
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  for_each = var.visitors

  security_group_id = aws_security_group.load_balancer.id
  description       = "HTTPS from visitors."
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = each.value
  tags              = var.tags
}

# To any port: apps listen where they like. The groups of the tasks are the only places it leads to.
resource "aws_vpc_security_group_egress_rule" "load_balancer" {
  for_each = { preview = aws_security_group.preview.id, fork = aws_security_group.fork.id }

  security_group_id            = aws_security_group.load_balancer.id
  description                  = "To previews (${each.key})."
  ip_protocol                  = "tcp"
  from_port                    = 1
  to_port                      = 65535
  referenced_security_group_id = each.value
  tags                         = var.tags
}

# Previews of the repository's own branches.
resource "aws_security_group" "preview" {
  name        = "${var.name}-preview"
  description = "Previews: in from the load balancer, out to everywhere."
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-preview" })
}

resource "aws_vpc_security_group_ingress_rule" "task" {
  for_each = { preview = aws_security_group.preview.id, fork = aws_security_group.fork.id }

  security_group_id            = each.value
  description                  = "From the load balancer."
  ip_protocol                  = "tcp"
  from_port                    = 1
  to_port                      = 65535
  referenced_security_group_id = aws_security_group.load_balancer.id
  tags                         = var.tags
}

resource "aws_vpc_security_group_egress_rule" "preview" {
  security_group_id = aws_security_group.preview.id
  description       = "Apps use databases and services."
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
  tags              = var.tags
}

# Previews of forks: strangers' code. HTTPS out, which pulling images and writing logs need; no other port, so no database, no SMTP.
# Groups within the VPC let this one in nowhere.
resource "aws_security_group" "fork" {
  name        = "${var.name}-preview-fork"
  description = "Previews of forks: in from the load balancer, out by HTTPS alone."
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-preview-fork" })
}

resource "aws_vpc_security_group_egress_rule" "fork" {
  security_group_id = aws_security_group.fork.id
  description       = "Images and logs."
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
  tags              = var.tags
}

resource "aws_lb" "this" {
  name                       = local.load_balancer_name
  load_balancer_type         = "application"
  internal                   = var.internal
  subnets                    = var.load_balancer_subnet_ids
  security_groups            = [aws_security_group.load_balancer.id]
  drop_invalid_header_fields = true
  idle_timeout               = 120 # WebSockets of apps that say nothing for a while.
  tags                       = var.tags

  dynamic "access_logs" {
    for_each = var.access_log_bucket[*]

    content {
      bucket  = access_logs.value
      prefix  = local.load_balancer_name
      enabled = true
    }
  }
}

locals {
  # Known before anything exists, so that the launcher's policy can name it.
  load_balancer_name = "${var.name}-preview"
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
  certificate_arn   = local.zone ? aws_acm_certificate_validation.this[0].certificate_arn : var.certificate_arn
  tags              = var.tags

  # Whoever follows an old link learns why nobody answers.
  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
      message_body = "There is no preview here (any more). The pull request says what became of it, and how to start it again.\n"
    }
  }
}

# With a zone of Route 53, certificate and wildcard record are made here; without one they are given.
resource "aws_acm_certificate" "this" {
  count = local.zone ? 1 : 0

  domain_name       = "*.${var.base_domain}"
  validation_method = "DNS"
  tags              = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  count = local.zone ? 1 : 0

  zone_id         = var.zone_id
  name            = one(aws_acm_certificate.this[0].domain_validation_options).resource_record_name
  type            = one(aws_acm_certificate.this[0].domain_validation_options).resource_record_type
  records         = [one(aws_acm_certificate.this[0].domain_validation_options).resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  count = local.zone ? 1 : 0

  certificate_arn         = aws_acm_certificate.this[0].arn
  validation_record_fqdns = [aws_route53_record.validation[0].fqdn]
}

resource "aws_route53_record" "wildcard" {
  count = local.zone ? 1 : 0

  zone_id = var.zone_id
  name    = "*.${var.base_domain}"
  type    = "A"

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = false
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/preview"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_ecr_repository" "this" {
  name                 = "${var.name}-preview"
  image_tag_mutability = "IMMUTABLE" # A preview is told by its digest; its tag names pull request and commit.
  force_delete         = true
  tags                 = var.tags

  image_scanning_configuration {
    scan_on_push = true
  }
}

# `mayfly reap --images` removes images of closed pull requests. This is for those that nobody reaps.
resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Layers of builds that were pushed over."
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 1 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "Images of pull requests."
        selection    = { tagStatus = "tagged", tagPatternList = ["pr-*"], countType = "sinceImagePushed", countUnit = "days", countNumber = var.image_days }
        action       = { type = "expire" }
      },
    ]
  })
}

module "postgres" {
  source = "../postgres"
  count  = var.postgres == null ? 0 : 1

  name                      = "${var.name}-preview"
  vpc_id                    = var.vpc_id
  subnet_ids                = var.postgres.subnet_ids
  client_security_group_ids = { preview = aws_security_group.preview.id }
  engine_version            = var.postgres.engine_version
  instance_class            = var.postgres.instance_class
  deletion_protection       = false # What previews write is gone with them.
  tags                      = var.tags
}
