mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-central-1a", "eu-central-1b"] }
  }
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-0123456789abcdef0" }
  }
  mock_resource "aws_ecs_cluster" {
    defaults = { arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/mayfly" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mayfly-launcher" }
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
  mock_resource "aws_lb" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/mayfly-preview/1", dns_name = "mayfly-preview-1.elb.amazonaws.com" }
  }
  mock_resource "aws_lb_listener" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/mayfly-preview/1/2" }
  }
  mock_resource "aws_ecr_repository" {
    defaults = { arn = "arn:aws:ecr:eu-central-1:123456789012:repository/mock" }
  }
  mock_resource "aws_subnet" {
    defaults = { id = "subnet-0a1b2c3d" }
  }
  mock_resource "aws_security_group" {
    defaults = { id = "sg-0a1b2c3d" }
  }
}

variables {
  repositories      = [{ full_name = "octo/demo", id = 4242, owner_id = 77 }]
  github_credential = { app = { id = "123456", private_key_parameter = "/mayfly/app-key" } }
  build_images = {
    source_url = "https://github.com/octo/mayfly.git"
    source_ref = "v0.1.0"
    image_tag  = "2.336.0-1"
  }
}

run "an_empty_account_needs_nothing_but_its_repository_and_a_credential" {
  command = apply

  assert {
    condition     = output.github_variables.MAYFLY_ASSIGN_PUBLIC_IP == "true" && output.github_variables.MAYFLY_SUBNETS == "subnet-0a1b2c3d,subnet-0a1b2c3d"
    error_message = "without NAT tasks have a public address"
  }

  assert {
    condition = output.next_steps == tolist([
      "aws ssm put-parameter --region eu-central-1 --name /mayfly/app-key --type SecureString --value file://app.private-key.pem",
      "aws codebuild start-build --region eu-central-1 --project-name mayfly-images",
      "terraform output -raw namespace | gh secret set MAYFLY_NAMESPACE --repo octo/demo",
    ])
    error_message = "what Terraform cannot do is told as commands"
  }
}

run "previews_and_ec2_are_in_the_same_mayfly_toml" {
  command = apply

  variables {
    ec2 = {}
    preview = {
      base_domain     = "previews.example.com"
      certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/given"
      build           = { source_url = "https://github.com/octo/demo.git" }
      postgres        = {}
    }
    runner = { docker = true }
  }

  assert {
    condition     = output.mayfly_toml == <<-TOML
      [aws]
      region = "eu-central-1"
      cluster = "mayfly"
      role_arn = "arn:aws:iam::123456789012:role/mayfly-launcher"

      [profile.fargate]
      launch_mode = "fargate"
      task_definition = "mayfly-runner-fargate"
      subnets = ["subnet-0a1b2c3d","subnet-0a1b2c3d"]
      security_groups = ["sg-0a1b2c3d"]
      assign_public_ip = true

      [profile.ec2]
      launch_mode = "ec2"
      task_definition = "mayfly-runner-ec2"
      capacity_provider = "mayfly-ec2"

      [profile.ec2-docker]
      launch_mode = "ec2"
      task_definition = "mayfly-runner-ec2-docker"
      capacity_provider = "mayfly-ec2"

      [preview]
      execution_role = "mayfly-preview-execution"
      task_role = "mayfly-preview-task"

      [preview.launch]
      listener = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/mayfly-preview/1/2"
      base_domain = "previews.example.com"
      subnets = ["subnet-0a1b2c3d","subnet-0a1b2c3d"]
      security_groups = ["sg-0a1b2c3d"]
      fork_security_groups = ["sg-0a1b2c3d"]
      assign_public_ip = true
      log_group = "/mayfly/preview"
      supervisor_image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mayfly-entrypoint:2.336.0-1"
    TOML
    error_message = "mayfly reads this file as it is"
  }

  assert {
    condition     = output.github_variables.MAYFLY_PREVIEW_BASE_DOMAIN == "previews.example.com" && output.preview.build_project == "mayfly-preview-build"
    error_message = "the same settings are there as variables"
  }

  assert {
    condition     = contains(output.next_steps, "point *.previews.example.com at mayfly-preview-1.elb.amazonaws.com (CNAME)")
    error_message = "without a zone somebody has to make the record"
  }
}
