# Runners on Fargate and Fargate Spot in an account that has nothing: a network without NAT, a cluster, a role. About 0 USD while
# nothing runs. Put your own values in, then: terraform init && terraform apply.

provider "aws" {
  region = "eu-central-1"
}

module "mayfly" {
  source = "../.." # Elsewhere: "git::https://github.com/OWNER/mayfly.git//terraform?ref=COMMIT"

  # gh api /repos/octo/demo --jq '{full_name, id, owner_id: .owner.id}'
  repositories      = [{ full_name = "octo/demo", id = 4242, owner_id = 77 }]
  github_credential = { token_parameter = "/mayfly/github-token" }
  runner_image      = "ghcr.io/octo/mayfly-runner:2.336.0"
}

output "mayfly_toml" {
  description = "terraform output -raw mayfly_toml > .github/mayfly/production.toml"
  value       = module.mayfly.mayfly_toml
}

output "namespace" {
  description = "terraform output -raw namespace | gh secret set MAYFLY_NAMESPACE"
  value       = module.mayfly.namespace
  sensitive   = true
}

output "next_steps" {
  description = "What is left to do outside of Terraform."
  value       = module.mayfly.next_steps
}
