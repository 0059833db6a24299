output "address" {
  description = "Host name."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port."
  value       = aws_db_instance.this.port
}

output "database" {
  description = "Name of the first database."
  value       = aws_db_instance.this.db_name
}

output "identifier" {
  description = "Name of the instance, for metrics."
  value       = aws_db_instance.this.identifier
}

output "secret_arn" {
  description = "Secret with `username` and `password`, made by RDS. One of its keys in a task definition: ARN:password::"
  value       = one(aws_db_instance.this.master_user_secret[*].secret_arn)
}
