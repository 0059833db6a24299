# EC2 capacity: an Auto Scaling group that ECS itself grows from nothing and shrinks again. No runner is shot: ECS protects each
# instance with a task on it, and drains one that has to go.

# Always the current image of the ECS team. A new one is for new instances; those that run are left alone.
data "aws_ssm_parameter" "image" {
  count = var.ec2 == null ? 0 : 1

  name = "/aws/service/ecs/optimized-ami/amazon-linux-2023/${try(var.ec2.architecture, "") == "ARM64" ? "arm64/" : ""}recommended/image_id"
}

data "aws_partition" "current" {}

resource "aws_iam_role" "instance" {
  count = var.ec2 == null ? 0 : 1

  name        = "${var.name}-instance"
  description = "EC2 instances of the cluster: the ECS agent, and Session Manager in place of SSH."
  tags        = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "instance" {
  for_each = var.ec2 == null ? [] : toset(["service-role/AmazonEC2ContainerServiceforEC2Role", "AmazonSSMManagedInstanceCore"])

  role       = aws_iam_role.instance[0].name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.value}"
}

resource "aws_iam_instance_profile" "this" {
  count = var.ec2 == null ? 0 : 1

  name = "${var.name}-instance"
  role = aws_iam_role.instance[0].name
  tags = var.tags
}

locals {
  # A job must not become the instance. With hop limit 1 (below) the metadata service does not answer through the bridge; a task in
  # awsvpc has an interface of its own and is no hop away, so there the agent must block it.
  user_data = <<-TEXT
    #!/bin/bash
    cat >> /etc/ecs/ecs.config <<'CONFIG'
    ECS_CLUSTER=${var.name}
    ECS_AWSVPC_BLOCK_IMDS=true
    ECS_ENABLE_SPOT_INSTANCE_DRAINING=true
    ECS_CONTAINER_STOP_TIMEOUT=120s
    ECS_IMAGE_PULL_BEHAVIOR=prefer-cached
    CONFIG
  TEXT
}

resource "aws_launch_template" "this" {
  count = var.ec2 == null ? 0 : 1

  name_prefix            = "${var.name}-"
  image_id               = data.aws_ssm_parameter.image[0].insecure_value
  instance_type          = var.ec2.instance_type
  update_default_version = true
  user_data              = base64encode(local.user_data)
  tags                   = var.tags

  iam_instance_profile {
    arn = aws_iam_instance_profile.this[0].arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  network_interfaces {
    associate_public_ip_address = var.ec2.assign_public_ip
    security_groups             = var.ec2.security_group_ids
    delete_on_termination       = true
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.ec2.disk_gib
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  monitoring {
    enabled = true
  }

  tag_specifications {
    resource_type = "instance"
    tags          = merge(var.tags, { Name = var.name })
  }

  tag_specifications {
    resource_type = "volume"
    tags          = var.tags
  }
}

resource "aws_autoscaling_group" "this" {
  count = var.ec2 == null ? 0 : 1

  name                  = var.name
  vpc_zone_identifier   = var.ec2.subnet_ids
  min_size              = var.ec2.min
  max_size              = var.ec2.max
  protect_from_scale_in = true
  health_check_type     = "EC2"

  mixed_instances_policy {
    instances_distribution {
      on_demand_percentage_above_base_capacity = var.ec2.market == "spot" ? 0 : 100
      spot_allocation_strategy                 = "price-capacity-optimized"
    }

    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.this[0].id
        version            = "$Latest"
      }
    }
  }

  # ECS puts this tag on a group that it manages; without the block here each apply would take it off.
  tag {
    key                 = "AmazonECSManaged"
    value               = ""
    propagate_at_launch = true
  }

  dynamic "tag" {
    for_each = var.tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  lifecycle {
    ignore_changes = [desired_capacity]
  }
}

resource "aws_ecs_capacity_provider" "ec2" {
  count = var.ec2 == null ? 0 : 1

  name = "${var.name}-ec2"
  tags = var.tags

  auto_scaling_group_provider {
    auto_scaling_group_arn         = aws_autoscaling_group.this[0].arn
    managed_termination_protection = "ENABLED"
    managed_draining               = "ENABLED"

    managed_scaling {
      status                    = "ENABLED"
      target_capacity           = 100
      minimum_scaling_step_size = 1
      maximum_scaling_step_size = var.ec2.max
      instance_warmup_period    = 60
    }
  }
}
