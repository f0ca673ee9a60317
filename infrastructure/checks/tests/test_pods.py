"""Every pod is confined, watched, and given what it needs."""

import re
from ipaddress import ip_network

import pytest

import manifests
from manifests import containers, one, pod, workloads

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
DRAIN_SECONDS = 75  # docs/serving.md
every_combination = pytest.mark.parametrize(("overlay", "components"), manifests.combined())


def _all_pods(found):
    pods = [(each["metadata"]["name"], pod(each)) for each in workloads(found)]
    assert pods
    return pods


def _faults(spec, container):
    """What the Pod Security Standard `restricted` has against a container."""
    of_pod, own = spec.get("securityContext", {}), container.get("securityContext", {})
    both = of_pod | own
    capabilities = own.get("capabilities", {})
    rules = {
        "shares the host's namespaces": not any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")),
        "volumes": all(set(volume) - {"name"} <= VOLUMES for volume in spec.get("volumes", [])),
        "host ports": not any(port.get("hostPort") for port in container.get("ports", [])),
        "privileged": not own.get("privileged"),
        "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
        "runAsNonRoot": both.get("runAsNonRoot") is True,
        "runAsUser": both.get("runAsUser", 0) > 0,
        "seccompProfile": both.get("seccompProfile", {}).get("type") in ("RuntimeDefault", "Localhost"),
        "capabilities": "ALL" in capabilities.get("drop", [])
        and set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"},
        "procMount": own.get("procMount", "Default") == "Default",
        "SELinux": not both.get("seLinuxOptions"),
        "sysctls": not of_pod.get("sysctls"),
        "AppArmor": both.get("appArmorProfile", {}).get("type") != "Unconfined",
        "Windows": not both.get("windowsOptions"),
    }
    return [rule for rule, holds in rules.items() if not holds]


@every_combination
def test_every_container_keeps_to_the_standard_restricted(rendered, overlay, components):
    for name, template in _all_pods(rendered[overlay, components]):
        for container in containers(template):
            assert not _faults(template["spec"], container), f"{name}, {container['name']}"


@every_combination
def test_every_container_can_write_to_its_volumes_alone_and_has_no_token(rendered, overlay, components):
    for name, template in _all_pods(rendered[overlay, components]):
        assert template["spec"]["automountServiceAccountToken"] is False, name
        for container in containers(template):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, name


@every_combination
def test_the_namespace_enforces_the_standard(rendered, overlay, components):
    labels = one(rendered[overlay, components], "Namespace", "online-course")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@every_combination
def test_every_image_is_of_one_version(rendered, overlay, components):
    for _, template in _all_pods(rendered[overlay, components]):
        for container in containers(template):
            image = container["image"]
            if overlay == "k8s-remote":
                assert re.search(r"@sha256:[0-9a-f]{64}$", image), image
            else:
                assert re.search(r":[\w.-]+$", image) and not image.endswith(":latest"), image


@every_combination
def test_every_container_has_resources_and_probes(rendered, overlay, components):
    for _, template in _all_pods(rendered[overlay, components]):
        for container in containers(template):
            for limit in ("requests", "limits"):
                assert {"cpu", "memory"} <= set(container["resources"][limit]), container["name"]
        for container in template["spec"]["containers"]:
            assert {"livenessProbe", "readinessProbe"} <= set(container), container["name"]


@every_combination
def test_the_service_is_asked_whether_it_lives_and_whether_it_is_ready(rendered, overlay, components):
    (container,) = _web(rendered[overlay, components])["spec"]["containers"]
    paths = {probe: container[probe]["httpGet"]["path"] for probe in container if probe.endswith("Probe")}
    assert paths == {
        "startupProbe": "/health/live",
        "livenessProbe": "/health/live",
        "readinessProbe": "/health/ready",
    }


@every_combination
def test_the_service_has_the_time_to_drain(rendered, overlay, components):
    found = rendered[overlay, components]
    delay = float(one(found, "ConfigMap", "web")["data"]["SHUTDOWN_DELAY"])
    assert delay >= 5
    assert _web(found)["spec"]["terminationGracePeriodSeconds"] >= delay + DRAIN_SECONDS


@every_combination
def test_the_outbox_fills_up_before_its_volume_does(rendered, overlay, components):
    found = rendered[overlay, components]
    largest = int(one(found, "ConfigMap", "web")["data"]["OUTBOX_MAX_BYTES"])
    if "durable-outbox" in components:
        (claim,) = one(found, "StatefulSet", "web")["spec"]["volumeClaimTemplates"]
        assert claim["metadata"]["name"] == "outbox"
        size = claim["spec"]["resources"]["requests"]["storage"]
    else:
        size = _volumes(_web(found))["outbox"]["emptyDir"]["sizeLimit"]
    assert _bytes(size) >= 1.25 * largest


@every_combination
def test_a_pod_may_use_the_disk_that_its_volumes_allow(rendered, overlay, components):
    template = _web(rendered[overlay, components])
    allowed = template["spec"]["containers"][0]["resources"]["limits"]["ephemeral-storage"]
    volumes = [volume["emptyDir"]["sizeLimit"] for volume in _volumes(template).values() if "emptyDir" in volume]
    assert _bytes(allowed) > sum(map(_bytes, volumes))


@every_combination
def test_the_paths_that_the_service_writes_to_are_volumes(rendered, overlay, components):
    found = rendered[overlay, components]
    (container,) = _web(found)["spec"]["containers"]
    mounted = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    settings = one(found, "ConfigMap", "web")["data"]
    assert mounted == {settings["OUTBOX_DIR"], settings["MODEL_CACHE"], "/tmp"}
    assert container["ports"][0]["containerPort"] == int(settings["WEB_PORT"])


def test_a_rolling_update_takes_no_pod_away_before_another_is_ready(local, remote):
    for found in (local, remote):
        rolling = one(found, "Deployment", "web")["spec"]["strategy"]["rollingUpdate"]
        assert rolling["maxUnavailable"] == 0 and rolling["maxSurge"] >= 1


@every_combination
def test_more_than_one_pod_serves_and_one_at_a_time_may_be_moved(rendered, overlay, components):
    found = rendered[overlay, components]
    scaler = one(found, "HorizontalPodAutoscaler", "web")["spec"]
    target = one(found, scaler["scaleTargetRef"]["kind"], scaler["scaleTargetRef"]["name"])
    assert "replicas" not in target["spec"]  # else each `kubectl apply` would undo what the autoscaler decided
    assert scaler["minReplicas"] >= 2
    budget = one(found, "PodDisruptionBudget", "web")["spec"]
    assert budget["maxUnavailable"] == 1
    assert _selects(budget["selector"], pod(target))


@every_combination
def test_all_traffic_is_denied_but_for_what_a_policy_of_a_pod_opens(rendered, overlay, components):
    found = rendered[overlay, components]
    policies = {each["metadata"]["name"]: each["spec"] for each in found if each["kind"] == "NetworkPolicy"}
    denied = policies.pop("default-deny")
    assert denied == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, policy in policies.items():
        assert {"Ingress": "ingress", "Egress": "egress"}.keys() >= set(policy["policyTypes"])
        for direction in policy["policyTypes"]:
            for rule in policy[direction.lower()]:
                assert rule["ports"], f"{name} opens every port"
                assert direction == "Egress" or rule["from"], f"{name} lets everyone in"
    chosen = [policy for policy in policies.values() if policy["podSelector"]]
    for name, template in _all_pods(found):
        assert any(_selects(policy["podSelector"], template) for policy in chosen), name
    templates = [template for _, template in _all_pods(found)]
    for policy in chosen:
        assert any(_selects(policy["podSelector"], template) for template in templates)


def test_only_mlflow_may_be_anywhere_and_the_database_only_in_private_networks(remote):
    ports = {}
    for policy in (each["spec"] for each in remote if each["kind"] == "NetworkPolicy"):
        for rule in policy.get("egress", []):
            blocks = [ip_network(to["ipBlock"]["cidr"]) for to in rule.get("to", []) if "ipBlock" in to]
            ports |= {port["port"]: blocks for port in rule["ports"]}
    assert set(ports) == {53, 5000, 5432, 443, 80}
    assert ports[5432] and all(block.is_private and block.prefixlen >= 8 for block in ports[5432])
    assert ports[80] == [ip_network("169.254.170.23/32")]


@every_combination
def test_every_service_and_ingress_leads_to_a_port_that_is_there(rendered, overlay, components):
    found = rendered[overlay, components]
    templates = [template for _, template in _all_pods(found)]
    services = {each["metadata"]["name"]: each["spec"] for each in found if each["kind"] == "Service"}
    for service in services.values():
        (template,) = [each for each in templates if _selects({"matchLabels": service["selector"]}, each)]
        names = {port["name"] for container in containers(template) for port in container.get("ports", [])}
        assert {port["targetPort"] for port in service["ports"]} <= names
    for ingress in (each["spec"] for each in found if each["kind"] == "Ingress"):
        for path in ingress["rules"][0]["http"]["paths"]:
            backend = path["backend"]["service"]
            assert backend["port"]["name"] in {port["name"] for port in services[backend["name"]]["ports"]}


def _web(found):
    (workload,) = [each for each in workloads(found) if each["metadata"]["name"] == "web"]
    return pod(workload)


def _volumes(template):
    return {volume["name"]: volume for volume in template["spec"]["volumes"]}


def _bytes(quantity):
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", quantity).groups()
    return int(number) * {"Mi": 1024**2, "Gi": 1024**3}[unit]


def _selects(selector, template):
    labels = template["metadata"]["labels"]
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In"
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
