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
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }
}

variables {
  name              = "mayfly"
  image             = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mayfly-runner:2.336.0"
  github_credential = { token_parameter = "/mayfly/github-token" }
  log_group_name    = "/mayfly/runner"
}

run "both_families_hold_the_same_container" {
  command = apply

  assert {
    condition     = output.families == { fargate = "mayfly-runner-fargate", ec2 = "mayfly-runner-ec2", ec2-awsvpc = "mayfly-runner-ec2-awsvpc" }
    error_message = "mayfly looks for these families where none is named"
  }

  assert {
    condition     = aws_ecs_task_definition.fargate.container_definitions == aws_ecs_task_definition.ec2["ec2"].container_definitions
    error_message = "launch modes differ in the machine, not in the container"
  }

  assert {
    condition     = aws_ecs_task_definition.fargate.network_mode == "awsvpc" && aws_ecs_task_definition.ec2["ec2"].network_mode == "bridge" && aws_ecs_task_definition.ec2["ec2-awsvpc"].network_mode == "awsvpc"
    error_message = "Fargate takes awsvpc only; on EC2 there is the choice"
  }
}

run "pid_1_has_the_whole_stop_window_and_is_never_restarted" {
  command = apply

  assert {
    condition     = jsondecode(aws_ecs_task_definition.fargate.container_definitions)[0].stopTimeout == 120
    error_message = "stopTimeout must be 120: 30 seconds are too few to let a job finish"
  }

  assert {
    condition     = contains(jsondecode(aws_ecs_task_definition.fargate.container_definitions)[0].environment, { name = "MAYFLY_STOP_TIMEOUT", value = "120s" })
    error_message = "PID 1 must be told the same stop timeout as ECS"
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.fargate.container_definitions)[0].essential && !can(jsondecode(aws_ecs_task_definition.fargate.container_definitions)[0].restartPolicy)
    error_message = "the container's end must be the task's end"
  }

  assert {
    condition     = !jsondecode(aws_ecs_task_definition.fargate.container_definitions)[0].linuxParameters.initProcessEnabled && !can(jsondecode(aws_ecs_task_definition.fargate.container_definitions)[0].user)
    error_message = "runner-entrypoint must be PID 1, and root"
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.fargate.container_definitions)[0].healthCheck.command == ["CMD", "/usr/local/bin/runner-entrypoint", "healthcheck"]
    error_message = "health means that the Listener is connected"
  }
}

run "token_is_injected_from_its_parameter_and_stands_nowhere_else" {
  command = apply

  assert {
    condition     = jsondecode(aws_ecs_task_definition.ec2["ec2"].container_definitions)[0].secrets == [{ name = "MAYFLY_GITHUB_TOKEN", valueFrom = "arn:aws:ssm:eu-central-1:123456789012:parameter/mayfly/github-token" }]
    error_message = "the token comes from SSM by its ARN"
  }

  assert {
    condition     = [for variable in jsondecode(aws_ecs_task_definition.ec2["ec2"].container_definitions)[0].environment : variable.name] == ["MAYFLY_STOP_TIMEOUT"]
    error_message = "what is in `environment` can be read by everyone who may read task definitions"
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.execution.policy).Statement[1].Resource == ["arn:aws:ssm:eu-central-1:123456789012:parameter/mayfly/github-token"]
    error_message = "the execution role may read this parameter and no other"
  }
}

run "app_key_is_injected_beside_the_apps_id" {
  command = apply

  variables {
    github_credential = { app = { id = "123456", private_key_parameter = "arn:aws:ssm:eu-central-1:123456789012:parameter/mayfly/app-key" } }
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.fargate.container_definitions)[0].secrets == [{ name = "MAYFLY_GITHUB_APP_PRIVATE_KEY", valueFrom = "arn:aws:ssm:eu-central-1:123456789012:parameter/mayfly/app-key" }]
    error_message = "the key comes from SSM"
  }

  assert {
    condition     = contains(jsondecode(aws_ecs_task_definition.fargate.container_definitions)[0].environment, { name = "MAYFLY_GITHUB_APP_ID", value = "123456" })
    error_message = "the App's id is no secret and stands in the definition"
  }
}

run "image_in_ecr_and_own_key_add_exactly_their_statements" {
  command = apply

  variables {
    ecr_repository_arns = ["arn:aws:ecr:eu-central-1:123456789012:repository/mayfly-runner"]
    kms_key_arn         = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Sid] == ["WriteLogs", "ReadGithubCredential", "DecryptGithubCredential", "LogInToEcr", "PullImage"]
    error_message = "each setting adds its own statement"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Sid if statement.Resource == "*"] == ["LogInToEcr"]
    error_message = "only ECR's token has no resource of its own"
  }
}

run "one_shot_parameters_are_read_and_deleted_but_not_listed" {
  command = apply

  variables {
    github_credential  = {}
    parameter_handover = true
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.handover[0].policy).Statement == [{
      Sid      = "TakeOneShotParameter"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter", "ssm:DeleteParameter"]
      Resource = "arn:aws:ssm:eu-central-1:123456789012:parameter/mayfly/handover/*"
    }]
    error_message = "a job that could list would find the parameters of others"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Sid] == ["WriteLogs"]
    error_message = "without parameters of its own the execution role reads none"
  }
}

run "roles_are_for_tasks_of_this_account_alone" {
  command = apply

  assert {
    condition     = aws_iam_role.execution.assume_role_policy == aws_iam_role.job.assume_role_policy
    error_message = "both roles trust the same service under the same condition"
  }

  assert {
    condition = jsondecode(aws_iam_role.job.assume_role_policy).Statement[0].Condition == {
      StringEquals = { "aws:SourceAccount" = "123456789012" }
      ArnLike      = { "aws:SourceArn" = "arn:aws:ecs:eu-central-1:123456789012:*" }
    }
    error_message = "without the condition ECS could be made to use the role for another account's task"
  }

  assert {
    condition     = length(aws_iam_role_policy_attachment.job) == 0
    error_message = "the job has no rights until somebody grants some"
  }
}

run "docker_is_the_instances_own_and_only_where_asked_for" {
  command = apply
  variables { docker = true }

  assert {
    condition     = output.families["ec2-docker"] == "mayfly-runner-ec2-docker" && jsondecode(aws_ecs_task_definition.docker[0].container_definitions)[0].mountPoints == [{ sourceVolume = "docker", containerPath = "/var/run/docker.sock", readOnly = false }]
    error_message = "jobs with Docker have a definition of their own"
  }

  assert {
    condition     = !anytrue([for definition in jsondecode(aws_ecs_task_definition.docker[0].container_definitions) : try(definition.privileged, false)]) && !can(jsondecode(aws_ecs_task_definition.ec2["ec2"].container_definitions)[0].mountPoints)
    error_message = "no other definition has the socket, and none is privileged"
  }
}
