mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-0123456789abcdef0" }
  }
  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::123456789012:instance-profile/mayfly-instance" }
  }
  mock_resource "aws_autoscaling_group" {
    defaults = { arn = "arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:1:autoScalingGroupName/mayfly" }
  }
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0" }
  }
}

variables {
  name = "mayfly"
  ec2 = {
    subnet_ids         = ["subnet-0a1b2c3d"]
    security_group_ids = ["sg-0a1b2c3d"]
  }
}

run "instances_come_from_zero_and_none_with_a_task_is_taken" {
  command = apply

  assert {
    condition     = aws_autoscaling_group.this[0].min_size == 0 && aws_autoscaling_group.this[0].protect_from_scale_in && aws_ecs_capacity_provider.ec2[0].auto_scaling_group_provider[0].managed_termination_protection == "ENABLED"
    error_message = "managed termination protection needs protection from scale-in on the group, else a running job is shot"
  }

  assert {
    condition     = aws_ecs_capacity_provider.ec2[0].auto_scaling_group_provider[0].managed_scaling[0].status == "ENABLED" && contains(aws_ecs_cluster_capacity_providers.this.capacity_providers, "mayfly-ec2")
    error_message = "ECS itself must grow the group, or no task would ever find room"
  }

  assert {
    condition     = [for strategy in aws_ecs_cluster_capacity_providers.this.default_capacity_provider_strategy : strategy.capacity_provider] == ["FARGATE"]
    error_message = "who asks for nothing gets Fargate"
  }
}

run "a_job_does_not_become_the_instance" {
  command = apply

  assert {
    condition     = aws_launch_template.this[0].metadata_options[0].http_tokens == "required" && aws_launch_template.this[0].metadata_options[0].http_put_response_hop_limit == 1
    error_message = "a container on the bridge is one hop further away than the metadata service answers"
  }

  assert {
    condition     = strcontains(base64decode(aws_launch_template.this[0].user_data), "\nECS_AWSVPC_BLOCK_IMDS=true\n") && strcontains(base64decode(aws_launch_template.this[0].user_data), "\nECS_CLUSTER=mayfly\n")
    error_message = "the agent keeps awsvpc tasks from the metadata service, and joins this cluster"
  }

  assert {
    condition     = aws_launch_template.this[0].block_device_mappings[0].ebs[0].encrypted == "true"
    error_message = "disks of instances hold checkouts"
  }
}

run "image_fits_the_architecture" {
  command = plan

  variables {
    ec2 = {
      subnet_ids         = ["subnet-0a1b2c3d"]
      security_group_ids = ["sg-0a1b2c3d"]
      instance_type      = "t4g.medium"
      architecture       = "ARM64"
    }
  }

  assert {
    condition     = data.aws_ssm_parameter.image[0].name == "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"
    error_message = "Graviton needs the arm64 image"
  }
}

run "spot_is_all_spot" {
  command = plan

  variables {
    ec2 = { subnet_ids = ["subnet-0a1b2c3d"], security_group_ids = ["sg-0a1b2c3d"], market = "spot" }
  }

  assert {
    condition     = aws_autoscaling_group.this[0].mixed_instances_policy[0].instances_distribution[0].on_demand_percentage_above_base_capacity == 0
    error_message = "who asks for spot does not pay for on-demand"
  }
}

run "service_linked_roles_are_made_where_asked_for" {
  command = plan
  variables { service_linked_roles = ["ecs", "spot"] }

  assert {
    condition     = toset([for role in aws_iam_service_linked_role.this : role.aws_service_name]) == toset(["ecs.amazonaws.com", "spot.amazonaws.com"])
    error_message = "each service has its own role"
  }
}

run "ec2_without_subnets_is_refused" {
  command = plan
  variables { ec2 = { subnet_ids = [], security_group_ids = ["sg-0a1b2c3d"] } }
  expect_failures = [var.ec2]
}

run "graviton_type_with_the_other_architecture_is_refused" {
  command = plan
  variables { ec2 = { subnet_ids = ["subnet-0a1b2c3d"], security_group_ids = [], instance_type = "m7g.large" } }
  expect_failures = [var.ec2]
}

run "unknown_market_is_refused" {
  command = plan
  variables { ec2 = { subnet_ids = ["subnet-0a1b2c3d"], security_group_ids = [], market = "cheap" } }
  expect_failures = [var.ec2]
}

run "more_at_least_than_at_most_is_refused" {
  command = plan
  variables { ec2 = { subnet_ids = ["subnet-0a1b2c3d"], security_group_ids = [], min = 3, max = 2 } }
  expect_failures = [var.ec2]
}

run "disk_that_is_too_small_is_refused" {
  command = plan
  variables { ec2 = { subnet_ids = ["subnet-0a1b2c3d"], security_group_ids = [], disk_gib = 8 } }
  expect_failures = [var.ec2]
}

run "unknown_service_is_refused" {
  command = plan
  variables { service_linked_roles = ["lambda"] }
  expect_failures = [var.service_linked_roles]
}
