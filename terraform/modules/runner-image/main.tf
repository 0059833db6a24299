# Our images in the account's own registry, built there: an account that has nothing needs no machine with Docker. Building is one
# command (output build_command), not a part of `apply`.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region
  registry  = "${local.account}.dkr.ecr.${local.region}.${data.aws_partition.current.dns_suffix}"

  # By names, so that what uses the images can be planned before anything exists.
  repositories = { runner = "${var.name}-runner", supervisor = "${var.name}-entrypoint" }
  project      = "${var.name}-images"
}

resource "aws_ecr_repository" "this" {
  for_each = local.repositories

  name                 = each.value
  image_tag_mutability = "IMMUTABLE" # Whoever pushes over a tag would change what jobs run in.
  tags                 = var.tags

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  for_each = aws_ecr_repository.this

  repository = each.value.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "The last ones, for going back."
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 10 }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/images"
  retention_in_days = 30
  tags              = var.tags
}

resource "aws_iam_role" "this" {
  name        = "${var.name}-images"
  description = "CodeBuild: builds and pushes mayfly's images."
  tags        = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codebuild.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnEquals    = { "aws:SourceArn" = "arn:${local.partition}:codebuild:${local.region}:${local.account}:project/${local.project}" }
      }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "build"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      # CodeBuild writes the build's output.
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/${var.name}/images:*"
      },
      # docker login: the token is for the whole registry.
      {
        Sid      = "LogInToEcr"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      # docker push, to these two and no others.
      {
        Sid      = "PushImages"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]
        Resource = [for name in local.repositories : "arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${name}"]
      },
    ]
  })
}

resource "aws_codebuild_project" "this" {
  name           = local.project
  description    = "Builds mayfly's images from ${var.source_url} at ${var.source_ref}."
  service_role   = aws_iam_role.this.arn
  source_version = var.source_ref
  build_timeout  = 60
  tags           = var.tags

  source {
    type            = "GITHUB"
    location        = var.source_url
    git_clone_depth = 1
    buildspec       = file("${path.module}/buildspec.yml")
  }

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    type            = var.architecture == "ARM64" ? "ARM_CONTAINER" : "LINUX_CONTAINER"
    image           = var.architecture == "ARM64" ? "aws/codebuild/amazonlinux-aarch64-standard:3.0" : "aws/codebuild/standard:7.0"
    compute_type    = "BUILD_GENERAL1_MEDIUM"
    privileged_mode = true # Docker within CodeBuild.

    dynamic "environment_variable" {
      for_each = {
        REGISTRY              = local.registry
        RUNNER_REPOSITORY     = local.repositories.runner
        SUPERVISOR_REPOSITORY = local.repositories.supervisor
        IMAGE_TAG             = var.image_tag
      }

      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.this.name
    }
  }
}
