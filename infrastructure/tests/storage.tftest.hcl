mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name          = "online-course"
  kms_key_arn   = "arn:aws:kms:eu-central-1:123456789012:key/given"
  force_destroy = false
}

run "by_default" {
  module {
    source = "./modules/storage"
  }

  assert {
    condition     = aws_s3_bucket.artifacts.bucket == "online-course-artifacts-123456789012" && !aws_s3_bucket.artifacts.force_destroy
    error_message = "it has the account's name, and is not deleted with what is in it"
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.artifacts.block_public_acls, aws_s3_bucket_public_access_block.artifacts.block_public_policy,
      aws_s3_bucket_public_access_block.artifacts.ignore_public_acls, aws_s3_bucket_public_access_block.artifacts.restrict_public_buckets,
    ])
    error_message = "nothing in it can be made public"
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.artifacts.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.kms_key_arn
    error_message = "it is encrypted with the key given"
  }

  assert {
    condition     = one(aws_s3_bucket_versioning.artifacts.versioning_configuration).status == "Enabled"
    error_message = "older versions are kept"
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement :
      statement.Effect == "Deny" && statement.Action == "s3:*" && statement.Principal == "*" && statement.Condition == { Bool = { "aws:SecureTransport" = "false" } }
      && toset(statement.Resource) == toset([aws_s3_bucket.artifacts.arn, "${aws_s3_bucket.artifacts.arn}/*"])
    ])
    error_message = "what does not come by TLS is denied"
  }
}
