mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
}

variables {
  name              = "mayfly"
  repositories      = [{ full_name = "octo/demo", id = 4242, owner_id = 77 }]
  cluster_name      = "mayfly"
  families          = ["mayfly-runner-fargate", "mayfly-runner-ec2"]
  passed_role_names = ["mayfly-execution", "mayfly-job"]
  log_group_name    = "/mayfly/runner"
}

run "only_our_families_start_and_only_on_our_cluster_and_tagged" {
  command = plan

  assert {
    condition = one([for statement in jsondecode(aws_iam_role_policy.launcher.policy).Statement : statement if statement.Sid == "StartRunners"]) == {
      Sid    = "StartRunners"
      Effect = "Allow"
      Action = "ecs:RunTask"
      Resource = [
        "arn:aws:ecs:eu-central-1:123456789012:task-definition/mayfly-runner-fargate",
        "arn:aws:ecs:eu-central-1:123456789012:task-definition/mayfly-runner-fargate:*",
        "arn:aws:ecs:eu-central-1:123456789012:task-definition/mayfly-runner-ec2",
        "arn:aws:ecs:eu-central-1:123456789012:task-definition/mayfly-runner-ec2:*",
      ]
      Condition = {
        ArnEquals = { "ecs:cluster" = "arn:aws:ecs:eu-central-1:123456789012:cluster/mayfly" }
        Null      = { "aws:RequestTag/mayfly:id" = "false" }
      }
    }
    error_message = "RunTask must be bound to families, cluster and tag"
  }
}

run "only_the_two_roles_are_passed_and_only_to_tasks" {
  command = plan

  assert {
    condition = one([for statement in jsondecode(aws_iam_role_policy.launcher.policy).Statement : statement if statement.Action == "iam:PassRole"]) == {
      Sid       = "PassRolesOfRunners"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = ["arn:aws:iam::123456789012:role/mayfly-execution", "arn:aws:iam::123456789012:role/mayfly-job"]
      Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
    }
    error_message = "with another role a workflow could give itself any right of the account"
  }
}

run "only_what_carries_our_tag_is_stopped" {
  command = plan

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.launcher.policy).Statement : statement.Sid => statement.Action
      if try(statement.Condition.Null["aws:ResourceTag/mayfly:id"], "") == "false"
    } == { StopRunners = "ecs:StopTask" }
    error_message = "tasks of others must be out of reach"
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.launcher.policy).Statement : statement.Action
      if statement.Resource == "arn:aws:ecs:eu-central-1:123456789012:task/mayfly/*"
    ] == ["ecs:TagResource", "ecs:DescribeTasks", "ecs:StopTask"]
    error_message = "tasks of other clusters must be out of reach"
  }
}

run "tags_are_written_at_the_start_and_never_again" {
  command = plan

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.launcher.policy).Statement : statement.Condition if statement.Action == "ecs:TagResource"] == [{
      StringEquals              = { "ecs:CreateAction" = "RunTask" }
      "ForAllValues:StringLike" = { "aws:TagKeys" = "mayfly:*" }
      Null                      = { "aws:TagKeys" = "false" }
    }]
    error_message = "whose a task is must not be changed later; and ForAllValues is true where the key is missing, so it must be there"
  }
}

run "parameters_are_handed_over_only_where_that_is_allowed" {
  command = plan

  assert {
    condition     = !anytrue([for statement in jsondecode(aws_iam_role_policy.launcher.policy).Statement : startswith(flatten([statement.Action])[0], "ssm:")])
    error_message = "by default the launcher has nothing to do with SSM"
  }
}

run "handed_over_parameters_stay_under_their_prefix_and_are_never_read" {
  command = plan
  variables { parameter_handover = true }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.launcher.policy).Statement : statement if startswith(flatten([statement.Action])[0], "ssm:")] == [{
      Sid      = "HandOverOneShotParameters"
      Effect   = "Allow"
      Action   = ["ssm:PutParameter", "ssm:DeleteParameter"]
      Resource = "arn:aws:ssm:eu-central-1:123456789012:parameter/mayfly/handover/*"
    }]
    error_message = "the launcher writes one-shot parameters and takes back what nobody reads"
  }
}

run "every_statement_without_a_resource_is_known" {
  command = plan

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.launcher.policy).Statement : statement.Sid if statement.Resource == "*"] == ["FindTasks", "ReadTaskDefinitions"]
    error_message = "only the two calls for which IAM knows no resource may have none"
  }

  assert {
    condition     = !anytrue([for statement in jsondecode(aws_iam_role_policy.launcher.policy).Statement : anytrue([for action in flatten([statement.Action]) : strcontains(action, "*")])])
    error_message = "each action is named"
  }
}
