# A network for accounts that have none to give: public subnets, private ones where a NAT gateway leads out, isolated ones for
# databases. Without NAT, tasks stand in the public subnets with a public address and no way in: it costs nothing while idle.

data "aws_availability_zones" "available" {
  state = "available"

  # Local zones and Wavelength have neither Fargate nor NAT.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

data "aws_region" "current" {}

locals {
  zones = slice(data.aws_availability_zones.available.names, 0, var.zone_count)

  # /20 each out of a /16, in blocks of four, so that a zone more moves nobody's addresses.
  blocks = {
    public   = { for index, zone in local.zones : zone => cidrsubnet(var.cidr_block, 4, index) }
    private  = { for index, zone in local.zones : zone => cidrsubnet(var.cidr_block, 4, index + 4) if var.nat != "none" }
    isolated = { for index, zone in local.zones : zone => cidrsubnet(var.cidr_block, 4, index + 8) if var.isolated_subnets }
  }

  # Which zone's gateway a private subnet goes out by.
  gateways = var.nat == "none" ? toset([]) : var.nat == "single" ? toset([local.zones[0]]) : toset(local.zones)

  # By zone.
  public_subnets = { for zone, subnet in aws_subnet.public : zone => subnet.id }
  nat_gateways   = { for zone, gateway in aws_nat_gateway.this : zone => gateway.id }
  private_tables = { for zone, table in aws_route_table.private : zone => table.id }
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr_block
  enable_dns_support   = true
  enable_dns_hostnames = true # Interface endpoints answer by the services' own names.
  tags                 = merge(var.tags, { Name = var.name })
}

# The group that AWS makes for whoever names none: it lets nobody in and nothing out.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-unused" })
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = var.name })
}

resource "aws_subnet" "public" {
  for_each = local.blocks.public

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = merge(var.tags, { Name = "${var.name}-public-${each.key}" })
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-public" })
}

resource "aws_route" "public" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

resource "aws_eip" "nat" {
  for_each = local.gateways

  domain = "vpc"
  tags   = merge(var.tags, { Name = "${var.name}-nat-${each.key}" })
}

resource "aws_nat_gateway" "this" {
  for_each = aws_eip.nat

  allocation_id = each.value.id
  subnet_id     = local.public_subnets[each.key]
  tags          = merge(var.tags, { Name = "${var.name}-${each.key}" })

  depends_on = [aws_internet_gateway.this]
}

resource "aws_subnet" "private" {
  for_each = local.blocks.private

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = merge(var.tags, { Name = "${var.name}-private-${each.key}" })
}

resource "aws_route_table" "private" {
  for_each = aws_subnet.private

  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-private-${each.key}" })
}

resource "aws_route" "private" {
  for_each = aws_route_table.private

  route_table_id         = each.value.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = local.nat_gateways[var.nat == "single" ? local.zones[0] : each.key]
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = local.private_tables[each.key]
}

resource "aws_subnet" "isolated" {
  for_each = local.blocks.isolated

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = merge(var.tags, { Name = "${var.name}-isolated-${each.key}" })
}

# No route but the local one.
resource "aws_route_table" "isolated" {
  count = var.isolated_subnets ? 1 : 0

  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-isolated" })
}

resource "aws_route_table_association" "isolated" {
  for_each = aws_subnet.isolated

  subnet_id      = each.value.id
  route_table_id = aws_route_table.isolated[0].id
}

# For runners: they ask GitHub for work, so nobody has to reach them.
resource "aws_security_group" "runner" {
  name        = "${var.name}-runner"
  description = "Runners: everything out, nothing in."
  vpc_id      = aws_vpc.this.id
  tags        = merge(var.tags, { Name = "${var.name}-runner" })
}

resource "aws_vpc_security_group_egress_rule" "runner" {
  security_group_id = aws_security_group.runner.id
  description       = "Jobs fetch what they need from wherever it is."
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
  tags              = var.tags
}
