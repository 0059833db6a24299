locals {
  preview = one(module.preview)

  variables = {
    AWS_REGION              = data.aws_region.current.region
    MAYFLY_CLUSTER          = module.cluster.name
    MAYFLY_ROLE_ARN         = module.github_oidc.role_arn
    MAYFLY_SUBNETS          = join(",", local.network.subnet_ids)
    MAYFLY_SECURITY_GROUPS  = join(",", local.network.security_group_ids)
    MAYFLY_ASSIGN_PUBLIC_IP = tostring(local.network.assign_public_ip)
  }

  # Which names there are must not depend on what is known only after `apply`: modules/github makes a variable of each.
  preview_variables = {
    MAYFLY_PREVIEW_LISTENER             = try(local.preview.listener_arn, "")
    MAYFLY_PREVIEW_BASE_DOMAIN          = try(var.preview.base_domain, "")
    MAYFLY_PREVIEW_SUBNETS              = join(",", local.network.subnet_ids)
    MAYFLY_PREVIEW_SECURITY_GROUPS      = join(",", try(local.preview.security_group_ids, []))
    MAYFLY_PREVIEW_FORK_SECURITY_GROUPS = join(",", try(local.preview.fork_security_group_ids, []))
    MAYFLY_PREVIEW_ASSIGN_PUBLIC_IP     = tostring(local.network.assign_public_ip)
    MAYFLY_PREVIEW_LOG_GROUP            = try(local.preview.log_group_name, "")
  }

  # As lists of lines: a heredoc with directives would keep their indentation. Lines that are null are left out.
  toml_aws = [
    "[aws]",
    "region = \"${data.aws_region.current.region}\"",
    "cluster = \"${module.cluster.name}\"",
    "role_arn = \"${module.github_oidc.role_arn}\"",
  ]

  toml_fargate = [
    "",
    "[profile.fargate]",
    "launch_mode = \"fargate\"",
    "task_definition = \"${module.runner_task.families.fargate}\"",
    "subnets = ${jsonencode(local.network.subnet_ids)}",
    "security_groups = ${jsonencode(local.network.security_group_ids)}",
    "assign_public_ip = ${local.network.assign_public_ip}",
  ]

  toml_ec2 = flatten([for profile in ["ec2", "ec2-docker"] : [
    "",
    "[profile.${profile}]",
    "launch_mode = \"ec2\"",
    "task_definition = \"${module.runner_task.families[profile]}\"",
    module.cluster.ec2_capacity_provider == null ? null : "capacity_provider = \"${module.cluster.ec2_capacity_provider}\"",
  ] if contains(keys(module.runner_task.families), profile)])

  toml_preview = var.preview == null ? [] : [
    "",
    "[preview]",
    "execution_role = \"${local.preview.execution_role_name}\"",
    "task_role = \"${local.preview.task_role_name}\"",
    var.preview.template == "" ? null : trimspace(var.preview.template),
    "",
    "[preview.launch]",
    "listener = \"${local.preview.listener_arn}\"",
    "base_domain = \"${var.preview.base_domain}\"",
    "subnets = ${jsonencode(local.network.subnet_ids)}",
    "security_groups = ${jsonencode(local.preview.security_group_ids)}",
    "fork_security_groups = ${jsonencode(local.preview.fork_security_group_ids)}",
    "assign_public_ip = ${local.network.assign_public_ip}",
    "log_group = \"${local.preview.log_group_name}\"",
    local.supervisor_image == null ? null : "supervisor_image = \"${local.supervisor_image}\"",
  ]

  toml = [for line in concat(local.toml_aws, local.toml_fargate, local.toml_ec2, local.toml_preview) : "${line}\n" if line != null]
}

output "github_variables" {
  description = "The settings as environment variables of a workflow's step, for those who keep them in GitHub's variables (modules/github)."
  value = merge(
    local.variables,
    { for name, value in local.preview_variables : name => value if var.preview != null },
    { for image in local.supervisor_image[*] : "MAYFLY_PREVIEW_SUPERVISOR_IMAGE" => image if var.preview != null },
  )
}

output "namespace" {
  description = "Secret for the repository's settings at GitHub: `terraform output -raw namespace | gh secret set MAYFLY_NAMESPACE`."
  value       = terraform_data.namespace.output
  sensitive   = true
}

output "mayfly_toml" {
  description = "The same settings as a mayfly.toml, with one profile for each launch mode: `terraform output -raw mayfly_toml`."
  value       = join("", local.toml)
}

output "next_steps" {
  description = "What is left to do outside of Terraform."
  value = compact([
    var.github_credential.token_parameter == null ? null : "read -rs TOKEN && aws ssm put-parameter --region ${data.aws_region.current.region} --name ${var.github_credential.token_parameter} --type SecureString --value \"$TOKEN\"",
    var.github_credential.app == null ? null : "aws ssm put-parameter --region ${data.aws_region.current.region} --name ${var.github_credential.app.private_key_parameter} --type SecureString --value file://app.private-key.pem",
    one(module.images[*].build_command),
    "terraform output -raw namespace | gh secret set MAYFLY_NAMESPACE --repo ${var.repositories[0].full_name}",
    var.preview == null || try(var.preview.zone_id, null) != null ? null : "point *.${try(var.preview.base_domain, "")} at ${try(local.preview.load_balancer_dns_name, "")} (CNAME)",
  ])
}

output "preview" {
  description = "What previews have: the registry for their images, the load balancer's name in DNS, the shared database, the build project; null without previews."
  value = var.preview == null ? null : {
    repository_url         = local.preview.repository_url
    load_balancer_dns_name = local.preview.load_balancer_dns_name
    database               = local.preview.database
    build_project          = one(module.preview_build[*].project_name)
  }
}

output "cluster_arn" {
  description = "The cluster."
  value       = module.cluster.arn
}

output "families" {
  description = "Families of the task definitions by launch mode."
  value       = module.runner_task.families
}

output "log_group_name" {
  description = "Where runners write their logs."
  value       = module.cluster.log_group_name
}

output "job_role_name" {
  description = "The jobs' role, for policies that are attached elsewhere."
  value       = module.runner_task.job_role_name
}

output "launcher_role" {
  description = "The role that workflows take: its ARN, who may take it, and what it may do."
  value = {
    arn             = module.github_oidc.role_arn
    trust_policy    = jsondecode(module.github_oidc.trust_policy)
    launcher_policy = jsondecode(module.github_oidc.launcher_policy)
  }
}
