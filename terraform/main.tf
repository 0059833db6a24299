# Composition only: what runs where is in the modules, which can also be used one by one.

data "aws_region" "current" {}

module "cluster" {
  source = "./modules/cluster"

  name               = var.name
  log_retention_days = var.log_retention_days
  tags               = var.tags
}

module "runner_task" {
  source = "./modules/runner-task"

  name                = var.name
  image               = var.runner_image
  github_credential   = var.github_credential
  parameter_handover  = var.parameter_handover
  log_group_name      = module.cluster.log_group_name
  cpu                 = var.runner.cpu
  memory              = var.runner.memory
  architecture        = var.runner.architecture
  ecr_repository_arns = var.ecr_repository_arns
  kms_key_arn         = var.kms_key_arn
  job_policy_arns     = var.job_policy_arns
  tags                = var.tags
}

module "github_oidc" {
  source = "./modules/github-oidc"

  name                 = var.name
  repositories         = var.repositories
  contexts             = var.contexts
  bind_repository_id   = var.bind_repository_id
  create_oidc_provider = var.create_oidc_provider
  issuer_url           = var.issuer_url
  cluster_name         = module.cluster.name
  families             = values(module.runner_task.families)
  passed_role_names    = module.runner_task.role_names
  parameter_handover   = var.parameter_handover
  log_group_name       = module.cluster.log_group_name
  tags                 = var.tags
}

# The secret that labels of workflow runs are derived from (MAYFLY_NAMESPACE). Made once: uuid() is another one at each run.
resource "terraform_data" "namespace" {
  input = uuid()

  lifecycle {
    ignore_changes = [input]
  }
}
