# Composition only: what runs where is in the modules, which can also be used one by one.

data "aws_region" "current" {}

locals {
  # What the account has, or what is made for it.
  network = var.network != null ? var.network : {
    vpc_id                   = module.network[0].vpc_id
    load_balancer_subnet_ids = module.network[0].public_subnet_ids
    subnet_ids               = module.network[0].tasks.subnet_ids
    security_group_ids       = module.network[0].tasks.security_group_ids
    assign_public_ip         = module.network[0].tasks.assign_public_ip
  }

  runner_image        = var.runner_image != null ? var.runner_image : module.images[0].runner_image
  ecr_repository_arns = concat(var.ecr_repository_arns, [for images in module.images : images.repository_arns.runner])
  supervisor_image    = try(coalesce(try(var.preview.supervisor_image, null), one(module.images[*].supervisor_image)), null)
  supervisor_arns     = concat(try(var.preview.ecr_repository_arns, []), [for images in module.images : images.repository_arns.supervisor])
}

module "network" {
  source = "./modules/network"
  count  = var.network == null ? 1 : 0

  name                = var.name
  cidr_block          = var.new_network.cidr_block
  zone_count          = var.new_network.zone_count
  nat                 = var.new_network.nat
  isolated_subnets    = try(var.preview.postgres, null) != null
  interface_endpoints = var.new_network.interface_endpoints
  tags                = var.tags
}

module "images" {
  source = "./modules/runner-image"
  count  = var.build_images == null ? 0 : 1

  name         = var.name
  source_url   = var.build_images.source_url
  source_ref   = var.build_images.source_ref
  image_tag    = var.build_images.image_tag
  architecture = var.runner.architecture
  tags         = var.tags
}

module "cluster" {
  source = "./modules/cluster"

  name                 = var.name
  log_retention_days   = var.log_retention_days
  service_linked_roles = var.service_linked_roles
  tags                 = var.tags

  # The load balancer reaches previews on the bridge through their instance, so instances are in the previews' group as well.
  ec2 = var.ec2 == null ? null : merge(var.ec2, {
    subnet_ids         = local.network.subnet_ids
    security_group_ids = concat(local.network.security_group_ids, flatten(module.preview[*].security_group_ids))
    assign_public_ip   = local.network.assign_public_ip
    architecture       = var.runner.architecture
  })
}

module "runner_task" {
  source = "./modules/runner-task"

  name                = var.name
  image               = local.runner_image
  github_credential   = var.github_credential
  parameter_handover  = var.parameter_handover
  log_group_name      = module.cluster.log_group_name
  cpu                 = var.runner.cpu
  memory              = var.runner.memory
  architecture        = var.runner.architecture
  docker              = var.runner.docker
  ecr_repository_arns = local.ecr_repository_arns
  kms_key_arn         = var.kms_key_arn
  job_policy_arns     = var.job_policy_arns
  tags                = var.tags
}

module "preview" {
  source = "./modules/preview"
  count  = var.preview == null ? 0 : 1

  name                     = var.name
  cluster_name             = var.name
  base_domain              = var.preview.base_domain
  zone_id                  = var.preview.zone_id
  certificate_arn          = var.preview.certificate_arn
  vpc_id                   = local.network.vpc_id
  load_balancer_subnet_ids = local.network.load_balancer_subnet_ids
  visitors                 = var.preview.visitors
  ecr_repository_arns      = local.supervisor_arns
  secret_parameters        = var.preview.secret_parameters
  exec                     = var.preview.exec
  alarm_topic_arn          = var.preview.alarm_topic_arn
  tags                     = var.tags

  postgres = var.preview.postgres == null ? null : merge(var.preview.postgres, {
    subnet_ids = coalescelist(var.preview.postgres.subnet_ids, flatten(module.network[*].isolated_subnet_ids))
  })
}

module "preview_build" {
  source = "./modules/preview-build"
  count  = try(var.preview.build, null) == null ? 0 : 1

  name            = var.name
  source_url      = var.preview.build.source_url
  connection_arn  = var.preview.build.connection_arn
  dockerfile      = var.preview.build.dockerfile
  repository_name = module.preview[0].repository_name
  tags            = var.tags
}

module "github_oidc" {
  source = "./modules/github-oidc"

  name                 = var.name
  repositories         = var.repositories
  contexts             = var.contexts
  job_workflow_refs    = var.job_workflow_refs
  bind_repository_id   = var.bind_repository_id
  create_oidc_provider = var.create_oidc_provider
  issuer_url           = var.issuer_url
  cluster_name         = module.cluster.name
  families             = values(module.runner_task.families)
  passed_role_names    = module.runner_task.role_names
  parameter_handover   = var.parameter_handover
  log_group_name       = module.cluster.log_group_name
  tags                 = var.tags

  preview = var.preview == null ? null : {
    passed_role_names  = [module.preview[0].execution_role_name, module.preview[0].task_role_name]
    load_balancer_name = module.preview[0].load_balancer_name
    log_group_name     = module.preview[0].log_group_name
    repository_names   = [module.preview[0].repository_name]
    project_names      = module.preview_build[*].project_name
  }
}

# The secret that labels of workflow runs are derived from (MAYFLY_NAMESPACE). Made once: uuid() is another one at each run.
resource "terraform_data" "namespace" {
  input = uuid()

  lifecycle {
    ignore_changes = [input]
  }
}
