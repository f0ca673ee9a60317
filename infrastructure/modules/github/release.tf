# What a release does besides Terraform: push images, tell the host, and talk to the cluster and to MLflow through the host.
locals {
  release_arn = "arn:${local.partition}:ssm:${var.region}:${local.account}:document/${var.name}-release"
  host = {
    Resource  = "arn:${local.partition}:ec2:${var.region}:${local.account}:instance/*"
    Condition = { StringEquals = { "ssm:resourceTag/Project" = var.name } }
  }
}

resource "aws_iam_policy" "release" {
  name        = "${var.name}-github-release"
  description = "Release images and models"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "SignInToRegistry"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Sid    = "PushImages"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer",
          "ecr:InitiateLayerUpload", "ecr:ListImages", "ecr:PutImage", "ecr:UploadLayerPart",
        ]
        Resource = local.ours.ecr
      },
      {
        Sid      = "SayWhichImages"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter", "ssm:PutParameter"]
        Resource = "arn:${local.partition}:ssm:${var.region}:${local.account}:parameter/${var.name}/images/*"
      },
      {
        Sid      = "ReleaseDocument"
        Effect   = "Allow"
        Action   = "ssm:SendCommand"
        Resource = local.release_arn
      },
      merge(local.host, {
        Sid    = "ReleaseOnHost"
        Effect = "Allow"
        Action = "ssm:SendCommand"
      }),
      {
        Sid      = "SeeWhatCameOfIt"
        Effect   = "Allow"
        Action   = ["ssm:GetCommandInvocation", "ssm:ListCommandInvocations"]
        Resource = "*"
      },
      {
        Sid      = "ForwardPorts"
        Effect   = "Allow"
        Action   = "ssm:StartSession"
        Resource = "arn:${local.partition}:ssm:${var.region}::document/AWS-StartPortForwardingSessionToRemoteHost"
      },
      merge(local.host, {
        Sid       = "ThroughHost"
        Effect    = "Allow"
        Action    = "ssm:StartSession"
        Condition = merge(local.host.Condition, { BoolIfExists = { "ssm:SessionDocumentAccessCheck" = "true" } })
      }),
      {
        Sid      = "EndOwnSessions"
        Effect   = "Allow"
        Action   = ["ssm:ResumeSession", "ssm:TerminateSession"]
        Resource = "arn:${local.partition}:ssm:${var.region}:${local.account}:session/$${aws:userid}-*"
      },
      {
        Sid      = "FindCluster"
        Effect   = "Allow"
        Action   = "eks:DescribeCluster"
        Resource = var.cluster_arn
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "release" {
  role       = aws_iam_role.this["deploy"].name
  policy_arn = aws_iam_policy.release.arn
}
