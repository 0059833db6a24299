# terraform apply -var-file=production.tfvars, after putting your own values here.
image               = "123456789012.dkr.ecr.us-west-2.amazonaws.com/superset:5.0.0-1"
ecr_repository_arns = ["arn:aws:ecr:us-west-2:123456789012:repository/superset"]
domain_name         = "analytics.example.com"
zone_id             = "Z0123456789ABCDEFGHIJ"
alarm_email         = "ops-team@example.com"
