# stand-in until the boot files are merged
locals {
  user_data = base64gzip("#!/bin/sh\necho ${var.bucket} ${var.database_host} ${var.database_port} ${data.aws_region.current.name} ${data.aws_caller_identity.current.account_id}\n")
}
