variable "name" {
  description = "What names begin with"
  type        = string
}

variable "cidr" {
  description = "Addresses of the network"
  type        = string
}

variable "zones" {
  description = "Availability zones to use"
  type        = number
}

variable "nat_per_zone" {
  description = "Whether each zone has a NAT gateway of its own"
  type        = bool
}

variable "kms_key_arn" {
  description = "Key that the flow logs are encrypted with"
  type        = string
}

variable "log_retention_days" {
  description = "Days that flow logs are kept"
  type        = number
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role that writes flow logs"
  type        = string
}
