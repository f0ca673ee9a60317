locals {
  # Roles and database users of the services, and where MLflow keeps artifacts in the bucket.
  artifacts_prefix = "mlflow"
  database_users   = { web = ["mlops"], tracking = ["mlflow", "prefect", "mlops"] }
}

module "network" {
  source = "./modules/network"

  name                     = var.name
  cidr                     = var.vpc_cidr
  zones                    = var.zones
  nat_per_zone             = var.nat_per_zone
  kms_key_arn              = aws_kms_key.this.arn
  log_retention_days       = var.log_retention_days
  permissions_boundary_arn = aws_iam_policy.boundary.arn
}

module "ecr" {
  source = "./modules/ecr"

  name         = var.name
  repositories = ["web", "mlpipeline", "monitoring"]
  kms_key_arn  = aws_kms_key.this.arn
  force_delete = !var.deletion_protection
}

module "storage" {
  source = "./modules/storage"

  name          = var.name
  kms_key_arn   = aws_kms_key.this.arn
  force_destroy = !var.deletion_protection
}

module "rds" {
  source = "./modules/rds"

  name                     = var.name
  engine_version           = var.database_version
  instance_class           = var.database_instance_class
  storage_gb               = var.database_storage_gb
  multi_az                 = var.database_multi_az
  backup_days              = var.database_backup_days
  deletion_protection      = var.deletion_protection
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.database_subnet_ids
  kms_key_arn              = aws_kms_key.this.arn
  log_retention_days       = var.log_retention_days
  permissions_boundary_arn = aws_iam_policy.boundary.arn

  client_security_group_ids = {
    nodes    = module.eks.node_security_group_id
    tracking = module.tracking.security_group_id
  }
}

module "eks" {
  source = "./modules/eks"

  name                     = var.name
  kubernetes_version       = var.kubernetes_version
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.private_subnet_ids
  public_access_cidrs      = var.cluster_public_access_cidrs
  node_instance_types      = var.node_instance_types
  node_count               = var.node_count
  admin_arns               = var.cluster_admin_arns
  kms_key_arn              = aws_kms_key.this.arn
  log_retention_days       = var.log_retention_days
  permissions_boundary_arn = aws_iam_policy.boundary.arn

  api_client_security_group_ids = { tracking = module.tracking.security_group_id }
  deployer_arns                 = { for name, github in module.github : name => github.deploy_role_arn }

  web = {
    namespace       = "online-course"
    service_account = "web"
    models          = "${module.storage.bucket_arn}/${local.artifacts_prefix}/*"
    database_users  = [for user in local.database_users.web : "${module.rds.connect_arn_prefix}${user}"]
  }
}

module "tracking" {
  source = "./modules/tracking"

  name                     = var.name
  instance_type            = var.tracking_instance_type
  vpc_id                   = module.network.vpc_id
  vpc_cidr                 = var.vpc_cidr
  subnet_id                = module.network.private_subnet_ids[0]
  node_security_group_id   = module.eks.node_security_group_id
  ssh                      = var.ssh
  grafana_cloud            = var.grafana_cloud
  grafana_agent_image      = var.grafana_agent_image
  settings                 = var.tracking_settings
  kms_key_arn              = aws_kms_key.this.arn
  permissions_boundary_arn = aws_iam_policy.boundary.arn

  bucket           = module.storage.bucket
  bucket_arn       = module.storage.bucket_arn
  artifacts_prefix = local.artifacts_prefix
  database_host    = module.rds.host
  database_port    = module.rds.port
  database_users   = [for user in local.database_users.tracking : "${module.rds.connect_arn_prefix}${user}"]
  repository_arns  = [module.ecr.repository_arns["mlpipeline"], module.ecr.repository_arns["monitoring"]]
}

# Without a repository, no workflow may do anything in this account.
module "github" {
  source   = "./modules/github"
  for_each = var.github_repository == "" ? {} : { deploy = var.github_repository }

  name                     = var.name
  region                   = var.region
  repository               = each.value
  oidc_provider_exists     = var.github_oidc_provider_exists
  state_bucket             = var.state_bucket
  permissions_boundary_arn = aws_iam_policy.boundary.arn
  cluster_arn              = module.eks.cluster_arn
}
