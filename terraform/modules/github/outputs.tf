output "environment" {
  description = "For `environment:` of a job."
  value       = github_repository_environment.this.environment
}

output "context" {
  description = "For `contexts` of modules/github-oidc: jobs that use the environment, and no others."
  value       = "environment:${github_repository_environment.this.environment}"
}
