output "families" {
  description = "Families of the task definitions by launch mode; fargate-spot starts from the one for fargate."
  value = merge(
    { fargate = aws_ecs_task_definition.fargate.family },
    { for mode, definition in aws_ecs_task_definition.ec2 : mode => definition.family },
    { for definition in aws_ecs_task_definition.docker : "ec2-docker" => definition.family },
  )
}

output "container" {
  description = "Name of the runner's container, for `mayfly --container`."
  value       = local.container.name
}

output "role_names" {
  description = "The roles that a task definition names, and that RunTask therefore passes to ECS."
  value       = [aws_iam_role.execution.name, aws_iam_role.job.name]
}

output "job_role_name" {
  description = "The jobs' role, for policies that are attached elsewhere."
  value       = aws_iam_role.job.name
}
