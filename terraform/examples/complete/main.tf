# Everything: runners on Fargate, Spot and EC2 (also with Docker), previews with HTTPS, images that are built in the account, and the
# repository told by the github provider. GITHUB_TOKEN must be a token that may administer the repository.

provider "aws" {
  region = "eu-central-1"

  default_tags {
    tags = { project = "mayfly" }
  }
}

provider "github" {
  owner = "octo"
}

locals {
  environment = "mayfly"
}

module "mayfly" {
  source = "../.."

  repositories      = [{ full_name = "octo/demo", id = 4242, owner_id = 77 }]
  github_credential = { app = { id = "123456", private_key_parameter = "/mayfly/app-key" } }

  build_images = {
    source_url = "https://github.com/octo/mayfly.git"
    source_ref = "0123456789abcdef0123456789abcdef01234567"
    image_tag  = "2.336.0-1"
  }

  # Only jobs that use the environment, and with it only protected branches.
  contexts = ["environment:${local.environment}"]

  new_network = {
    nat                 = "single"
    interface_endpoints = ["ecr.api", "ecr.dkr", "logs"]
  }

  runner = { cpu = 2048, memory = 8192, docker = true }
  ec2    = { instance_type = "m7i.xlarge", market = "spot", max = 8 }

  preview = {
    base_domain       = "previews.example.com"
    zone_id           = "Z0123456789ABCDEFGHIJ"
    secret_parameters = ["/demo/preview/*"]
    exec              = true
    build             = { source_url = "https://github.com/octo/demo.git" }
    template          = <<-TOML
      command = "./serve --port 8080"
      port = 8080
      health_path = "/health"
      allow_env = ["FEATURE_*"]
    TOML
  }
}

module "github" {
  source = "../../modules/github"

  repository  = "demo"
  environment = local.environment
  variables   = module.mayfly.github_variables
  secrets     = { MAYFLY_NAMESPACE = module.mayfly.namespace }
}

output "mayfly_toml" {
  description = "terraform output -raw mayfly_toml > .github/mayfly/production.toml"
  value       = module.mayfly.mayfly_toml
}

output "next_steps" {
  description = "What is left to do outside of Terraform."
  value       = module.mayfly.next_steps
}
