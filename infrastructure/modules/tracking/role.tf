resource "aws_iam_instance_profile" "this" {
  name = "${var.name}-tracking"
  role = aws_iam_role.this.name
}

resource "aws_iam_role" "this" {
  name                 = "${var.name}-tracking"
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "tracking"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          # No more than Session Manager and Run Command need; AmazonSSMManagedInstanceCore would read every parameter of the account.
          Sid    = "SystemsManager"
          Effect = "Allow"
          Action = [
            "ssm:DescribeAssociation", "ssm:GetDeployablePatchSnapshotForInstance", "ssm:GetDocument", "ssm:DescribeDocument", "ssm:GetManifest",
            "ssm:ListAssociations", "ssm:ListInstanceAssociations", "ssm:PutInventory", "ssm:PutComplianceItems", "ssm:PutConfigurePackageResult",
            "ssm:UpdateAssociationStatus", "ssm:UpdateInstanceAssociationStatus", "ssm:UpdateInstanceInformation",
            "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
            "ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage", "ec2messages:FailMessage", "ec2messages:GetEndpoint",
            "ec2messages:GetMessages", "ec2messages:SendReply",
          ]
          Resource = "*"
        },
        {
          Sid      = "WhichImages"
          Effect   = "Allow"
          Action   = ["ssm:GetParameter", "ssm:GetParameters"]
          Resource = [for parameter in aws_ssm_parameter.image : parameter.arn]
        },
        {
          Sid      = "SignInToRegistry"
          Effect   = "Allow"
          Action   = "ecr:GetAuthorizationToken"
          Resource = "*"
        },
        {
          Sid      = "PullImages"
          Effect   = "Allow"
          Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = var.repository_arns
        },
        {
          Sid      = "Artifacts"
          Effect   = "Allow"
          Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
          Resource = "${var.bucket_arn}/${var.artifacts_prefix}/*"
        },
        {
          Sid       = "ListArtifacts"
          Effect    = "Allow"
          Action    = "s3:ListBucket"
          Resource  = var.bucket_arn
          Condition = { StringLike = { "s3:prefix" = ["${var.artifacts_prefix}", "${var.artifacts_prefix}/*"] } }
        },
        {
          Sid       = "EncryptArtifacts"
          Effect    = "Allow"
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = var.kms_key_arn
          Condition = { StringLike = { "kms:EncryptionContext:aws:s3:arn" = [var.bucket_arn, "${var.bucket_arn}/${var.artifacts_prefix}/*"] } }
        },
        {
          Sid      = "SignInToDatabase"
          Effect   = "Allow"
          Action   = "rds-db:connect"
          Resource = var.database_users
        },
      ],
      [for secret in aws_secretsmanager_secret.grafana : {
        Sid      = "GrafanaToken"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = secret.arn
      }],
      [for secret in aws_secretsmanager_secret.grafana : {
        Sid       = "DecryptGrafanaToken"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = var.kms_key_arn
        Condition = { StringEquals = { "kms:EncryptionContext:SecretARN" = secret.arn } }
      }],
    )
  })
}
