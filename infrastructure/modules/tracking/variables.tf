variable "name" {
  description = "What names begin with"
  type        = string
}

variable "instance_type" {
  description = "Type of the host, x86_64"
  type        = string
}

variable "vpc_id" {
  description = "Network"
  type        = string
}

variable "vpc_cidr" {
  description = "Addresses of the network, where the database is"
  type        = string
}

variable "subnet_id" {
  description = "Private subnet of the host"
  type        = string
}

variable "node_security_group_id" {
  description = "Security group of the cluster's nodes, which fetch models"
  type        = string
}

variable "ssh" {
  description = "Network that may use SSH, and the key pair; null for none"
  type        = object({ cidr = string, key_name = string })
}

variable "grafana_cloud" {
  description = "Whether the host runs Grafana's agent for private data sources"
  type        = bool
}

variable "grafana_agent_image" {
  description = "Image of Grafana's agent for private data sources, which grafana_cloud has the host run"
  type        = string
}

variable "settings" {
  description = "Further settings of training and monitoring, such as DATA_SOURCE or TIME_ZONE, by name; no secrets"
  type        = map(string)

  validation {
    condition     = alltrue([for name, value in var.settings : can(regex("^[A-Z][A-Z0-9_]*$", name)) && can(regex("^[^\n\r\"'\\\\]*$", value))])
    error_message = "Settings have names like DATA_SOURCE, and values without quotes, backslashes and line breaks."
  }
}

variable "bucket" {
  description = "Bucket of MLflow's artifacts"
  type        = string
}

variable "bucket_arn" {
  description = "ARN of the bucket of MLflow's artifacts"
  type        = string
}

variable "artifacts_prefix" {
  description = "Folder of MLflow's artifacts in the bucket"
  type        = string
}

variable "database_host" {
  description = "Address of the database"
  type        = string
}

variable "database_port" {
  description = "Port of the database"
  type        = number
}

variable "database_users" {
  description = "ARNs of the database users that the host signs in as"
  type        = list(string)
}

variable "repository_arns" {
  description = "ARNs of the repositories of the images that the host runs"
  type        = list(string)
}

variable "kms_key_arn" {
  description = "Key that images, artifacts and the agent's secret are encrypted with"
  type        = string
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the host's role"
  type        = string
}
