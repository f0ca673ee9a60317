variable "region" {
  description = "Region of everything"
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is a region of AWS, such as eu-central-1."
  }
}

variable "name" {
  description = "What the names of all resources begin with, and what each is tagged with as Project"
  type        = string
  default     = "online-course"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name has 3 to 20 lower-case letters, digits and hyphens, and begins with a letter; names of buckets and roles are made from it."
  }
}

variable "tags" {
  description = "More tags for everything"
  type        = map(string)
  default     = {}
}

variable "vpc_cidr" {
  description = "Addresses of the network"
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.).*/(1[6-8])$", var.vpc_cidr))
    error_message = "vpc_cidr is a private network of /16 to /18, such as 10.0.0.0/16: the network policies of the pods allow the database in private networks alone."
  }
}

variable "zones" {
  description = "Availability zones to use"
  type        = number
  default     = 2

  validation {
    condition     = contains([2, 3], var.zones)
    error_message = "zones is 2 or 3: EKS and RDS need two."
  }
}

variable "nat_per_zone" {
  description = "Whether each zone has a NAT gateway of its own. One for all costs less, and its zone takes the way out of all with it"
  type        = bool
  default     = false
}

variable "kubernetes_version" {
  description = "Version of EKS; raise it by one minor version at a time"
  type        = string
  default     = "1.35"

  validation {
    condition     = can(regex("^1\\.(3[3-9]|4[0-9])$", var.kubernetes_version))
    error_message = "kubernetes_version is 1.33 or newer, without a patch level: the manifests need it."
  }
}

variable "node_instance_types" {
  description = "Types of the cluster's nodes, x86_64"
  type        = list(string)
  default     = ["t3.medium"]

  validation {
    condition     = length(var.node_instance_types) > 0
    error_message = "node_instance_types names one type at least."
  }
}

variable "node_count" {
  description = "Least, wanted at first, and most nodes"
  type        = object({ min = number, desired = number, max = number })
  default     = { min = 2, desired = 2, max = 4 }

  validation {
    condition     = var.node_count.min >= 1 && var.node_count.min <= var.node_count.desired && var.node_count.desired <= var.node_count.max
    error_message = "node_count needs 1 <= min <= desired <= max."
  }
}

variable "cluster_public_access_cidrs" {
  description = "Networks that may reach the cluster's API from outside; with none, it is reached through the tracking host (tunnel.sh cluster)"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.cluster_public_access_cidrs : can(cidrnetmask(cidr)) && !endswith(cidr, "/0")])
    error_message = "cluster_public_access_cidrs are networks such as 203.0.113.4/32, and not the whole world."
  }
}

variable "cluster_admin_arns" {
  description = "ARNs of roles and users who may do everything in the cluster; they set it up once"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.cluster_admin_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$", arn))])
    error_message = "cluster_admin_arns are ARNs of roles or users, such as arn:aws:iam::123456789012:role/admin."
  }
}

variable "database_version" {
  description = "Version of Postgres: 17 or 18, with or without the minor version"
  type        = string
  default     = "18"

  validation {
    condition     = can(regex("^1[78](\\.[0-9]+)?$", var.database_version))
    error_message = "database_version is 17 or 18, such as 18 or 18.3."
  }
}

variable "database_instance_class" {
  description = "Class of the database instance"
  type        = string
  default     = "db.t4g.small"

  validation {
    condition     = can(regex("^db\\.[a-z0-9-]+\\.[a-z0-9]+$", var.database_instance_class))
    error_message = "database_instance_class is a class of RDS, such as db.t4g.small."
  }
}

variable "database_storage_gb" {
  description = "Size of the database at first, and the size that it may grow to by itself, in GB"
  type        = object({ allocated = number, max = number })
  default     = { allocated = 20, max = 100 }

  validation {
    condition     = var.database_storage_gb.allocated >= 20 && var.database_storage_gb.max > var.database_storage_gb.allocated
    error_message = "database_storage_gb needs 20 <= allocated < max."
  }
}

variable "database_multi_az" {
  description = "Whether a second database instance stands by in another zone, at twice the price"
  type        = bool
  default     = false
}

variable "database_backup_days" {
  description = "Days that the database can be set back to any second of"
  type        = number
  default     = 7

  validation {
    condition     = var.database_backup_days >= 1 && var.database_backup_days <= 35
    error_message = "database_backup_days is 1 to 35."
  }
}

variable "deletion_protection" {
  description = "Whether the database, and the artifacts of MLflow, outlive `terraform destroy`"
  type        = bool
  default     = true
}

variable "tracking_instance_type" {
  description = "Type of the host of MLflow and Prefect, x86_64; training runs there"
  type        = string
  default     = "t3.large"
}

variable "ssh" {
  description = "Lets one network reach the tracking host by SSH, with an existing EC2 key pair; null leaves it to Session Manager. The network has to be routed into the VPC, since the host has no public address"
  type        = object({ cidr = string, key_name = string })
  default     = null

  validation {
    condition     = var.ssh == null ? true : can(cidrnetmask(var.ssh.cidr)) && !endswith(var.ssh.cidr, "/0")
    error_message = "ssh.cidr is one network, such as 203.0.113.4/32, and not the whole world."
  }
}

variable "grafana_cloud" {
  description = "Whether the tracking host runs Grafana's agent, through which Grafana Cloud reads the private database"
  type        = bool
  default     = false
}

variable "grafana_agent_image" {
  description = "Image of that agent, by digest; needed with grafana_cloud"
  type        = string
  default     = ""

  validation {
    condition     = var.grafana_cloud ? can(regex("@sha256:[0-9a-f]{64}$", var.grafana_agent_image)) : true
    error_message = "grafana_agent_image is the image of grafana/pdc-agent by digest, since grafana_cloud is set: docker.io/grafana/pdc-agent@sha256:..."
  }
}

variable "tracking_settings" {
  description = "Settings of training and monitoring on the tracking host that are not to be the defaults, such as DATA_SOURCE or TIME_ZONE; docs/settings.md lists them. No secrets"
  type        = map(string)
  default     = {}
}

variable "log_retention_days" {
  description = "Days that logs of the network and of the cluster are kept"
  type        = number
  default     = 365

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096], var.log_retention_days)
    error_message = "log_retention_days is one of the values that CloudWatch knows: 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096."
  }
}

variable "github_repository" {
  description = "Repository whose workflows may plan and deploy, as OWNER/NAME; left empty, none may"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository is OWNER/NAME, without a wildcard."
  }
}

variable "github_oidc_provider_exists" {
  description = "Whether the account has GitHub's OIDC provider already; an account can have but one"
  type        = bool
  default     = false
}

variable "state_bucket" {
  description = "Bucket of Terraform's state, which the workflows' roles may use; needed with github_repository"
  type        = string
  default     = ""

  validation {
    condition     = var.github_repository == "" || var.state_bucket != ""
    error_message = "state_bucket names the bucket of the state, since github_repository is given: its workflows have to read it."
  }
}
