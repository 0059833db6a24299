output "github_variables" {
  description = "The settings as environment variables of a workflow's step, for those who keep them in GitHub's variables."
  value = {
    AWS_REGION              = data.aws_region.current.region
    MAYFLY_CLUSTER          = module.cluster.name
    MAYFLY_ROLE_ARN         = module.github_oidc.role_arn
    MAYFLY_SUBNETS          = join(",", var.network.subnet_ids)
    MAYFLY_SECURITY_GROUPS  = join(",", var.network.security_group_ids)
    MAYFLY_ASSIGN_PUBLIC_IP = tostring(var.network.assign_public_ip)
  }
}

output "namespace" {
  description = "Secret for the repository's settings at GitHub: `terraform output -raw namespace | gh secret set MAYFLY_NAMESPACE`."
  value       = terraform_data.namespace.output
  sensitive   = true
}

output "mayfly_toml" {
  description = "The same settings as a mayfly.toml, with one profile for each launch mode: `terraform output -raw mayfly_toml`."
  value       = <<-TOML
    [aws]
    region = "${data.aws_region.current.region}"
    cluster = "${module.cluster.name}"
    role_arn = "${module.github_oidc.role_arn}"

    [profile.fargate]
    launch_mode = "fargate"
    task_definition = "${module.runner_task.families.fargate}"
    subnets = ${jsonencode(var.network.subnet_ids)}
    security_groups = ${jsonencode(var.network.security_group_ids)}
    assign_public_ip = ${var.network.assign_public_ip}

    [profile.ec2]
    launch_mode = "ec2"
    task_definition = "${module.runner_task.families.ec2}"
  TOML
}

output "cluster_arn" {
  description = "The cluster, for adding EC2 capacity."
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
