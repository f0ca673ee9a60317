# What `terraform plan` reads. The code of a pull request runs with it, so it reads settings and no data: no objects but the state,
# no logs, no rows, no secrets, and it opens no session anywhere.
locals {
  read_actions = [
    "ec2:Describe*", "ec2:GetLaunchTemplateData", "ec2:GetManagedPrefixListEntries",
    "ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy", "ecr:ListTagsForResource",
    "eks:Describe*", "eks:List*",
    "iam:GetInstanceProfile", "iam:GetOpenIDConnectProvider", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListOpenIDConnectProviders", "iam:ListPolicyVersions", "iam:ListRolePolicies",
    "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListResourceTags",
    "logs:DescribeLogGroups", "logs:ListTagsForResource",
    "rds:Describe*", "rds:ListTagsForResource",
    "route53:GetChange", "route53:GetDNSSEC", "route53:GetHostedZone", "route53:ListHostedZones", "route53:ListResourceRecordSets", "route53:ListTagsForResource",
    "s3:GetAccelerateConfiguration", "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration",
    "s3:ListAllMyBuckets",
    "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy",
    "ssm:DescribeDocument", "ssm:DescribeDocumentPermission", "ssm:DescribeParameters", "ssm:GetDocument", "ssm:ListTagsForResource",
  ]
  parameter_arns = [
    "arn:${local.partition}:ssm:${var.region}::parameter/aws/service/ami-amazon-linux-latest/*",
    "arn:${local.partition}:ssm:${var.region}:${local.account}:parameter/${var.name}/images/*",
  ]
}

resource "aws_iam_role_policy" "plan" {
  #checkov:skip=CKV_AWS_355:What a plan reads, such as ec2:Describe*, has no resources that could be named; it reads no data
  name = "plan"
  role = aws_iam_role.this["plan"].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadSettings"
        Effect   = "Allow"
        Action   = local.read_actions
        Resource = "*"
      },
      {
        Sid      = "ReadParameters"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter", "ssm:GetParameters"]
        Resource = local.parameter_arns
      },
      {
        Sid      = "ReadState"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "${local.state_arn}/${local.state_key}"
      },
      {
        # To see that a bucket is there is to list it.
        Sid      = "FindBuckets"
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = [local.state_arn, local.artifacts_arn]
      },
    ]
  })
}
