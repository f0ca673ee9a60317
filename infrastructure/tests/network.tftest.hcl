mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                     = "online-course"
  cidr                     = "10.0.0.0/16"
  zones                    = 2
  nat_per_zone             = false
  kms_key_arn              = "arn:aws:kms:eu-central-1:123456789012:key/given"
  log_retention_days       = 365
  permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
}

run "by_default" {
  module {
    source = "./modules/network"
  }

  assert {
    condition     = alltrue([for subnets in [aws_subnet.public, aws_subnet.private, aws_subnet.database] : length(distinct([for subnet in subnets : subnet.availability_zone])) == 2])
    error_message = "each kind of subnet is in two zones"
  }

  assert {
    condition     = length(distinct(concat([for s in aws_subnet.public : s.cidr_block], [for s in aws_subnet.private : s.cidr_block], [for s in aws_subnet.database : s.cidr_block]))) == 6
    error_message = "no two subnets have the same addresses"
  }

  assert {
    condition     = alltrue([for subnets in [aws_subnet.public, aws_subnet.private, aws_subnet.database] : alltrue([for subnet in subnets : !coalesce(subnet.map_public_ip_on_launch, false)])])
    error_message = "nothing gets a public address by itself"
  }

  assert {
    condition     = alltrue([for association in aws_route_table_association.database : association.route_table_id == aws_route_table.database.id])
    error_message = "the database's subnets have the route table without routes"
  }

  assert {
    condition     = !contains(concat([aws_route.public.route_table_id], [for route in aws_route.private : route.route_table_id]), aws_route_table.database.id)
    error_message = "no route is in the database's table"
  }

  assert {
    condition     = length(coalesce(aws_default_security_group.closed.ingress, [])) + length(coalesce(aws_default_security_group.closed.egress, [])) == 0
    error_message = "the default security group lets nothing through"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(distinct([for route in aws_route.private : route.nat_gateway_id])) == 1
    error_message = "both zones go out by one NAT gateway"
  }

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.kms_key_id == var.kms_key_arn && aws_cloudwatch_log_group.flow.retention_in_days == 365
    error_message = "all traffic is logged, encrypted, for the days given"
  }

  assert {
    condition     = toset(aws_vpc_endpoint.s3.route_table_ids) == toset([for table in aws_route_table.private : table.id])
    error_message = "S3 is reached without the NAT gateway from all private subnets"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints.cidr_ipv4 == var.cidr
    error_message = "the endpoints answer the network alone"
  }
}

run "one_nat_gateway_a_zone" {
  module {
    source = "./modules/network"
  }

  variables {
    zones        = 3
    nat_per_zone = true
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 3 && length(distinct([for route in aws_route.private : route.nat_gateway_id])) == 3
    error_message = "each zone has its own way out"
  }
}
