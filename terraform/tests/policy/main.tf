# What the policy test evaluates: runners and previews with a narrow trust, as a plan shows it.
module "mayfly" {
  source = "../.."

  repositories        = [{ full_name = "octo/demo", id = 4242, owner_id = 77 }]
  github_credential   = { app = { id = "123456", private_key_parameter = "/mayfly/app-key" } }
  runner_image        = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mayfly-runner:2.336.0"
  ecr_repository_arns = ["arn:aws:ecr:eu-central-1:123456789012:repository/mayfly-runner"]
  contexts            = ["environment:production", "ref:refs/heads/main"]
  job_workflow_refs   = ["octo/demo/.github/workflows/build-on-ecs.yml@refs/heads/main"]

  preview = {
    base_domain     = "previews.example.com"
    certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/given"
    build           = { source_url = "https://github.com/octo/demo.git" }
  }
}

output "launcher_role" {
  value = module.mayfly.launcher_role
}
