resource "aws_security_group" "this" {
  name        = "${var.name}-tracking"
  description = "Host of MLflow and Prefect"
  vpc_id      = var.vpc_id
}

# People, and the workflows, come by Session Manager, which needs no open port.
resource "aws_vpc_security_group_ingress_rule" "mlflow" {
  security_group_id            = aws_security_group.this.id
  description                  = "MLflow from the pods"
  referenced_security_group_id = var.node_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 5000
  to_port                      = 5000
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  count = var.ssh == null ? 0 : 1

  security_group_id = aws_security_group.this.id
  description       = "SSH from one network"
  cidr_ipv4         = var.ssh.cidr
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  description       = "AWS, packages, Kaggle, and webhooks"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "database" {
  security_group_id = aws_security_group.this.id
  description       = "Postgres within the network"
  cidr_ipv4         = var.vpc_cidr
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
}

# Grafana's agent opens a tunnel by SSH to Grafana Cloud.
resource "aws_vpc_security_group_egress_rule" "grafana" {
  count = var.grafana_cloud ? 1 : 0

  security_group_id = aws_security_group.this.id
  description       = "Tunnel to Grafana Cloud"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}
