mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                     = "online-course"
  region                   = "eu-central-1"
  repository               = "owner/repository"
  oidc_provider_exists     = false
  state_bucket             = "state"
  cluster_arn              = "arn:aws:eks:eu-central-1:123456789012:cluster/online-course"
  permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
}

run "by_default" {
  module {
    source = "./modules/github"
  }

  assert {
    condition = { for name, role in aws_iam_role.this : name => one(jsondecode(role.assume_role_policy).Statement).Condition } == {
      plan   = { StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com", "token.actions.githubusercontent.com:sub" = ["repo:owner/repository:pull_request", "repo:owner/repository:ref:refs/heads/main"] } }
      deploy = { StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com", "token.actions.githubusercontent.com:sub" = ["repo:owner/repository:environment:production"] } }
    }
    error_message = "pull requests and main may plan, and the environment production may deploy: this repository's, and without a wildcard"
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.this : role.permissions_boundary == var.permissions_boundary_arn])
    error_message = "neither may do more than the boundary says"
  }

  assert {
    condition = alltrue([
      for action in flatten([for statement in jsondecode(aws_iam_role_policy.plan.policy).Statement : statement.Action]) :
      can(regex("^[a-z0-9]+:(Describe|Get|List)", action))
    ])
    error_message = "it changes nothing"
  }

  assert {
    condition = alltrue([
      for action in ["s3:GetObject", "s3:GetObjectVersion", "secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:StartSession", "rds-db:connect", "kms:Decrypt", "logs:GetLogEvents", "eks:AccessKubernetesApi", "ecr:GetAuthorizationToken"] :
      !anytrue([
        for statement in jsondecode(aws_iam_role_policy.plan.policy).Statement : anytrue([
          for allowed in flatten([statement.Action]) : can(regex("^${replace(allowed, "*", ".*")}$", action))
        ]) if contains(flatten([statement.Resource]), "*")
      ])
    ])
    error_message = "it reads settings, and no data: the code of a pull request runs with it"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.plan.policy).Statement : statement.Resource if statement.Action == "s3:GetObject"] == ["arn:aws:s3:::state/online-course/terraform.tfstate"]
    error_message = "of all objects, it reads the state"
  }

  assert {
    condition = alltrue([
      for action in ["secretsmanager:GetSecretValue", "s3:GetObject", "rds-db:connect", "iam:CreateUser", "iam:CreateAccessKey", "iam:CreatePolicyVersion", "iam:DeleteRolePermissionsBoundary", "ssm:SendCommand", "ssm:StartSession", "sts:AssumeRole"] :
      !anytrue([
        for statement in jsondecode(aws_iam_policy.change.policy).Statement : anytrue([
          for allowed in flatten([statement.Action]) : can(regex("^${replace(allowed, "*", ".*")}$", action))
        ]) if contains(flatten([statement.Resource]), "*")
      ])
    ])
    error_message = "it reads no secret and no data, makes no users, and does not widen its own rights"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_policy.change.policy).Statement : statement.Resource if contains(flatten([statement.Action]), "iam:CreateRole")] == [["arn:aws:iam::123456789012:role/online-course-*", "arn:aws:iam::123456789012:instance-profile/online-course-*"]]
    error_message = "it makes roles of this stack's names alone"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_policy.change.policy).Statement : statement.Condition if contains(flatten([statement.Action]), "ec2:*")] == [{ StringEquals = { "aws:RequestedRegion" = "eu-central-1" } }]
    error_message = "it works in one region"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_policy.release.policy).Statement : statement.Resource if flatten([statement.Action]) == ["ssm:StartSession"] && strcontains(jsonencode(statement.Resource), "document")] == ["arn:aws:ssm:eu-central-1::document/AWS-StartPortForwardingSessionToRemoteHost"]
    error_message = "it forwards ports, and opens no shell"
  }

  assert {
    condition     = length(aws_iam_policy.change.policy) < 6144 && length(aws_iam_policy.release.policy) < 6144 && length(aws_iam_role_policy.plan.policy) < 10240
    error_message = "IAM takes policies of 6,144 characters, and of 10,240 within a role"
  }
}

run "the_provider_may_exist" {
  module {
    source = "./modules/github"
  }

  variables {
    oidc_provider_exists = true
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.this) == 0 && one(jsondecode(aws_iam_role.this["plan"].assume_role_policy).Statement).Principal.Federated == "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    error_message = "an account has one provider for GitHub"
  }
}
