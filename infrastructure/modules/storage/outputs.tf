output "bucket" {
  description = "Bucket of MLflow's artifacts"
  value       = aws_s3_bucket.artifacts.bucket
}

output "bucket_arn" {
  description = "ARN of the bucket of MLflow's artifacts"
  value       = aws_s3_bucket.artifacts.arn
}
