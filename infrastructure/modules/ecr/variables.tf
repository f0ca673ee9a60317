variable "name" {
  description = "What names begin with"
  type        = string
}

variable "repositories" {
  description = "Names of the images"
  type        = list(string)
}

variable "keep" {
  description = "Images to keep of each, signatures and attestations included"
  type        = number
  default     = 100
}

variable "kms_key_arn" {
  description = "Key that images are encrypted with"
  type        = string
}

variable "force_delete" {
  description = "Whether a repository that holds images may be deleted"
  type        = bool
}
