variable "name" {
  description = "What names begin with"
  type        = string
}

variable "region" {
  description = "Region that the workflows may change"
  type        = string
}

variable "repository" {
  description = "OWNER/NAME on GitHub"
  type        = string
}

variable "oidc_provider_exists" {
  description = "Whether the account has GitHub's OIDC provider already"
  type        = bool
}

variable "state_bucket" {
  description = "Bucket of Terraform's state"
  type        = string
}

variable "cluster_arn" {
  description = "ARN of the cluster that is deployed to"
  type        = string
}

variable "permissions_boundary_arn" {
  description = "The most that the roles may do"
  type        = string
}
