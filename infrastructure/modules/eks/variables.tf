variable "name" {
  description = "Name of the cluster, and what names begin with"
  type        = string
}

variable "kubernetes_version" {
  description = "Version of the cluster and of its nodes"
  type        = string
}

variable "vpc_id" {
  description = "Network"
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets, in two zones or more"
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "EKS needs subnets in two zones."
  }
}

variable "public_access_cidrs" {
  description = "Networks that may reach the API from outside; with none, it has no public endpoint"
  type        = list(string)
}

variable "api_client_security_group_ids" {
  description = "Security groups that may reach the API within the network, by the name of who is in them"
  type        = map(string)
}

variable "admin_arns" {
  description = "ARNs of roles and users who may do everything in the cluster"
  type        = list(string)
}

variable "deployer_arns" {
  description = "ARNs of roles that may deploy to the service's namespace, by a name"
  type        = map(string)
}

variable "node_instance_types" {
  description = "Types of the nodes"
  type        = list(string)
}

variable "node_count" {
  description = "Least, wanted at first, and most nodes"
  type        = object({ min = number, desired = number, max = number })
}

variable "web" {
  description = "The prediction service: its namespace and service account, the ARN of the models in S3, and the ARNs of its database users"
  type = object({
    namespace       = string
    service_account = string
    models          = string
    database_users  = list(string)
  })
}

variable "kms_key_arn" {
  description = "Key that Secrets, logs and models are encrypted with"
  type        = string
}

variable "log_retention_days" {
  description = "Days that logs of the control plane are kept"
  type        = number
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the roles"
  type        = string
}
