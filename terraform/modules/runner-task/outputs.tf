output "families" {
  description = "Families of the task definitions by launch mode; fargate-spot starts from the one for fargate."
  value = {
    fargate = aws_ecs_task_definition.fargate.family
    ec2     = aws_ecs_task_definition.ec2.family
  }
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
