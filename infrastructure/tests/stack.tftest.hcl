mock_provider "aws" {
  source = "./tests/mocks"
}

run "by_default" {
  assert {
    condition     = output.github_plan_role_arn == "" && output.github_deploy_role_arn == "" && length(module.github) == 0
    error_message = "without a repository, no workflow may do anything"
  }

  assert {
    condition     = output.cluster_name == "online-course" && output.tracking_uri == "http://tracking.online-course.internal:5000"
    error_message = "names begin with the name"
  }

  assert {
    condition     = keys(output.ecr_repository_urls) == ["mlpipeline", "monitoring", "web"]
    error_message = "there is a repository for each image"
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "the key is changed each year"
  }

  assert {
    condition     = [for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Principal] == [{ AWS = "arn:aws:iam::123456789012:root" }, { Service = "logs.eu-central-1.amazonaws.com" }]
    error_message = "this account may use it, and its logs"
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement.Sid => statement.Effect } == {
      Services = "Allow", OurRoles = "Allow", RolesHaveTheBoundary = "Deny", AndKeepIt = "Deny", NotItselfNorTheWorkflows = "Deny"
    }
    error_message = "it has these statements"
  }

  assert {
    condition     = !anytrue([for action in one([for s in jsondecode(aws_iam_policy.boundary.policy).Statement : s.Action if s.Sid == "Services"]) : contains(["*", "iam:*", "sts:*", "sts:AssumeRole", "organizations:*"], action)])
    error_message = "no role of this stack takes on another, or changes what is not of this stack"
  }

  assert {
    condition     = one([for s in jsondecode(aws_iam_policy.boundary.policy).Statement : s.Resource if s.Sid == "NotItselfNorTheWorkflows"]) == ["arn:aws:iam::123456789012:policy/online-course-boundary", "arn:aws:iam::123456789012:role/online-course-github-*", "arn:aws:iam::123456789012:policy/online-course-github-*"]
    error_message = "nobody with the boundary changes it, or what the workflows may do"
  }

  assert {
    condition     = length(aws_iam_policy.boundary.policy) < 6144
    error_message = "IAM takes policies of 6,144 characters"
  }
}

run "with_github" {
  variables {
    github_repository = "owner/repository"
    state_bucket      = "state"
  }

  assert {
    condition     = output.github_plan_role_arn != "" && output.github_deploy_role_arn != ""
    error_message = "the roles' ARNs are put out, for the repository's variables"
  }
}

run "wrong_values" {
  command = plan

  variables {
    region                      = "Frankfurt"
    name                        = "Online Course"
    vpc_cidr                    = "8.8.0.0/16"
    zones                       = 1
    kubernetes_version          = "1.30"
    node_count                  = { min = 3, desired = 2, max = 4 }
    cluster_public_access_cidrs = ["0.0.0.0/0"]
    cluster_admin_arns          = ["*"]
    database_version            = "99.9"
    database_storage_gb         = { allocated = 20, max = 20 }
    database_backup_days        = 0
    ssh                         = { cidr = "0.0.0.0/0", key_name = "mine" }
    log_retention_days          = 7
    grafana_cloud               = true
    github_repository           = "owner/*"
  }

  expect_failures = [
    var.region, var.name, var.vpc_cidr, var.zones, var.kubernetes_version, var.node_count, var.cluster_public_access_cidrs, var.cluster_admin_arns,
    var.database_version, var.database_storage_gb, var.database_backup_days, var.ssh, var.log_retention_days, var.github_repository, var.grafana_agent_image,
  ]
}

run "workflows_need_the_state" {
  command = plan

  variables {
    github_repository = "owner/repository"
  }

  expect_failures = [var.state_bucket]
}
