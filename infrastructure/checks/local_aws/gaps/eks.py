"""EKS: what a cluster is made with, and its node groups. What is in a cluster, and updates, are in `eks_api`."""

# What is filled in becomes methods of moto's classes.
# pylint: disable=protected-access

import uuid

from moto.ec2.models import ec2_backends
from moto.eks import urls
from moto.eks.responses import EKSResponse

from local_aws.gaps import eks_api

NODE_IMAGE = "20261001"


def fill() -> None:
    """moto forgets some of what a cluster is made with, and knows no calls for what is in it."""
    EKSResponse.create_cluster = _create(EKSResponse.create_cluster)
    EKSResponse.create_nodegroup = _create_nodes(EKSResponse.create_nodegroup)
    EKSResponse.delete_cluster = _delete(EKSResponse.delete_cluster)
    for pattern in eks_api.PATTERNS:
        urls.url_paths[f"{{0}}{pattern}"] = eks_api.answer


def _create(create):
    def action(self):
        answer = create(self)
        cluster = answer.result["cluster"]
        # As AWS, it does not tell later whether who made it became its administrator.
        given = dict(self._get_param("accessConfig") or {})
        given.pop("bootstrapClusterCreatorAdminPermissions", None)
        cluster.access_config = {"authenticationMode": "CONFIG_MAP"} | given
        cluster.upgrade_policy = self._get_param("upgradePolicy") or {"supportType": "EXTENDED"}
        network = ec2_backends[self.current_account][self.region]
        vpc_id = network.get_subnet(cluster.resources_vpc_config["subnetIds"][0]).vpc_id
        name = f"eks-cluster-sg-{cluster.name}-{uuid.uuid4().hex[:8]}"
        group = network.create_security_group(name, "EKS created security group", vpc_id=vpc_id)
        cluster.resources_vpc_config = {
            "securityGroupIds": [],
            **cluster.resources_vpc_config,
            "clusterSecurityGroupId": group.id,
            "vpcId": vpc_id,
        }
        cluster.inside = {kind: {} for kind in eks_api.KINDS}
        return answer

    return action


def _create_nodes(create):
    def action(self):
        answer = create(self)
        nodes = answer.result["nodegroup"]
        nodes.remote_access = self._get_param("remoteAccess")
        if not nodes.remote_access:
            nodes.resources = {key: value for key, value in nodes.resources.items() if "remote" not in key}
        nodes.update_config = self._get_param("updateConfig") or {"maxUnavailable": 1}
        nodes.version = self._get_param("version") or self.eks_backend.clusters[nodes.cluster_name].version
        nodes.release_version = self._get_param("releaseVersion") or f"{nodes.version}.0-{NODE_IMAGE}"
        if nodes.launch_template:
            nodes.disk_size = None
        return answer

    return action


def _delete(delete):
    def action(self):
        answer = delete(self)
        group = answer.result["cluster"].resources_vpc_config["clusterSecurityGroupId"]
        ec2_backends[self.current_account][self.region].delete_security_group(group_id=group)
        return answer

    return action
