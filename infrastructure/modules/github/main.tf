data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  issuer       = "token.actions.githubusercontent.com"
  account      = data.aws_caller_identity.current.account_id
  partition    = data.aws_partition.current.partition
  iam_arn      = "arn:${local.partition}:iam::${local.account}"
  provider_arn = var.oidc_provider_exists ? "${local.iam_arn}:oidc-provider/${local.issuer}" : aws_iam_openid_connect_provider.this[0].arn

  # Who GitHub says is asking. A pull request from a fork gets no token at all.
  subjects = {
    plan   = ["repo:${var.repository}:pull_request", "repo:${var.repository}:ref:refs/heads/main"]
    deploy = ["repo:${var.repository}:environment:production"]
  }
  artifacts_arn = "arn:${local.partition}:s3:::${var.name}-artifacts-${local.account}"
  state_arn     = "arn:${local.partition}:s3:::${var.state_bucket}"
  state_key     = "online-course/terraform.tfstate"
}

resource "aws_iam_openid_connect_provider" "this" {
  count = var.oidc_provider_exists ? 0 : 1

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "this" {
  for_each = local.subjects

  name                 = "${var.name}-github-${each.key}"
  description          = "GitHub's workflows: ${join(", ", each.value)}"
  permissions_boundary = var.permissions_boundary_arn
  max_session_duration = 7200

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = local.provider_arn }
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = each.value
        }
      }
    }]
  })
}
