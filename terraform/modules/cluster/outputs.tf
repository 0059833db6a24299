output "name" {
  description = "The cluster's name, for `mayfly --cluster`."
  value       = aws_ecs_cluster.this.name
}

output "arn" {
  description = "The cluster's ARN, for policies."
  value       = aws_ecs_cluster.this.arn
}

output "log_group_name" {
  description = "The log group that runners write to."
  value       = aws_cloudwatch_log_group.this.name
}
