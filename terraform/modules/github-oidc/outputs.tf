output "role_arn" {
  description = "The role that workflows take."
  value       = aws_iam_role.launcher.arn
}

output "provider_arn" {
  description = "The identity provider, made or adopted."
  value       = local.provider_arn
}

output "trust_policy" {
  description = "Who may take the role, as the document that IAM stores."
  value       = jsonencode(local.trust_policy)
}

output "launcher_policy" {
  description = "What the role may do, as the document that IAM stores."
  value       = jsonencode(local.launcher_policy)
}
