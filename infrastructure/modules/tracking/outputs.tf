output "security_group_id" {
  description = "Security group of the host"
  value       = aws_security_group.this.id
}

output "instance_id" {
  description = "The host, for Session Manager"
  value       = aws_instance.this.id
}

output "uri" {
  description = "Address of MLflow within the network"
  value       = "http://${aws_route53_record.this.name}:5000"
}

output "image_parameters" {
  description = "Names of the parameters that say which images run, by name of the image"
  value       = { for name, parameter in aws_ssm_parameter.image : name => parameter.name }
}

output "release_document" {
  description = "Name of the document that has the host run those images"
  value       = aws_ssm_document.release.name
}
