output "plan_role_arn" {
  description = "Role of pull requests, which reads"
  value       = aws_iam_role.this["plan"].arn
}

output "deploy_role_arn" {
  description = "Role of the environment production, which changes"
  value       = aws_iam_role.this["deploy"].arn
}
