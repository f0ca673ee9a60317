"""EC2: detailed monitoring, and answers in AWS' form."""

# What is filled in becomes methods of moto's classes.
# pylint: disable=protected-access

from moto.core.responses import ActionResult
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.ec2.responses.monitoring import Monitoring


def fill() -> None:
    """MonitorInstances is missing; two answers differ from AWS' and would be a change at each plan."""
    Monitoring.monitor_instances = _monitoring("enabled")
    Monitoring.unmonitor_instances = _monitoring("disabled")
    # Of a rule that names another group, moto keeps the description with the group.
    SecurityGroupRule.description = property(
        lambda rule: rule.ip_range.get("Description") or rule.source_group.get("Description")
    )
    LaunchTemplates.describe_launch_template_versions = _without_tags_of_the_template(
        LaunchTemplates.describe_launch_template_versions
    )


def _monitoring(state: str):
    def action(self):
        found = []
        for instance_id in self._get_param("InstanceIds", []):
            self.ec2_backend.get_instance(instance_id).monitoring_state = state
            found.append({"InstanceId": instance_id, "Monitoring": {"State": state}})
        return ActionResult({"InstanceMonitorings": found})

    return action


def _without_tags_of_the_template(describe):
    """Tags of the template itself are no part of what it launches."""

    def action(self):
        answer = describe(self)
        for version in answer.result["LaunchTemplateVersions"]:
            data = dict(version["LaunchTemplateData"])
            tags = [tag for tag in data.pop("TagSpecifications", []) if tag.get("ResourceType") != "launch-template"]
            version["LaunchTemplateData"] = data | ({"TagSpecifications": tags} if tags else {})
        return answer

    return action
