# What previews need besides. Each launch registers a revision of a family `mayfly-preview-*`; what stands behind a load balancer
# is found again, and told apart from other people's, by the tag mayfly:kind.

locals {
  preview        = var.preview == null ? { passed_role_names = [], load_balancer_name = null, log_group_name = null, repository_names = [], project_names = [] } : var.preview
  alb            = "arn:${local.partition}:elasticloadbalancing:${local.region}:${local.account}"
  alb_name       = coalesce(local.preview.load_balancer_name, "none")
  target_groups  = "${local.alb}:targetgroup/mf-*/*"
  rules          = "${local.alb}:listener-rule/app/${local.alb_name}/*"
  preview_family = "${local.ecs}:task-definition/mayfly-preview-*"
  made_preview   = { "aws:RequestTag/mayfly:kind" = "preview" }
  is_preview     = { "aws:ResourceTag/mayfly:kind" = "preview" }

  # ForAllValues is true where the key is missing, so it must be there.
  our_tag_keys = { "ForAllValues:StringLike" = { "aws:TagKeys" = "mayfly:*" }, Null = { "aws:TagKeys" = "false" } }

  # Tasks and their definitions.
  preview_task_statements = [
    # `preview up`: ecs:RegisterTaskDefinition, one revision for each image. Never privileged: on EC2 that would be the instance.
    {
      Sid       = "RegisterPreviews"
      Effect    = "Allow"
      Action    = "ecs:RegisterTaskDefinition"
      Resource  = local.preview_family
      Condition = { StringEquals = local.made_preview, BoolIfExists = { "ecs:privileged" = "false" } }
    },
    # `preview up`: ecs:RunTask.
    {
      Sid       = "StartPreviews"
      Effect    = "Allow"
      Action    = "ecs:RunTask"
      Resource  = local.preview_family
      Condition = merge(local.on_cluster, local.launched_tag, { StringEquals = local.made_preview })
    },
    # Both name the roles of the task. A fork's preview has no task role, and no secret in its definition.
    {
      Sid       = "PassRolesOfPreviews"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = [for role in local.preview.passed_role_names : "arn:${local.partition}:iam::${local.account}:role/${role}"]
      Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
    },
    # RegisterTaskDefinition writes the tags of the new revision (those of tasks: TagRunnersAtTheirStart).
    {
      Sid       = "TagPreviewDefinitions"
      Effect    = "Allow"
      Action    = "ecs:TagResource"
      Resource  = local.preview_family
      Condition = merge(local.our_tag_keys, { StringEquals = { "ecs:CreateAction" = "RegisterTaskDefinition" } })
    },
    # `preview extend` renews the lease by one tag, and `preview up` writes the URL into another. No other tag changes, and
    # none on a runner.
    {
      Sid      = "RenewLeases"
      Effect   = "Allow"
      Action   = "ecs:TagResource"
      Resource = local.tasks
      Condition = {
        StringEquals                = local.is_preview
        "ForAllValues:StringEquals" = { "aws:TagKeys" = ["mayfly:expires-at", "mayfly:url"] }
        Null                        = { "aws:TagKeys" = "false" }
      }
    },
    # `preview validate`, and `reap`, which must know a definition of its own.
    {
      Sid      = "ReadTagsOfPreviews"
      Effect   = "Allow"
      Action   = "ecs:ListTagsForResource"
      Resource = [local.tasks, local.preview_family]
    },
    # EC2 with bridge networking: which instance a task is on.
    {
      Sid       = "FindInstancesOfPreviews"
      Effect    = "Allow"
      Action    = "ecs:DescribeContainerInstances"
      Resource  = "${local.ecs}:container-instance/${var.cluster_name}/*"
      Condition = local.on_cluster
    },
    # `preview down` and `reap`: revisions that nobody needs. IAM knows neither resource nor condition for these three;
    # deregistering a definition of others stops nothing that runs, and it can be registered again as it was.
    {
      Sid      = "TidyDefinitions"
      Effect   = "Allow"
      Action   = ["ecs:ListTaskDefinitions", "ecs:ListTaskDefinitionFamilies", "ecs:DeregisterTaskDefinition"]
      Resource = "*"
    },
    # `reap`: for good, and therefore bound.
    {
      Sid      = "DeletePreviewDefinitions"
      Effect   = "Allow"
      Action   = "ecs:DeleteTaskDefinitions"
      Resource = local.preview_family
    },
    # `preview up`, `validate`: the address of a task, free addresses of subnets, rules of security groups. IAM binds none of them.
    {
      Sid      = "LookAtNetworks"
      Effect   = "Allow"
      Action   = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeInstances", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"]
      Resource = "*"
    },
  ]

  # The way through the load balancer.
  preview_route_statements = [
    # Looking: IAM binds none of these.
    {
      Sid      = "LookAtRoutes"
      Effect   = "Allow"
      Action   = [for what in ["LoadBalancers", "Listeners", "ListenerCertificates", "Rules", "TargetGroups", "TargetHealth", "Tags", "AccountLimits"] : "elasticloadbalancing:Describe${what}"]
      Resource = "*"
    },
    # `preview validate`: which names the listener's certificate covers.
    {
      Sid      = "ReadCertificates"
      Effect   = "Allow"
      Action   = "acm:DescribeCertificate"
      Resource = "arn:${local.partition}:acm:${local.region}:${local.account}:certificate/*"
    },
    # `preview up`: elasticloadbalancing:CreateTargetGroup and CreateRule, with our tag or not at all.
    {
      Sid       = "MakeTargetGroups"
      Effect    = "Allow"
      Action    = "elasticloadbalancing:CreateTargetGroup"
      Resource  = local.target_groups
      Condition = { StringEquals = local.made_preview }
    },
    {
      Sid       = "MakeRules"
      Effect    = "Allow"
      Action    = "elasticloadbalancing:CreateRule"
      Resource  = "${local.alb}:listener/app/${local.alb_name}/*"
      Condition = { StringEquals = local.made_preview }
    },
    # Both write the tags of what they make.
    {
      Sid       = "TagRoutesAtTheirStart"
      Effect    = "Allow"
      Action    = "elasticloadbalancing:AddTags"
      Resource  = [local.target_groups, local.rules]
      Condition = merge(local.our_tag_keys, { StringEquals = { "elasticloadbalancing:CreateAction" = ["CreateTargetGroup", "CreateRule"] } })
    },
    # A new push renews them, on what is ours already: nobody's rule can be made ours.
    {
      Sid       = "RenewTagsOfRoutes"
      Effect    = "Allow"
      Action    = "elasticloadbalancing:AddTags"
      Resource  = [local.target_groups, local.rules]
      Condition = merge(local.our_tag_keys, { StringEquals = local.is_preview })
    },
    # A new push moves the rule to the new task; `preview down` and `reap` remove both. Only what carries our tag.
    {
      Sid       = "ChangeTargetGroups"
      Effect    = "Allow"
      Action    = [for what in ["ModifyTargetGroup", "ModifyTargetGroupAttributes", "DeleteTargetGroup", "RegisterTargets", "DeregisterTargets"] : "elasticloadbalancing:${what}"]
      Resource  = local.target_groups
      Condition = { StringEquals = local.is_preview }
    },
    {
      Sid       = "ChangeRules"
      Effect    = "Allow"
      Action    = ["elasticloadbalancing:ModifyRule", "elasticloadbalancing:DeleteRule"]
      Resource  = local.rules
      Condition = { StringEquals = local.is_preview }
    },
  ]

  # Images: `preview up` pins a tag to its digest, `reap --images` removes those of closed pull requests.
  preview_image_statements = [{
    Sid      = "KeepImages"
    Effect   = "Allow"
    Action   = ["ecr:DescribeImages", "ecr:ListImages", "ecr:ListTagsForResource", "ecr:BatchDeleteImage"]
    Resource = [for name in local.preview.repository_names : "arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${name}"]
  }]

  # `preview build --codebuild`.
  preview_build_statements = [{
    Sid      = "BuildImages"
    Effect   = "Allow"
    Action   = ["codebuild:StartBuild", "codebuild:BatchGetBuilds"]
    Resource = [for name in local.preview.project_names : "arn:${local.partition}:codebuild:${local.region}:${local.account}:project/${name}"]
  }]

  # `preview logs`, and the last lines in a preview's certificate.
  preview_log_statements = [{
    Sid      = "ReadLogsOfPreviews"
    Effect   = "Allow"
    Action   = "logs:GetLogEvents"
    Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${coalesce(local.preview.log_group_name, "none")}:log-stream:*"
  }]

  preview_statements = concat(
    [for statement in local.preview_task_statements : statement if var.preview != null && try(length(flatten([statement.Resource])) > 0, false)],
    [for statement in local.preview_route_statements : statement if local.preview.load_balancer_name != null],
    [for statement in local.preview_image_statements : statement if length(local.preview.repository_names) > 0],
    [for statement in local.preview_build_statements : statement if length(local.preview.project_names) > 0],
    [for statement in local.preview_log_statements : statement if local.preview.log_group_name != null],
  )
}
