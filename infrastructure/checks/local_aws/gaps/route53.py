"""Route 53: a zone of a network is a private one, and says which networks it is of."""

# What is filled in becomes methods of moto's classes.
# pylint: disable=protected-access

from moto.route53.models import FakeZone
from moto.route53.responses import Route53


def fill() -> None:
    """AWS knows a private zone by the network that it is made for; moto wants to be told, and names none."""
    create, get = Route53.create_hosted_zone, Route53.get_hosted_zone

    def create_for_network(self):
        answer = create(self)
        zone: FakeZone = answer.result["HostedZone"]
        network = self._get_param("VPC.VPCId")
        if network and not zone.vpcs:
            zone.private_zone = True
            zone.add_vpc(network, self._get_param("VPC.VPCRegion"))
            answer.result["VPC"] = {"VPCId": network, "VPCRegion": self._get_param("VPC.VPCRegion")}
        return answer

    def get_with_networks(self):
        answer = get(self)
        networks = answer.result.get("VPCs") or []
        answer.result["VPCs"] = [{"VPCId": one["vpc_id"], "VPCRegion": one["vpc_region"]} for one in networks]
        return answer

    Route53.create_hosted_zone = create_for_network
    Route53.get_hosted_zone = get_with_networks
