output "listener_arn" {
  description = "For MAYFLY_PREVIEW_LISTENER."
  value       = aws_lb_listener.https.arn
}

output "load_balancer_name" {
  description = "The load balancer's name, for the launcher's policy."
  value       = local.load_balancer_name
}

output "load_balancer_dns_name" {
  description = "What *.BASE_DOMAIN must point at (CNAME), where zone_id is not given."
  value       = aws_lb.this.dns_name
}

output "security_group_ids" {
  description = "For MAYFLY_PREVIEW_SECURITY_GROUPS."
  value       = [aws_security_group.preview.id]
}

output "fork_security_group_ids" {
  description = "For MAYFLY_PREVIEW_FORK_SECURITY_GROUPS."
  value       = [aws_security_group.fork.id]
}

output "repository_name" {
  description = "ECR repository of the previews' images."
  value       = aws_ecr_repository.this.name
}

output "repository_url" {
  description = "The same, as images are named."
  value       = aws_ecr_repository.this.repository_url
}

output "repository_arn" {
  description = "The same, for policies."
  value       = aws_ecr_repository.this.arn
}

output "log_group_name" {
  description = "For MAYFLY_PREVIEW_LOG_GROUP."
  value       = aws_cloudwatch_log_group.this.name
}

output "execution_role_name" {
  description = "For `execution_role` of a template."
  value       = aws_iam_role.execution.name
}

output "task_role_name" {
  description = "For `task_role` of a template."
  value       = aws_iam_role.task.name
}

output "database" {
  description = "The shared database: host, port, name and the secret with its administrator; null without."
  value       = one([for database in module.postgres : { host = database.address, port = database.port, name = database.database, secret_arn = database.secret_arn }])
}
