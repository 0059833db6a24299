output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "vpc_cidr_block" {
  description = "Addresses of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "public_subnet_ids" {
  description = "Subnets whose way out is the internet gateway: for load balancers, and for tasks where there is no NAT."
  value       = [for subnet in aws_subnet.public : subnet.id]
}

output "private_subnet_ids" {
  description = "Subnets whose way out is NAT; empty without."
  value       = [for subnet in aws_subnet.private : subnet.id]
}

output "isolated_subnet_ids" {
  description = "Subnets without a way out; empty unless asked for."
  value       = [for subnet in aws_subnet.isolated : subnet.id]
}

output "tasks" {
  description = "Where tasks go: the private subnets, or without NAT the public ones with a public address."
  value = {
    subnet_ids         = [for subnet in(var.nat == "none" ? aws_subnet.public : aws_subnet.private) : subnet.id]
    security_group_ids = [aws_security_group.runner.id]
    assign_public_ip   = var.nat == "none"
  }
}
