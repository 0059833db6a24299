# How a workflow gets into the account without a key: GitHub's OIDC issuer as identity provider, and one role that tokens of
# the named repositories may take. The role's rights are in iam.tf.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

# An account can hold this provider once. Where it exists already, create_oidc_provider = false adopts it.
resource "aws_iam_openid_connect_provider" "this" {
  count = var.create_oidc_provider ? 1 : 0

  url            = var.issuer_url
  client_id_list = [var.audience]
  tags           = var.tags
}

data "aws_iam_openid_connect_provider" "this" {
  count = var.create_oidc_provider ? 0 : 1

  url = var.issuer_url
}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  provider_arn = var.create_oidc_provider ? aws_iam_openid_connect_provider.this[0].arn : data.aws_iam_openid_connect_provider.this[0].arn
}

resource "aws_iam_role" "launcher" {
  name                 = "${var.name}-launcher"
  description          = "Workflows that start, stop and list runners with mayfly."
  assume_role_policy   = jsonencode(local.trust_policy)
  max_session_duration = 3600
  tags                 = var.tags
}

resource "aws_iam_role_policy" "launcher" {
  name   = "launch-runners"
  role   = aws_iam_role.launcher.id
  policy = jsonencode(local.launcher_policy)
}
