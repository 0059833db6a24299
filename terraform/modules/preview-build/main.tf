# CodeBuild as the builder of previews' images, for those who do not build in a workflow. What it builds is a pull request's code:
# its role can push to the previews' repository, and do nothing else.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region
  project   = "${var.name}-preview-build"
  registry  = "${local.account}.dkr.ecr.${local.region}.${data.aws_partition.current.dns_suffix}"

  statements = [
    # CodeBuild writes the build's output.
    {
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/${var.name}/preview-build:*"
    },
    # docker login: the token is for the whole registry.
    {
      Sid      = "LogInToEcr"
      Effect   = "Allow"
      Action   = "ecr:GetAuthorizationToken"
      Resource = "*"
    },
    # docker push, and asking for the digest. No BatchDeleteImage, and the tags are immutable: a build cannot change another's image.
    {
      Sid      = "PushImages"
      Effect   = "Allow"
      Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]
      Resource = "arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${var.repository_name}"
    },
  ]

  # Private sources are fetched by a connection that somebody has made and confirmed in the console.
  connection_statements = [{
    Sid      = "FetchSource"
    Effect   = "Allow"
    Action   = ["codeconnections:GetConnection", "codeconnections:GetConnectionToken", "codestar-connections:GetConnection", "codestar-connections:GetConnectionToken", "codestar-connections:UseConnection", "codeconnections:UseConnection"]
    Resource = var.connection_arn
  }]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/preview-build"
  retention_in_days = 14
  tags              = var.tags
}

resource "aws_iam_role" "this" {
  name        = local.project
  description = "CodeBuild: builds and pushes images of pull requests."
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
    Version   = "2012-10-17"
    Statement = concat(local.statements, [for statement in local.connection_statements : statement if var.connection_arn != null])
  })
}

resource "aws_codebuild_project" "this" {
  name                   = local.project
  description            = "Builds images of pull requests of ${var.source_url}."
  service_role           = aws_iam_role.this.arn
  build_timeout          = var.timeout_minutes
  queued_timeout         = 30
  concurrent_build_limit = var.concurrent_builds
  tags                   = var.tags

  source {
    type            = "GITHUB"
    location        = var.source_url
    git_clone_depth = 0 # A commit of a pull request may be any number of commits back.
    buildspec       = coalesce(var.buildspec, file("${path.module}/buildspec.yml"))

    dynamic "auth" {
      for_each = var.connection_arn[*]

      content {
        type     = "CODECONNECTIONS"
        resource = auth.value
      }
    }
  }

  artifacts {
    type = "NO_ARTIFACTS"
  }

  cache {
    type  = "LOCAL"
    modes = ["LOCAL_DOCKER_LAYER_CACHE"]
  }

  environment {
    type            = var.architecture == "ARM64" ? "ARM_CONTAINER" : "LINUX_CONTAINER"
    image           = var.architecture == "ARM64" ? "aws/codebuild/amazonlinux-aarch64-standard:3.0" : "aws/codebuild/standard:7.0"
    compute_type    = var.compute_type
    privileged_mode = true # Docker within CodeBuild.

    # IMAGE_TAG, PULL_REQUEST and COMMIT come with each build from `mayfly preview build`.
    dynamic "environment_variable" {
      for_each = {
        REPOSITORY_URL = "${local.registry}/${var.repository_name}"
        DOCKERFILE     = var.dockerfile
        CONTEXT        = var.context
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
