# What a merge to main may do, once a person has approved it: change the stack, and release. The boundary keeps it from more.
# Where AWS knows names in ARNs, only those of this stack are allowed; where it does not, only in this region.
locals {
  regional = { StringEquals = { "aws:RequestedRegion" = var.region } }
  ours = {
    for service, resource in {
      ecr = "repository/${var.name}/*"
      ssm = "parameter/${var.name}/*"
    } : service => "arn:${local.partition}:${service}:${var.region}:${local.account}:${resource}"
  }

  change = [
    {
      # Networks, hosts and keys get their names from AWS.
      Sid    = "InThisRegion"
      Effect = "Allow"
      Action = [
        "autoscaling:Describe*", "ec2:*", "eks:*",
        "kms:CreateAlias", "kms:CreateGrant", "kms:CreateKey", "kms:DeleteAlias", "kms:DescribeKey", "kms:EnableKeyRotation", "kms:Get*", "kms:List*",
        "kms:PutKeyPolicy", "kms:RetireGrant", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
        "logs:AssociateKmsKey", "logs:CreateLogDelivery", "logs:CreateLogGroup", "logs:DeleteLogDelivery", "logs:DeleteLogGroup",
        "logs:DescribeLogGroups", "logs:ListTagsForResource", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource",
        "rds:*",
      ]
      Resource  = "*"
      Condition = local.regional
    },
    {
      # These services try the key in the name of who makes something with it, such as the administrator's secret.
      Sid       = "EncryptWithServices"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "*"
      Condition = { StringEquals = { "kms:ViaService" = [for service in ["ecr", "rds", "secretsmanager"] : "${service}.${var.region}.amazonaws.com"] } }
    },
    {
      Sid      = "Names"
      Effect   = "Allow"
      Action   = ["route53:*"]
      Resource = "*"
    },
    {
      Sid    = "Repositories"
      Effect = "Allow"
      Action = [
        "ecr:CreateRepository", "ecr:DeleteLifecyclePolicy", "ecr:DeleteRepository", "ecr:DescribeRepositories", "ecr:GetLifecyclePolicy",
        "ecr:GetRepositoryPolicy", "ecr:ListTagsForResource", "ecr:PutImageScanningConfiguration", "ecr:PutImageTagMutability",
        "ecr:PutLifecyclePolicy", "ecr:TagResource", "ecr:UntagResource",
      ]
      Resource = local.ours.ecr
    },
    {
      # The bucket's settings, and not what is in it.
      Sid    = "Bucket"
      Effect = "Allow"
      Action = [
        "s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:GetAccelerateConfiguration", "s3:GetBucket*", "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:PutBucket*", "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
      ]
      Resource = local.artifacts_arn
    },
    {
      # Their values are not read.
      Sid    = "Secrets"
      Effect = "Allow"
      Action = [
        "secretsmanager:CreateSecret", "secretsmanager:DeleteSecret", "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy",
        "secretsmanager:RotateSecret", "secretsmanager:TagResource", "secretsmanager:UntagResource", "secretsmanager:UpdateSecret",
      ]
      Resource = [
        for name in ["${var.name}/*", "rds!*"] : "arn:${local.partition}:secretsmanager:${var.region}:${local.account}:secret:${name}"
      ]
    },
    {
      Sid    = "ParametersAndDocuments"
      Effect = "Allow"
      Action = [
        "ssm:AddTagsToResource", "ssm:CreateDocument", "ssm:DeleteDocument", "ssm:DeleteParameter", "ssm:DescribeDocument",
        "ssm:DescribeDocumentPermission", "ssm:GetDocument", "ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource",
        "ssm:PutParameter", "ssm:RemoveTagsFromResource", "ssm:UpdateDocument", "ssm:UpdateDocumentDefaultVersion",
      ]
      Resource = concat(local.parameter_arns, [local.ours.ssm, local.release_arn])
    },
    {
      Sid      = "FindParameters"
      Effect   = "Allow"
      Action   = "ssm:DescribeParameters"
      Resource = "*"
    },
    {
      Sid      = "ReadRoles"
      Effect   = "Allow"
      Action   = ["iam:Get*", "iam:List*"]
      Resource = "*"
    },
    {
      Sid    = "Roles"
      Effect = "Allow"
      Action = [
        "iam:AddRoleToInstanceProfile", "iam:AttachRolePolicy", "iam:CreateInstanceProfile", "iam:CreateRole", "iam:DeleteInstanceProfile", "iam:DeleteRole",
        "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePolicy", "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile",
        "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription",
      ]
      Resource = [for kind in ["role", "instance-profile"] : "${local.iam_arn}:${kind}/${var.name}-*"]
    },
    {
      Sid       = "PassRolesToAWS"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = "${local.iam_arn}:role/${var.name}-*"
      Condition = { StringLike = { "iam:PassedToService" = "*.amazonaws.com" } }
    },
    {
      Sid      = "State"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = ["${local.state_arn}/${local.state_key}", "${local.state_arn}/${local.state_key}.tflock"]
    },
    {
      Sid      = "UnlockState"
      Effect   = "Allow"
      Action   = "s3:DeleteObject"
      Resource = "${local.state_arn}/${local.state_key}.tflock"
    },
    {
      Sid      = "FindState"
      Effect   = "Allow"
      Action   = "s3:ListBucket"
      Resource = local.state_arn
    },
  ]
}

resource "aws_iam_policy" "change" {
  name        = "${var.name}-github-change"
  description = "Change the stack with Terraform"
  policy      = jsonencode({ Version = "2012-10-17", Statement = local.change })
}

resource "aws_iam_role_policy_attachment" "change" {
  role       = aws_iam_role.this["deploy"].name
  policy_arn = aws_iam_policy.change.arn
}
