mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                      = "online-course"
  engine_version            = "18"
  instance_class            = "db.t4g.small"
  storage_gb                = { allocated = 20, max = 100 }
  multi_az                  = false
  backup_days               = 7
  deletion_protection       = true
  vpc_id                    = "vpc-1"
  subnet_ids                = ["subnet-1", "subnet-2"]
  client_security_group_ids = { nodes = "sg-nodes", tracking = "sg-tracking" }
  kms_key_arn               = "arn:aws:kms:eu-central-1:123456789012:key/given"
  log_retention_days        = 365
  permissions_boundary_arn  = "arn:aws:iam::123456789012:policy/boundary"
}

run "by_default" {
  module {
    source = "./modules/rds"
  }

  assert {
    condition     = !aws_db_instance.this.publicly_accessible
    error_message = "it has no public address"
  }

  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.kms_key_arn
    error_message = "its storage is encrypted with the key given"
  }

  assert {
    condition     = [for parameter in aws_db_parameter_group.this.parameter : parameter.value if parameter.name == "rds.force_ssl"] == ["1"]
    error_message = "it takes no connection without TLS"
  }

  assert {
    condition     = aws_db_instance.this.parameter_group_name == aws_db_parameter_group.this.name && aws_db_parameter_group.this.family == "postgres18"
    error_message = "it has that parameter group, of its own version"
  }

  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null && aws_db_instance.this.iam_database_authentication_enabled
    error_message = "AWS keeps the administrator's password, and the services have tokens"
  }

  assert {
    condition     = toset(flatten([for rule in aws_security_group.this.ingress : rule.security_groups])) == toset(["sg-nodes", "sg-tracking"])
    error_message = "the nodes and the tracking host, and nobody else"
  }

  assert {
    condition     = alltrue([for rule in aws_security_group.this.ingress : length(coalesce(rule.cidr_blocks, [])) + length(coalesce(rule.ipv6_cidr_blocks, [])) == 0 && rule.from_port == 5432 && rule.to_port == 5432])
    error_message = "by its port, and by no address"
  }

  assert {
    condition     = aws_db_instance.this.vpc_security_group_ids == toset([aws_security_group.this.id])
    error_message = "it has no other security group"
  }

  assert {
    condition     = output.connect_arn_prefix == "arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-MADEUP/"
    error_message = "rds-db:connect is allowed for users of this instance, as AWS writes them"
  }

  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.backup_retention_period == 7
    error_message = "it is protected, and backed up"
  }
}

run "version_17" {
  module {
    source = "./modules/rds"
  }

  variables {
    engine_version = "17.7"
  }

  assert {
    condition     = aws_db_parameter_group.this.family == "postgres17"
    error_message = "the parameter group is of the version"
  }
}

run "one_zone_is_not_enough" {
  command = plan

  module {
    source = "./modules/rds"
  }

  variables {
    subnet_ids = ["subnet-1"]
  }

  expect_failures = [var.subnet_ids]
}
