output "region" {
  description = "Region of everything"
  value       = var.region
}

output "name" {
  description = "What names begin with"
  value       = var.name
}

output "vpc_id" {
  description = "The network"
  value       = module.network.vpc_id
}

output "cluster_name" {
  description = "Cluster of the prediction service"
  value       = module.eks.cluster_name
}

output "cluster_endpoint" {
  description = "Address of the cluster's API"
  value       = module.eks.cluster_endpoint
}

output "ecr_repository_urls" {
  description = "Where images are pushed to: web, mlpipeline, monitoring"
  value       = module.ecr.repository_urls
}

output "database_host" {
  description = "DB_HOST of the services"
  value       = module.rds.host
}

output "database_port" {
  description = "DB_PORT of the services"
  value       = module.rds.port
}

output "database_secret_arn" {
  description = "Where AWS keeps the administrator's password of the database, for database.sh"
  value       = module.rds.secret_arn
}

output "artifacts_bucket" {
  description = "Bucket of MLflow's artifacts"
  value       = module.storage.bucket
}

output "tracking_uri" {
  description = "TRACKING_URI of the services within the network"
  value       = module.tracking.uri
}

output "tracking_instance_id" {
  description = "Host of MLflow and Prefect, for tunnel.sh"
  value       = module.tracking.instance_id
}

output "image_parameters" {
  description = "Parameters that say which images the host runs: mlpipeline, monitoring"
  value       = module.tracking.image_parameters
}

output "release_document" {
  description = "Document of Systems Manager that has the host run those images"
  value       = module.tracking.release_document
}

output "github_plan_role_arn" {
  description = "AWS_PLAN_ROLE of the repository's variables; empty without github_repository"
  value       = join("", [for github in module.github : github.plan_role_arn])
}

output "github_deploy_role_arn" {
  description = "AWS_DEPLOY_ROLE of the repository's variables; empty without github_repository"
  value       = join("", [for github in module.github : github.deploy_role_arn])
}
