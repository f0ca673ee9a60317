output "host" {
  description = "Address, which the server's certificate is for"
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port"
  value       = aws_db_instance.this.port
}

output "connect_arn_prefix" {
  description = "What the ARN of a database user begins with, for rds-db:connect; the name of the user follows"
  value       = "${replace(replace(aws_db_instance.this.arn, ":rds:", ":rds-db:"), "/:db:.*$/", ":dbuser:")}${aws_db_instance.this.resource_id}/"
}

output "secret_arn" {
  description = "ARN of the administrator's password in Secrets Manager"
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}
