mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                     = "online-course"
  instance_type            = "t3.large"
  vpc_id                   = "vpc-1"
  vpc_cidr                 = "10.0.0.0/16"
  subnet_id                = "subnet-1"
  node_security_group_id   = "sg-nodes"
  ssh                      = null
  grafana_cloud            = false
  grafana_agent_image      = ""
  settings                 = {}
  bucket                   = "artifacts"
  bucket_arn               = "arn:aws:s3:::artifacts"
  artifacts_prefix         = "mlflow"
  database_host            = "database.example"
  database_port            = 5432
  database_users           = ["arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-MADEUP/mlflow"]
  repository_arns          = ["arn:aws:ecr:eu-central-1:123456789012:repository/online-course/mlpipeline"]
  kms_key_arn              = "arn:aws:kms:eu-central-1:123456789012:key/given"
  permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
}

run "by_default" {
  module {
    source = "./modules/tracking"
  }

  assert {
    condition     = aws_instance.this.subnet_id == "subnet-1" && length(aws_vpc_security_group_ingress_rule.ssh) == 0
    error_message = "by default, nobody comes by SSH"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.mlflow.referenced_security_group_id == "sg-nodes" && aws_vpc_security_group_ingress_rule.mlflow.cidr_ipv4 == null && aws_vpc_security_group_ingress_rule.mlflow.from_port == 5000 && aws_vpc_security_group_ingress_rule.mlflow.to_port == 5000
    error_message = "MLflow answers the pods, and nobody else"
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.database.cidr_ipv4 == var.vpc_cidr && length(aws_vpc_security_group_egress_rule.grafana) == 0
    error_message = "it reaches databases of the network alone"
  }

  assert {
    condition     = aws_instance.this.metadata_options[0].http_tokens == "required" && aws_instance.this.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "its credentials are asked for by sessions, and from the host alone"
  }

  assert {
    condition     = aws_instance.this.root_block_device[0].encrypted
    error_message = "its disk is encrypted"
  }

  assert {
    condition     = aws_instance.this.user_data_replace_on_change
    error_message = "another way to boot makes another host"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid if contains(flatten([statement.Resource]), "*")] == ["SystemsManager", "SignInToRegistry"]
    error_message = "only what AWS knows no resource for is allowed everywhere"
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : alltrue([for action in flatten([statement.Action]) : !strcontains(action, "*")])])
    error_message = "every action is named"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource if statement.Sid == "Artifacts"] == ["arn:aws:s3:::artifacts/mlflow/*"]
    error_message = "it writes artifacts below MLflow's folder"
  }

  assert {
    condition     = toset(one([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource if statement.Sid == "SignInToDatabase"])) == toset(var.database_users)
    error_message = "it signs in as the users given"
  }

  assert {
    condition     = length([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement if strcontains(jsonencode(statement.Action), "secretsmanager")]) == 0
    error_message = "it reads no secret, and so not the administrator's password"
  }

  assert {
    condition     = aws_iam_role.this.permissions_boundary == var.permissions_boundary_arn
    error_message = "without the boundary, the workflow could not make the role"
  }

  assert {
    condition     = output.image_parameters == { mlpipeline = "/online-course/images/mlpipeline", monitoring = "/online-course/images/monitoring" } && alltrue([for parameter in aws_ssm_parameter.image : parameter.value == "none"])
    error_message = "the host is told which images to run, and of none at first"
  }

  assert {
    condition     = output.uri == "http://tracking.online-course.internal:5000"
    error_message = "MLflow has a name that stays when the host is replaced"
  }

  assert {
    condition     = length(aws_instance.this.user_data_base64) < 16384 * 4 / 3
    error_message = "EC2 takes 16 KB"
  }
}

run "ssh_from_one_network" {
  module {
    source = "./modules/tracking"
  }

  variables {
    ssh = { cidr = "203.0.113.4/32", key_name = "mine" }
  }

  assert {
    condition     = one(aws_vpc_security_group_ingress_rule.ssh).cidr_ipv4 == "203.0.113.4/32" && aws_instance.this.key_name == "mine"
    error_message = "SSH is open to that network"
  }
}

run "with_grafana_cloud" {
  module {
    source = "./modules/tracking"
  }

  variables {
    grafana_cloud = true
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource if strcontains(jsonencode(statement.Action), "secretsmanager")] == [one(aws_secretsmanager_secret.grafana).arn]
    error_message = "it reads the agent's token, and no other secret"
  }
}

run "settings_that_files_cannot_hold" {
  command = plan

  module {
    source = "./modules/tracking"
  }

  variables {
    settings = { DATA_SOURCE = "two\nlines" }
  }

  expect_failures = [var.settings]
}
