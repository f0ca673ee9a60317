# The most that any role of this stack may ever do, whatever its policies say. The role that deploys may make only roles with
# this boundary, and so none that may do more than itself.
locals {
  iam_arn      = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}"
  boundary_arn = "${local.iam_arn}:policy/${var.name}-boundary"
}

resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-boundary"
  description = "The most that roles of ${var.name} may do"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Which of these a role has, its own policies say.
        Sid    = "Services"
        Effect = "Allow"
        Action = [
          "autoscaling:*", "cloudwatch:*", "ec2:*", "ec2messages:*", "ecr:*", "eks:*", "eks-auth:*", "elasticloadbalancing:*", "iam:Get*", "iam:List*",
          "iam:CreateServiceLinkedRole", "kms:*", "logs:*", "rds:*", "rds-db:connect", "route53:*", "s3:*", "secretsmanager:*", "ssm:*", "ssmmessages:*",
        ]
        Resource = "*"
      },
      {
        # Neither users, nor other roles of the account, nor whom it trusts.
        Sid      = "OurRoles"
        Effect   = "Allow"
        Action   = "iam:*"
        Resource = [for kind in ["role", "policy", "instance-profile"] : "${local.iam_arn}:${kind}/${var.name}-*"]
      },
      {
        Sid       = "RolesHaveTheBoundary"
        Effect    = "Deny"
        Action    = ["iam:CreateRole", "iam:PutRolePermissionsBoundary"]
        Resource  = "*"
        Condition = { StringNotEquals = { "iam:PermissionsBoundary" = local.boundary_arn } }
      },
      {
        Sid      = "AndKeepIt"
        Effect   = "Deny"
        Action   = "iam:DeleteRolePermissionsBoundary"
        Resource = "*"
      },
      {
        # A person alone changes the boundary, and what the workflows may do.
        Sid       = "NotItselfNorTheWorkflows"
        Effect    = "Deny"
        NotAction = ["iam:Get*", "iam:List*"]
        Resource  = [local.boundary_arn, "${local.iam_arn}:role/${var.name}-github-*", "${local.iam_arn}:policy/${var.name}-github-*"]
      },
    ]
  })
}
