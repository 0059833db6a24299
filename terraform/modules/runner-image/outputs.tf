output "runner_image" {
  description = "The runner image, once it is built."
  value       = "${local.registry}/${local.repositories.runner}:${var.image_tag}"
}

output "supervisor_image" {
  description = "The image with runner-entrypoint alone, for MAYFLY_PREVIEW_SUPERVISOR_IMAGE."
  value       = "${local.registry}/${local.repositories.supervisor}:${var.image_tag}"
}

output "repository_arns" {
  description = "The repositories by what is in them, for policies that pull."
  value       = { for key, name in local.repositories : key => "arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${name}" }
}

output "build_command" {
  description = "Builds and pushes both images, after `apply` and for each new version."
  value       = "aws codebuild start-build --region ${local.region} --project-name ${local.project}"
}
