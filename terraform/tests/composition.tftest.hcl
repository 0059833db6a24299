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
  mock_resource "aws_ecs_cluster" {
    defaults = { arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/mayfly" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mayfly-launcher" }
  }
}

variables {
  repositories        = [{ full_name = "octo/demo", id = 4242, owner_id = 77 }]
  runner_image        = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mayfly-runner:2.336.0"
  ecr_repository_arns = ["arn:aws:ecr:eu-central-1:123456789012:repository/mayfly-runner"]
  github_credential   = { token_parameter = "/mayfly/github-token" }
  network = {
    subnet_ids         = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]
    security_group_ids = ["sg-0a1b2c3d"]
  }
}

run "outputs_are_what_the_workflows_read" {
  command = apply

  assert {
    condition = output.github_variables == {
      AWS_REGION              = "eu-central-1"
      MAYFLY_CLUSTER          = "mayfly"
      MAYFLY_ROLE_ARN         = "arn:aws:iam::123456789012:role/mayfly-launcher"
      MAYFLY_SUBNETS          = "subnet-0a1b2c3d,subnet-4e5f6a7b"
      MAYFLY_SECURITY_GROUPS  = "sg-0a1b2c3d"
      MAYFLY_ASSIGN_PUBLIC_IP = "false"
    }
    error_message = "the variables must have the names and forms that mayfly reads"
  }

  assert {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", output.namespace))
    error_message = "the namespace must be a UUID"
  }

  assert {
    condition     = output.families == { fargate = "mayfly-runner-fargate", ec2 = "mayfly-runner-ec2", ec2-awsvpc = "mayfly-runner-ec2-awsvpc" }
    error_message = "with the default name mayfly finds the families by itself"
  }
}

run "namespace_stays_the_same_at_the_next_apply" {
  command = apply

  assert {
    condition     = output.namespace == run.outputs_are_what_the_workflows_read.namespace
    error_message = "another namespace would give other labels to the runs that are under way"
  }
}

run "mayfly_toml_has_a_profile_for_each_launch_mode" {
  command = apply

  assert {
    condition     = output.mayfly_toml == <<-TOML
      [aws]
      region = "eu-central-1"
      cluster = "mayfly"
      role_arn = "arn:aws:iam::123456789012:role/mayfly-launcher"

      [profile.fargate]
      launch_mode = "fargate"
      task_definition = "mayfly-runner-fargate"
      subnets = ["subnet-0a1b2c3d","subnet-4e5f6a7b"]
      security_groups = ["sg-0a1b2c3d"]
      assign_public_ip = false

      [profile.ec2]
      launch_mode = "ec2"
      task_definition = "mayfly-runner-ec2"
    TOML
    error_message = "a bridge network takes no subnets, so they belong to the Fargate profile"
  }
}

run "plan_shows_the_whole_policy_before_anything_exists" {
  command = plan

  assert {
    condition     = length(jsondecode(module.github_oidc.launcher_policy).Statement) > 0
    error_message = "whoever reviews a plan must see what the role may do"
  }
}

run "subnet_by_its_name_is_refused" {
  command = plan
  variables {
    network = { subnet_ids = ["private-a"], security_group_ids = ["sg-0a1b2c3d"] }
  }
  expect_failures = [var.network]
}

run "network_without_security_group_is_refused" {
  command = plan
  variables {
    network = { subnet_ids = ["subnet-0a1b2c3d"], security_group_ids = [] }
  }
  expect_failures = [var.network]
}

run "image_in_ecr_without_the_right_to_pull_it_is_refused" {
  command = plan
  variables { ecr_repository_arns = [] }
  expect_failures = [var.ecr_repository_arns]
}

run "neither_image_nor_build_is_refused" {
  command = plan
  variables {
    runner_image        = null
    ecr_repository_arns = []
  }
  expect_failures = [var.runner_image]
}

run "previews_in_a_network_without_its_vpc_are_refused" {
  command = plan
  variables { preview = { base_domain = "previews.example.com", zone_id = "Z0123456789" } }
  expect_failures = [var.network]
}

run "database_without_subnets_in_a_given_network_is_refused" {
  command = plan
  variables {
    network = {
      subnet_ids               = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]
      security_group_ids       = ["sg-0a1b2c3d"]
      vpc_id                   = "vpc-0a1b2c3d"
      load_balancer_subnet_ids = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]
    }
    preview = { base_domain = "previews.example.com", zone_id = "Z0123456789", postgres = {} }
  }
  expect_failures = [var.network]
}

run "template_that_names_its_roles_is_refused" {
  command = plan
  variables {
    network = null
    preview = { base_domain = "previews.example.com", zone_id = "Z0123456789", template = "task_role = \"admin\"" }
  }
  expect_failures = [var.preview]
}
