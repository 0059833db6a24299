# terraform apply -var-file=example.tfvars, after putting your own values here.
repositories = [{ full_name = "octo/demo", id = 4242, owner_id = 77 }]
runner_image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mayfly-runner:2.336.0"

ecr_repository_arns = ["arn:aws:ecr:eu-central-1:123456789012:repository/mayfly-runner"]

github_credential = { token_parameter = "/mayfly/github-token" }

network = {
  subnet_ids         = ["subnet-0a1b2c3d"]
  security_group_ids = ["sg-0a1b2c3d"]
  assign_public_ip   = true
}
