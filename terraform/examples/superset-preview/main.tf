# Previews of Superset's pull requests: superset-production cut down to one task that ends by itself. Web, worker and a first set-up
# from the pull request's image, PostgreSQL and Redis as sidecars; see preview.toml.

provider "aws" {
  region = "us-west-2"
}

module "mayfly" {
  source = "../.."

  repositories      = [{ full_name = "octo/superset", id = 39464018, owner_id = 77 }]
  github_credential = { app = { id = "123456", private_key_parameter = "/mayfly/app-key" } }

  build_images = {
    source_url = "https://github.com/octo/mayfly.git"
    source_ref = "0123456789abcdef0123456789abcdef01234567"
    image_tag  = "2.336.0-1"
  }

  preview = {
    base_domain = "superset-previews.example.com"
    zone_id     = "Z0123456789ABCDEFGHIJ"
    template    = file("${path.module}/preview.toml")

    build = {
      source_url = "https://github.com/octo/superset.git"
      dockerfile = "Dockerfile"
    }
  }
}

output "mayfly_toml" {
  description = "terraform output -raw mayfly_toml > mayfly.toml, in the repository whose pull requests are shown."
  value       = module.mayfly.mayfly_toml
}

output "build_project" {
  description = "For mayfly preview build --codebuild."
  value       = module.mayfly.preview.build_project
}

output "next_steps" {
  description = "What is left to do outside of Terraform."
  value       = module.mayfly.next_steps
}
