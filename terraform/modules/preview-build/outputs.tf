output "project_name" {
  description = "For `mayfly preview build --codebuild`."
  value       = local.project
}
