output "vpc_id" {
  description = "The network"
  value       = aws_vpc.this.id
}

output "zones" {
  description = "Availability zones that are used"
  value       = local.zones
}

output "public_subnet_ids" {
  description = "Subnets of NAT gateways and load balancers, one a zone"
  value       = [for zone in local.zones : aws_subnet.public[zone].id]
}

output "private_subnet_ids" {
  description = "Subnets of nodes and of the tracking host, one a zone"
  value       = [for zone in local.zones : aws_subnet.private[zone].id]
}

output "database_subnet_ids" {
  description = "Subnets of the database, one a zone, with no way to the internet"
  value       = [for zone in local.zones : aws_subnet.database[zone].id]
}
