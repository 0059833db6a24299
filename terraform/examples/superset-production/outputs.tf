output "url" {
  description = "Where Superset is."
  value       = "https://${var.domain_name}"
}

output "initialise" {
  description = "Sets up the database and the administrator: once before first use, and at each upgrade. Repeating it does no harm."
  value = join(" ", [
    "aws ecs run-task --region ${local.region} --cluster ${aws_ecs_cluster.this.name} --launch-type FARGATE",
    "--task-definition ${aws_ecs_task_definition.init.family}",
    "--network-configuration 'awsvpcConfiguration={subnets=[${join(",", module.network.private_subnet_ids)}],securityGroups=[${aws_security_group.app.id}]}'",
  ])
}

output "look_inside" {
  description = "A shell in a running task (ECS Exec)."
  value       = "aws ecs execute-command --region ${local.region} --cluster ${aws_ecs_cluster.this.name} --task TASK --container ${local.container.name} --interactive --command /bin/bash"
}
