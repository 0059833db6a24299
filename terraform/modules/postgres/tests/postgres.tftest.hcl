mock_provider "aws" {}

variables {
  name                      = "mayfly-preview"
  vpc_id                    = "vpc-0a1b2c3d"
  subnet_ids                = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]
  client_security_group_ids = { preview = "sg-0a1b2c3d" }
}

run "password_is_made_by_rds_and_nobody_gets_in_from_outside" {
  command = plan

  assert {
    condition     = aws_db_instance.this.manage_master_user_password && !aws_db_instance.this.publicly_accessible && aws_db_instance.this.storage_encrypted
    error_message = "a password that Terraform knows is in its state"
  }

  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.this : "${rule.referenced_security_group_id} ${rule.from_port}"] == ["sg-0a1b2c3d 5432"]
    error_message = "only the app's group connects"
  }
}

run "what_is_protected_leaves_a_snapshot" {
  command = plan

  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.final_snapshot_identifier == "mayfly-preview-final"
    error_message = "data goes only when somebody has said so twice"
  }
}

run "name_with_two_hyphens_in_a_row_is_refused" {
  command = plan
  variables { name = "may--fly" }
  expect_failures = [var.name]
}

run "one_subnet_is_refused" {
  command = plan
  variables { subnet_ids = ["subnet-0a1b2c3d"] }
  expect_failures = [var.subnet_ids]
}

run "version_of_another_engine_is_refused" {
  command = plan
  variables { engine_version = "8.0" }
  expect_failures = [var.engine_version]
}

run "class_of_ec2_is_refused" {
  command = plan
  variables { instance_class = "t4g.micro" }
  expect_failures = [var.instance_class]
}

run "name_that_rds_keeps_is_refused" {
  command = plan
  variables { username = "postgres" }
  expect_failures = [var.username]
}

run "storage_that_cannot_grow_is_refused" {
  command = plan
  variables { storage_gib_max = 20 }
  expect_failures = [var.storage_gib_max]
}

run "no_backups_are_refused" {
  command = plan
  variables { backup_days = 0 }
  expect_failures = [var.backup_days]
}
