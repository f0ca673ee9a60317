mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                          = "online-course"
  kubernetes_version            = "1.35"
  vpc_id                        = "vpc-1"
  subnet_ids                    = ["subnet-1", "subnet-2"]
  public_access_cidrs           = []
  api_client_security_group_ids = { tracking = "sg-tracking" }
  admin_arns                    = ["arn:aws:iam::123456789012:role/admin"]
  deployer_arns                 = { deploy = "arn:aws:iam::123456789012:role/online-course-github-deploy" }
  node_instance_types           = ["t3.medium"]
  node_count                    = { min = 2, desired = 2, max = 4 }
  kms_key_arn                   = "arn:aws:kms:eu-central-1:123456789012:key/given"
  log_retention_days            = 365
  permissions_boundary_arn      = "arn:aws:iam::123456789012:policy/boundary"

  web = {
    namespace       = "online-course"
    service_account = "web"
    models          = "arn:aws:s3:::artifacts/mlflow/*"
    database_users  = ["arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-MADEUP/mlops"]
  }
}

run "by_default" {
  module {
    source = "./modules/eks"
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "without networks that may reach it, the API has no public endpoint"
  }

  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.api : rule.referenced_security_group_id]) == toset(["sg-tracking"]) && alltrue([for rule in aws_vpc_security_group_ingress_rule.api : rule.from_port == 443 && rule.to_port == 443])
    error_message = "within the network, the tracking host may reach it"
  }

  assert {
    condition     = one(aws_eks_cluster.this.encryption_config).resources == toset(["secrets"]) && one(one(aws_eks_cluster.this.encryption_config).provider).key_arn == var.kms_key_arn
    error_message = "Secrets are encrypted with the key given"
  }

  assert {
    condition     = aws_eks_cluster.this.enabled_cluster_log_types == toset(["api", "audit", "authenticator", "controllerManager", "scheduler"])
    error_message = "all logs of the control plane are kept"
  }

  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "access is by entries alone, and who makes the cluster is nobody special"
  }

  assert {
    condition     = [for association in aws_eks_access_policy_association.deployer : [association.policy_arn, one(association.access_scope).type, one(association.access_scope).namespaces]] == [["arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy", "namespace", toset(["online-course"])]]
    error_message = "the workflow works in its namespace"
  }

  assert {
    condition     = [for association in aws_eks_access_policy_association.admin : [association.principal_arn, one(association.access_scope).type]] == [["arn:aws:iam::123456789012:role/admin", "cluster"]]
    error_message = "administrators are those that were named"
  }

  assert {
    condition     = aws_eks_pod_identity_association.web.namespace == "online-course" && aws_eks_pod_identity_association.web.service_account == "web" && aws_eks_pod_identity_association.web.role_arn == aws_iam_role.web.arn
    error_message = "the role is that of the service's account"
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.web.policy).Statement : statement.Action => statement.Resource } == {
      "s3:GetObject"   = "arn:aws:s3:::artifacts/mlflow/*"
      "s3:ListBucket"  = "arn:aws:s3:::artifacts"
      "kms:Decrypt"    = "arn:aws:kms:eu-central-1:123456789012:key/given"
      "rds-db:connect" = ["arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-MADEUP/mlops"]
    }
    error_message = "it may do these four things, and no more"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.web.policy).Statement : statement.Condition if statement.Action == "s3:ListBucket"] == [{ StringLike = { "s3:prefix" = "mlflow/*" } }]
    error_message = "it lists the models, and nothing beside them"
  }

  assert {
    condition     = aws_launch_template.node.metadata_options[0].http_tokens == "required" && aws_launch_template.node.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "a pod cannot ask for the node's credentials"
  }

  assert {
    condition     = aws_launch_template.node.block_device_mappings[0].ebs[0].encrypted == "true"
    error_message = "disks are encrypted"
  }

  assert {
    condition     = aws_eks_node_group.this.ami_type == "AL2023_x86_64_STANDARD" && aws_eks_node_group.this.version == aws_eks_cluster.this.version && toset(aws_eks_node_group.this.subnet_ids) == toset(var.subnet_ids)
    error_message = "nodes run Amazon Linux 2023 of the cluster's version, in all zones"
  }

  assert {
    condition     = toset(concat(keys(aws_eks_addon.before_nodes), keys(aws_eks_addon.on_nodes))) == toset(["vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns", "metrics-server"])
    error_message = "the cluster has what the manifests need"
  }

  assert {
    condition     = jsondecode(aws_eks_addon.before_nodes["vpc-cni"].configuration_values).enableNetworkPolicy == "true"
    error_message = "network policies are enforced"
  }

  assert {
    condition     = alltrue([for role in [aws_iam_role.cluster, aws_iam_role.node, aws_iam_role.web] : role.permissions_boundary == var.permissions_boundary_arn])
    error_message = "without the boundary, the workflow could not make them"
  }
}

run "or_open_to_some" {
  module {
    source = "./modules/eks"
  }

  variables {
    public_access_cidrs = ["203.0.113.4/32"]
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_public_access && aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["203.0.113.4/32"])
    error_message = "the public endpoint answers those alone"
  }
}
