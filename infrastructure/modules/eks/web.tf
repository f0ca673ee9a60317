# What the prediction service may do in AWS: read models, and sign in to the database as its own user.
resource "aws_eks_pod_identity_association" "web" {
  cluster_name    = aws_eks_cluster.this.name
  namespace       = var.web.namespace
  service_account = var.web.service_account
  role_arn        = aws_iam_role.web.arn
}

resource "aws_iam_role" "web" {
  name                 = "${var.name}-web"
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { Service = "pods.eks.amazonaws.com" }
    }]
  })
}

locals {
  models_bucket = split("/", var.web.models)[0]
  models_prefix = trimprefix(var.web.models, "${local.models_bucket}/")
}

resource "aws_iam_role_policy" "web" {
  name = "models-and-database"
  role = aws_iam_role.web.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadModels"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = var.web.models
      },
      {
        # MLflow asks which files a model has.
        Sid       = "ListModels"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = local.models_bucket
        Condition = { StringLike = { "s3:prefix" = local.models_prefix } }
      },
      {
        Sid       = "DecryptModels"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = var.kms_key_arn
        Condition = { StringLike = { "kms:EncryptionContext:aws:s3:arn" = [local.models_bucket, var.web.models] } }
      },
      {
        Sid      = "SignInToDatabase"
        Effect   = "Allow"
        Action   = "rds-db:connect"
        Resource = var.web.database_users
      },
    ]
  })
}
