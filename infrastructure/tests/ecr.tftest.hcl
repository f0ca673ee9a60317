mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name         = "online-course"
  repositories = ["web", "monitoring"]
  kms_key_arn  = "arn:aws:kms:eu-central-1:123456789012:key/given"
  force_delete = false
}

run "by_default" {
  module {
    source = "./modules/ecr"
  }

  assert {
    condition     = [for repository in aws_ecr_repository.this : repository.name] == ["online-course/monitoring", "online-course/web"]
    error_message = "each image has a repository"
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE" && !repository.force_delete])
    error_message = "a tag cannot be moved to another image, and images are not deleted with their repository"
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : one(repository.image_scanning_configuration).scan_on_push])
    error_message = "images are scanned when they are pushed"
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : one(repository.encryption_configuration).kms_key == var.kms_key_arn])
    error_message = "images are encrypted with the key given"
  }

  assert {
    condition     = alltrue([for policy in aws_ecr_lifecycle_policy.this : one(jsondecode(policy.policy).rules).selection.countNumber == 100])
    error_message = "old images go"
  }
}
