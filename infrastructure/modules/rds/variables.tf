variable "name" {
  description = "Name of the instance, and what names begin with"
  type        = string
}

variable "engine_version" {
  description = "Version of Postgres"
  type        = string
}

variable "instance_class" {
  description = "Class of the instance"
  type        = string
}

variable "storage_gb" {
  description = "Size at first, and size that it may grow to, in GB"
  type        = object({ allocated = number, max = number })
}

variable "multi_az" {
  description = "Whether a second instance stands by in another zone"
  type        = bool
}

variable "backup_days" {
  description = "Days that it can be set back to any second of"
  type        = number
}

variable "deletion_protection" {
  description = "Whether it outlives `terraform destroy`; without, there is no last snapshot either"
  type        = bool
}

variable "vpc_id" {
  description = "Network"
  type        = string
}

variable "subnet_ids" {
  description = "Subnets, in two zones or more"
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "RDS needs subnets in two zones."
  }
}

variable "client_security_group_ids" {
  description = "Security groups that may connect, by the name of who is in them"
  type        = map(string)
}

variable "kms_key_arn" {
  description = "Key that the storage, the logs and the administrator's password are encrypted with"
  type        = string
}

variable "log_retention_days" {
  description = "Days that logs are kept"
  type        = number
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role of enhanced monitoring"
  type        = string
}
