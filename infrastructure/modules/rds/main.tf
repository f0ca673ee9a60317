locals {
  port = 5432
}

resource "aws_db_instance" "this" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class

  allocated_storage     = var.storage_gb.allocated
  max_allocated_storage = var.storage_gb.max
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  # AWS makes up the password, keeps it in Secrets Manager and changes it each week: it is in no state. Only database.sh uses it;
  # the services sign in with tokens of IAM.
  username                            = "postgres"
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = var.kms_key_arn
  iam_database_authentication_enabled = true

  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  parameter_group_name   = aws_db_parameter_group.this.name
  port                   = local.port
  publicly_accessible    = false
  multi_az               = var.multi_az

  backup_retention_period    = var.backup_days
  backup_window              = "02:00-03:00"
  maintenance_window         = "Mon:03:30-Mon:04:30"
  copy_tags_to_snapshot      = true
  deletion_protection        = var.deletion_protection
  delete_automated_backups   = false
  skip_final_snapshot        = !var.deletion_protection
  final_snapshot_identifier  = "${var.name}-final"
  auto_minor_version_upgrade = true
  # What needs a restart waits for the maintenance window.
  apply_immediately = false

  performance_insights_enabled    = true
  performance_insights_kms_key_id = var.kms_key_arn
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring.arn

  depends_on = [aws_iam_role_policy_attachment.monitoring, aws_cloudwatch_log_group.this]
}

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Subnets without a way to the internet"
  subnet_ids  = var.subnet_ids
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "postgres${split(".", var.engine_version)[0]}"
  description = "TLS only; slow statements and connections are logged"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  # No contents of rows: parameters of statements are not logged.
  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  parameter {
    name  = "log_connections"
    value = "1"
  }

  parameter {
    name  = "log_parameter_max_length"
    value = "0"
  }

  lifecycle {
    create_before_destroy = true
  }
}

# The rules are within the group, not beside it: so a plan sees a rule that somebody has added by hand, and takes it away.
# Nothing goes out, and nobody else comes in.
resource "aws_security_group" "this" {
  name        = "${var.name}-database"
  description = "The database"
  vpc_id      = var.vpc_id

  dynamic "ingress" {
    for_each = var.client_security_group_ids

    content {
      description     = "Postgres from ${ingress.key}"
      security_groups = [ingress.value]
      protocol        = "tcp"
      from_port       = local.port
      to_port         = local.port
    }
  }
}

# RDS would make these itself, to be kept for ever and without our key.
resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["postgresql", "upgrade"])

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_iam_role" "monitoring" {
  name                 = "${var.name}-database-monitoring"
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}
