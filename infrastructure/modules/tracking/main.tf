data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

# Nothing is kept on the host: runs are in the database, artifacts in S3. It may be replaced at any time.
resource "aws_instance" "this" {
  ami                    = data.aws_ssm_parameter.image.insecure_value
  instance_type          = var.instance_type
  subnet_id              = var.subnet_id
  vpc_security_group_ids = [aws_security_group.this.id]
  iam_instance_profile   = aws_iam_instance_profile.this.name
  key_name               = var.ssh == null ? null : var.ssh.key_name
  ebs_optimized          = true
  monitoring             = true

  user_data_base64            = local.user_data
  user_data_replace_on_change = true

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = 30
    encrypted   = true

    tags = { Name = "${var.name}-tracking", Project = var.name }
  }

  tags = { Name = "${var.name}-tracking" }

  lifecycle {
    # A new image comes with `terraform apply -replace=module.tracking.aws_instance.this`, not with the next change of something else.
    ignore_changes = [ami]
  }
}

# A name that stays when the host is replaced.
resource "aws_route53_zone" "this" {
  name    = "${var.name}.internal"
  comment = "Names within the network"

  vpc {
    vpc_id = var.vpc_id
  }
}

resource "aws_route53_record" "this" {
  zone_id = aws_route53_zone.this.zone_id
  name    = "tracking.${aws_route53_zone.this.name}"
  type    = "A"
  ttl     = 60
  records = [aws_instance.this.private_ip]
}

# Which images the host runs: the workflow that deploys writes them here, and tells the host by the document below.
resource "aws_ssm_parameter" "image" {
  #checkov:skip=CKV2_AWS_34:The name of an image is no secret
  for_each = toset(["mlpipeline", "monitoring"])

  name        = "/${var.name}/images/${each.key}"
  description = "Image by digest that the tracking host runs; none at first"
  type        = "String"
  value       = "none"

  lifecycle {
    ignore_changes = [value]
  }
}

resource "aws_ssm_document" "release" {
  name            = "${var.name}-release"
  document_type   = "Command"
  document_format = "JSON"

  content = jsonencode({
    schemaVersion = "2.2"
    description   = "Has the tracking host run the images that the parameters /${var.name}/images/* name"
    mainSteps = [{
      name   = "release"
      action = "aws:runShellScript"
      inputs = { timeoutSeconds = "1800", runCommand = ["/opt/online-course/release"] }
    }]
  })
}

# A person puts the token of Grafana Cloud in; Terraform knows only that there is a place for it.
resource "aws_secretsmanager_secret" "grafana" {
  #checkov:skip=CKV2_AWS_57:Only Grafana Cloud can make another token; a person puts it in
  count = var.grafana_cloud ? 1 : 0

  name                    = "${var.name}/grafana-pdc"
  description             = "Token of Grafana's agent for private data sources: {\"token\", \"cluster\", \"hosted_grafana_id\"}"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = 7
}
