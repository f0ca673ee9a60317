variable "name" {
  description = "What names begin with"
  type        = string
}

variable "kms_key_arn" {
  description = "Key that objects are encrypted with"
  type        = string
}

variable "force_destroy" {
  description = "Whether the bucket may be deleted with what is in it"
  type        = bool
}
