# Superset for work: three to ten tasks behind a load balancer, PostgreSQL with a standby in another zone, Redis. What a preview is a
# cut of (../superset-preview). Nothing here is mayfly's: it shows that modules/network and modules/postgres stand by themselves.

provider "aws" {
  region = "us-west-2"

  default_tags {
    tags = local.tags
  }
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  name      = "superset-production"
  tags      = { app = "superset" }
  port      = 8088
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region
}

# Three tiers: load balancer, tasks with one NAT gateway, database without a way out.
module "network" {
  source = "../../modules/network"

  name             = local.name
  nat              = "single"
  isolated_subnets = true
}

module "postgres" {
  source = "../../modules/postgres"

  name                      = local.name
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.isolated_subnet_ids
  client_security_group_ids = { superset = aws_security_group.app.id }
  engine_version            = "15"
  instance_class            = "db.r6g.large"
  database                  = "superset"
  username                  = "superset_admin"
  storage_gib               = 100
  storage_gib_max           = 500
  multi_az                  = true
  backup_days               = 7
  deletion_protection       = var.deletion_protection
}

resource "aws_elasticache_subnet_group" "this" {
  name       = local.name
  subnet_ids = module.network.isolated_subnet_ids
}

resource "aws_security_group" "redis" {
  name        = "${local.name}-redis"
  description = "Redis: from Superset alone."
  vpc_id      = module.network.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "redis" {
  security_group_id            = aws_security_group.redis.id
  description                  = "Redis from Superset."
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
  referenced_security_group_id = aws_security_group.app.id
}

# A cache: what is in it can be lost, so it has no backups.
resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = "superset"
  description                = "Superset's query cache."
  engine                     = "redis"
  engine_version             = "7.0"
  node_type                  = "cache.r6g.large"
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.redis.id]
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
}
