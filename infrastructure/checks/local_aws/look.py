"""A look at the applied stack with boto3, past Terraform. Each check returns None, or what is wrong."""

from collections.abc import Callable

NAME = "online-course"
ARTIFACTS = f"{NAME}-artifacts-123456789012"
Client = Callable[[str], object]


def the_database_is_private_and_encrypted(client: Client, _state: dict) -> str | None:
    """No public address, our key, TLS by force, no password of ours, protected."""
    (database,) = client("rds").describe_db_instances()["DBInstances"]
    parameters = client("rds").describe_db_parameters(
        DBParameterGroupName=database["DBParameterGroups"][0]["DBParameterGroupName"]
    )["Parameters"]
    seen = {
        "public": database["PubliclyAccessible"],
        "encrypted": database["StorageEncrypted"] and ":key/" in database["KmsKeyId"],
        "tls": [one["ParameterValue"] for one in parameters if one["ParameterName"] == "rds.force_ssl"],
        "tokens": database["IAMDatabaseAuthenticationEnabled"],
        "protected": database["DeletionProtection"],
        "password of AWS": "MasterUserSecret" in database,
    }
    wanted = {
        "public": False,
        "encrypted": True,
        "tls": ["1"],
        "tokens": True,
        "protected": True,
        "password of AWS": True,
    }
    return None if seen == wanted else f"the database: {seen}"


def the_database_is_in_two_zones_without_a_way_out(client: Client, _state: dict) -> str | None:
    """Its subnets' route tables know the network alone."""
    ec2 = client("ec2")
    (group,) = client("rds").describe_db_subnet_groups()["DBSubnetGroups"]
    subnets = [one["SubnetIdentifier"] for one in group["Subnets"]]
    found = ec2.describe_subnets(SubnetIds=subnets)["Subnets"]
    zones = {one["AvailabilityZone"] for one in found}
    tables = ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": subnets}])["RouteTables"]
    ways = [route for table in tables for route in table["Routes"] if route.get("GatewayId") != "local"]
    return None if len(zones) == 2 and tables and not ways else f"the database's subnets: zones {zones}, routes {ways}"


def who_reaches_the_database(client: Client, _state: dict) -> str | None:
    """Port 5432, from two security groups, and from no address."""
    ec2 = client("ec2")
    (database,) = client("rds").describe_db_instances()["DBInstances"]
    ids = [one["VpcSecurityGroupId"] for one in database["VpcSecurityGroups"]]
    groups = ec2.describe_security_groups(GroupIds=ids)["SecurityGroups"]
    rules = [rule for group in groups for rule in group["IpPermissions"]]
    addresses = [one for rule in rules for one in (*rule["IpRanges"], *rule.get("Ipv6Ranges", []))]
    sources = sorted(pair["GroupId"] for rule in rules for pair in rule["UserIdGroupPairs"])
    cluster = client("eks").describe_cluster(name=NAME)["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
    host = _group(client, f"{NAME}-tracking")["GroupId"]
    ports = {(rule["FromPort"], rule["ToPort"]) for rule in rules}
    if ports == {(5432, 5432)} and not addresses and sources == sorted([cluster, host]):
        return None
    return f"the database is reached by {sources} and {addresses} at {ports}"


def who_reaches_the_tracking_host(client: Client, _state: dict) -> str | None:
    """MLflow, from the nodes; no SSH; no public address."""
    rules = _group(client, f"{NAME}-tracking")["IpPermissions"]
    hosts = client("ec2").describe_instances(Filters=[{"Name": "tag:Name", "Values": [f"{NAME}-tracking"]}])
    (host,) = [one for reservation in hosts["Reservations"] for one in reservation["Instances"]]
    seen = [(rule["FromPort"], len(rule["UserIdGroupPairs"]), len(rule["IpRanges"])) for rule in rules]
    tokens = host["MetadataOptions"]["HttpTokens"]
    subnet = client("ec2").describe_subnets(SubnetIds=[host["SubnetId"]])["Subnets"][0]
    if seen == [(5000, 1, 0)] and tokens == "required" and not subnet["MapPublicIpOnLaunch"]:
        return None
    return f"the tracking host: rules {seen}, metadata tokens {tokens}"


def artifacts_are_private(client: Client, _state: dict) -> str | None:
    """Blocked for the public, versioned, encrypted with our key, by TLS alone."""
    s3 = client("s3")
    blocked = s3.get_public_access_block(Bucket=ARTIFACTS)["PublicAccessBlockConfiguration"]
    (rule,) = s3.get_bucket_encryption(Bucket=ARTIFACTS)["ServerSideEncryptionConfiguration"]["Rules"]
    key = rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID", "")
    versioned = s3.get_bucket_versioning(Bucket=ARTIFACTS).get("Status")
    policy = s3.get_bucket_policy(Bucket=ARTIFACTS)["Policy"]
    if all(blocked.values()) and ":key/" in key and versioned == "Enabled" and "aws:SecureTransport" in policy:
        return None
    return f"the bucket: {blocked}, key {key}, versioning {versioned}, policy {policy}"


def images_cannot_be_moved(client: Client, _state: dict) -> str | None:
    """Three repositories, with tags that stay."""
    found = client("ecr").describe_repositories()["repositories"]
    seen = {one["repositoryName"].split("/")[1]: one["imageTagMutability"] for one in found}
    wanted = {name: "IMMUTABLE" for name in ("mlpipeline", "monitoring", "web")}
    return None if seen == wanted else f"the repositories: {seen}"


def the_cluster_is_private(client: Client, _state: dict) -> str | None:
    """No public endpoint, access by entries, secrets encrypted, nodes in two zones."""
    eks = client("eks")
    cluster = eks.describe_cluster(name=NAME)["cluster"]
    network = cluster["resourcesVpcConfig"]
    subnets = client("ec2").describe_subnets(SubnetIds=network["subnetIds"])["Subnets"]
    seen = (
        network["endpointPublicAccess"],
        network["endpointPrivateAccess"],
        cluster["accessConfig"]["authenticationMode"],
        cluster["encryptionConfig"][0]["resources"],
        len({one["AvailabilityZone"] for one in subnets}),
    )
    return None if seen == (False, True, "API", ["secrets"], 2) else f"the cluster: {seen}"


def the_service_has_its_own_role(client: Client, _state: dict) -> str | None:
    """Pod Identity of web in online-course, and what its role may do."""
    eks, iam = client("eks"), client("iam")
    (one,) = eks.list_pod_identity_associations(clusterName=NAME)["associations"]
    role = eks.describe_pod_identity_association(clusterName=NAME, associationId=one["associationId"])["association"]
    name = role["roleArn"].split("/")[-1]
    policy = iam.get_role_policy(RoleName=name, PolicyName="models-and-database")["PolicyDocument"]
    allowed = sorted(statement["Action"] for statement in policy["Statement"])
    wanted = ["kms:Decrypt", "rds-db:connect", "s3:GetObject", "s3:ListBucket"]
    if (one["namespace"], one["serviceAccount"], allowed) == (NAME, "web", wanted):
        return None
    return f"the service's role: {one}, {allowed}"


def roles_have_the_boundary(client: Client, _state: dict) -> str | None:
    """All of this stack's roles."""
    iam = client("iam")
    names = [one["RoleName"] for one in iam.list_roles()["Roles"] if one["RoleName"].startswith(NAME)]
    roles = [iam.get_role(RoleName=name)["Role"] for name in names]
    without = [one["RoleName"] for one in roles if "PermissionsBoundary" not in one]
    return None if len(roles) == 8 and not without else f"{len(roles)} roles, without the boundary: {without}"


def everything_is_tagged(client: Client, _state: dict) -> str | None:
    """What was made in EC2 says whose it is."""
    ec2 = client("ec2")
    tagged = {
        one["ResourceId"] for one in ec2.describe_tags()["Tags"] if one["Key"] == "Project" and one["Value"] == NAME
    }
    made = [one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"] if not one["IsDefault"]]
    made += [one["SubnetId"] for one in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": made}])["Subnets"]]
    made += [one["NatGatewayId"] for one in ec2.describe_nat_gateways()["NatGateways"]]
    without = [one for one in made if one not in tagged]
    return None if len(made) == 8 and not without else f"of {made} are not tagged: {without}"


def no_secret_is_in_the_state(_client: Client, state: dict) -> str | None:
    """Neither a password nor the value of a secret."""
    held = []
    for resource in state["resources"]:
        for instance in resource["instances"]:
            for name, value in instance["attributes"].items():
                if value and name in ("password", "password_wo", "secret_string", "private_key", "user_password"):
                    held.append(f"{resource['type']}.{resource['name']}.{name}")
        if resource["type"] == "aws_secretsmanager_secret_version":
            held.append(resource["name"])
    return f"the state holds {held}" if held else None


CHECKS = (
    the_database_is_private_and_encrypted,
    the_database_is_in_two_zones_without_a_way_out,
    who_reaches_the_database,
    who_reaches_the_tracking_host,
    artifacts_are_private,
    images_cannot_be_moved,
    the_cluster_is_private,
    the_service_has_its_own_role,
    roles_have_the_boundary,
    everything_is_tagged,
    no_secret_is_in_the_state,
)


def at_everything(client: Client, state: dict) -> list[str]:
    """What is wrong."""
    return [wrong for check in CHECKS if (wrong := check(client, state))]


def open_the_database_to_the_world(client: Client) -> None:
    """Adds a rule to its security group."""
    group = _group(client, f"{NAME}-database")["GroupId"]
    world = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": "0.0.0.0/0"}
    client("ec2").authorize_security_group_ingress(GroupId=group, **world)


def what_is_left(client: Client) -> dict[str, list]:
    """What a destroyed stack has left behind, by service."""
    instances = client("ec2").describe_instances()["Reservations"]
    found = {
        "networks": [one["VpcId"] for one in client("ec2").describe_vpcs()["Vpcs"] if not one["IsDefault"]],
        "hosts": [one for group in instances for one in group["Instances"] if one["State"]["Name"] != "terminated"],
        "databases": client("rds").describe_db_instances()["DBInstances"],
        "clusters": client("eks").list_clusters()["clusters"],
        "repositories": client("ecr").describe_repositories()["repositories"],
        "buckets": [one["Name"] for one in client("s3").list_buckets()["Buckets"] if one["Name"] == ARTIFACTS],
        "roles": [one["RoleName"] for one in client("iam").list_roles()["Roles"] if one["RoleName"].startswith(NAME)],
        "zones": client("route53").list_hosted_zones()["HostedZones"],
        "log groups": client("logs").describe_log_groups()["logGroups"],
    }
    return {name: left for name, left in found.items() if left}


def _group(client: Client, name: str) -> dict:
    (found,) = client("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])[
        "SecurityGroups"
    ]
    return found
