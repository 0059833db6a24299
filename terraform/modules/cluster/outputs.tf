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

output "ec2_capacity_provider" {
  description = "Capacity provider of the EC2 instances, for `mayfly --capacity-provider`; null without."
  value       = one(aws_ecs_capacity_provider.ec2[*].name)
}

output "instance_role_name" {
  description = "Role of the EC2 instances; null without."
  value       = one(aws_iam_role.instance[*].name)
}
