mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
}

variables {
  name = "mayfly"
}

run "without_nat_tasks_are_public_and_nothing_costs_by_the_hour" {
  command = apply

  assert {
    condition     = output.tasks.assign_public_ip && toset(output.tasks.subnet_ids) == toset(output.public_subnet_ids)
    error_message = "without NAT a task reaches GitHub by a public address only"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_vpc_endpoint.interface) == 0 && length(output.private_subnet_ids) == 0
    error_message = "what is billed by the hour must be asked for"
  }
}

run "with_one_nat_each_private_subnet_goes_out_by_it" {
  command = apply
  variables { nat = "single" }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.private) == 2 && length(distinct([for route in aws_route.private : route.nat_gateway_id])) == 1
    error_message = "one gateway serves all zones"
  }

  assert {
    condition     = !output.tasks.assign_public_ip && toset(output.tasks.subnet_ids) == toset(output.private_subnet_ids)
    error_message = "behind NAT a task needs no address of its own"
  }
}

run "with_a_nat_per_zone_no_zone_needs_another" {
  command = plan
  variables { nat = "per-zone" }

  assert {
    condition     = toset(keys(aws_nat_gateway.this)) == toset(["eu-central-1a", "eu-central-1b"])
    error_message = "each zone has its own gateway"
  }
}

run "blocks_do_not_overlap_and_do_not_move" {
  command = plan

  variables {
    nat              = "single"
    isolated_subnets = true
    zone_count       = 3
  }

  assert {
    condition     = values(local.blocks.public) == ["10.42.0.0/20", "10.42.16.0/20", "10.42.32.0/20"] && values(local.blocks.private)[0] == "10.42.64.0/20" && values(local.blocks.isolated)[0] == "10.42.128.0/20"
    error_message = "a third zone must not move the subnets of the first two"
  }
}

run "nobody_gets_in" {
  command = plan

  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0 && length(aws_vpc_security_group_ingress_rule.endpoints) == 0
    error_message = "neither the runners' group nor the default one has a way in"
  }
}

run "endpoints_take_https_from_the_vpc_alone" {
  command = plan
  variables { interface_endpoints = ["ecr.api", "logs"] }

  assert {
    condition     = aws_vpc_endpoint.interface["ecr.api"].service_name == "com.amazonaws.eu-central-1.ecr.api"
    error_message = "services are named for the region"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints[0].from_port == 443 && aws_vpc_security_group_ingress_rule.endpoints[0].cidr_ipv4 == "10.42.0.0/16"
    error_message = "endpoints serve the VPC by HTTPS"
  }
}

run "name_with_capitals_is_refused" {
  command = plan
  variables { name = "Mayfly" }
  expect_failures = [var.name]
}

run "block_that_aws_does_not_allow_is_refused" {
  command = plan
  variables { cidr_block = "10.0.0.0/8" }
  expect_failures = [var.cidr_block]
}

run "one_zone_is_refused" {
  command = plan
  variables { zone_count = 1 }
  expect_failures = [var.zone_count]
}

run "unknown_nat_is_refused" {
  command = plan
  variables { nat = "yes" }
  expect_failures = [var.nat]
}

run "endpoint_by_its_long_name_is_refused" {
  command = plan
  variables { interface_endpoints = ["com.amazonaws.eu-central-1.logs"] }
  expect_failures = [var.interface_endpoints]
}
