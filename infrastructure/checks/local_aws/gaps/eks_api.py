"""EKS: add-ons, access entries and their policies, Pod Identity associations, updates of a cluster and of its nodes."""

import json
import re
import uuid
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit

from moto.core import DEFAULT_ACCOUNT_ID
from moto.eks.models import eks_backends

KINDS = ("addons", "access-entries", "pod-identity-associations")
PATTERNS = (
    "/addons/supported-versions$",
    "/clusters/(?P<name>[^/]+)/(?P<kind>addons|access-entries|pod-identity-associations)$",
    "/clusters/(?P<name>[^/]+)/(?P<kind>addons|access-entries|pod-identity-associations)/(?P<rest>.+)$",
    "/clusters/(?P<name>[^/]+)/(?P<kind>updates)$",
    "/clusters/(?P<name>[^/]+)/(?P<kind>updates)/(?P<rest>[^/]+)$",
    "/clusters/(?P<name>[^/]+)/update-config$",
    "/clusters/(?P<name>[^/]+)/node-groups/(?P<nodes>[^/]+)/(?P<kind>update-version)$",
)
JSON = {"Content-Type": "application/json"}


class Refused(Exception):
    """What AWS would answer in place of doing it."""

    def __init__(self, status: int, kind: str, message: str):
        super().__init__(message)
        self.answer = status, JSON | {"x-amzn-ErrorType": kind}, json.dumps({"message": message})


def answer(request, full_url, _headers):
    """One call, as moto wants it: status, headers, body."""
    url = urlsplit(full_url)
    signed = re.search(r"Credential=[^/]+/\d+/([^/]+)/", request.headers.get("Authorization", ""))
    body = json.loads(request.get_data() or b"{}")
    call = Call(request.method, signed[1] if signed else "us-east-1", unquote(url.path), parse_qs(url.query), body)
    try:
        return 200, JSON, json.dumps(call.result())
    except Refused as refused:
        return refused.answer


def now() -> float:
    """The time as the API writes it."""
    return datetime.now(UTC).timestamp()


def version(addon: str, kubernetes: str) -> str:
    """The newest version of an add-on for a version of Kubernetes: made up, and another one for another."""
    return f"v1.{kubernetes.split('.')[1]}.{len(addon)}-eksbuild.1"


class Call:
    """One call of the API."""

    def __init__(self, method: str, region: str, path: str, query: dict, body: dict):
        self.method, self.region, self.path, self.query, self.body = method, region, path, query, body
        _, _, self.name, self.kind, self.rest = (path.split("/", 4) + ["", ""])[:5]

    def result(self) -> dict:
        """What it answers."""
        if self.path == "/addons/supported-versions":
            return self._versions()
        cluster = eks_backends[DEFAULT_ACCOUNT_ID][self.region].clusters.get(self.name)
        if not cluster:
            raise Refused(404, "ResourceNotFoundException", f"No cluster found for name: {self.name}.")
        if self.kind == "node-groups":
            return self._upgrade_nodes(cluster)
        if self.kind in ("updates", "update-config"):
            return self._update(cluster)
        entries = cluster.inside[self.kind]
        if self.kind == "addons":
            return self._addons(cluster, entries)
        if self.kind == "access-entries":
            return self._access_entries(entries)
        return self._associations(entries)

    def _versions(self) -> dict:
        kubernetes = self.query["kubernetesVersion"][0]
        compatible = [{"clusterVersion": kubernetes, "defaultVersion": True}]
        return {
            "addons": [
                {
                    "addonName": name,
                    "addonVersions": [{"addonVersion": version(name, kubernetes), "compatibilities": compatible}],
                }
                for name in self.query["addonName"]
            ]
        }

    def _update(self, cluster) -> dict:
        if self.method == "POST":
            cluster.version = self.body.get("version", cluster.version)
            cluster.resources_vpc_config |= self.body.get("resourcesVpcConfig", {})
            cluster.logging = self.body.get("logging", cluster.logging)
            cluster.upgrade_policy = self.body.get("upgradePolicy", cluster.upgrade_policy)
            cluster.access_config |= self.body.get("accessConfig", {})
        return _done(self.rest)

    def _upgrade_nodes(self, cluster) -> dict:
        nodes = cluster.nodegroups[self.rest.split("/")[0]]
        nodes.version = self.body.get("version", nodes.version)
        nodes.release_version = f"{nodes.version}.0-{nodes.release_version.split('-')[-1]}"
        nodes.launch_template = self.body.get("launchTemplate", nodes.launch_template)
        return _done("")

    def _arn(self, *parts: str) -> str:
        return f"arn:aws:eks:{self.region}:{DEFAULT_ACCOUNT_ID}:{'/'.join(parts)}"

    def _entry(self, entries: dict, name: str) -> dict:
        if name not in entries:
            raise Refused(404, "ResourceNotFoundException", f"{self.kind} {name} not found in {self.name}")
        return entries[name]

    def _add(self, entries: dict, name: str, entry: dict) -> dict:
        if name in entries:
            raise Refused(409, "ResourceInUseException", f"{self.kind} {name} is in {self.name} already")
        entries[name] = {"clusterName": self.name, "createdAt": now(), "modifiedAt": now(), "tags": {}} | entry
        return entries[name]

    def _addons(self, cluster, entries: dict) -> dict:
        name, _, step = self.rest.partition("/")
        if not name and self.method == "GET":
            return {"addons": list(entries)}
        if not name:
            name = self.body["addonName"]
            given = {
                key: value for key, value in self.body.items() if key not in ("resolveConflicts", "clientRequestToken")
            }
            made = {
                "status": "ACTIVE",
                "health": {"issues": []},
                "addonVersion": version(name, cluster.version),
                "addonArn": self._arn("addon", self.name, name, str(uuid.uuid4())),
            }
            return {"addon": self._add(entries, name, made | given)}
        entry = self._entry(entries, name)
        if step == "update":
            entry |= {key: self.body[key] for key in ("addonVersion", "configurationValues") if key in self.body}
            return _done("")
        return {"addon": entries.pop(name) if self.method == "DELETE" else entry}

    def _access_entries(self, entries: dict) -> dict:
        if not self.rest and self.method == "GET":
            return {"accessEntries": list(entries)}
        if not self.rest:
            name = self.body["principalArn"]
            arn = self._arn(
                "access-entry", self.name, "role", DEFAULT_ACCOUNT_ID, name.split("/")[-1], str(uuid.uuid4())
            )
            made = {"kubernetesGroups": [], "type": "STANDARD", "username": name, "accessEntryArn": arn, "policies": {}}
            return {"accessEntry": _public(self._add(entries, name, made | self.body))}
        name, policies_too, policy = self.rest.partition("/access-policies")
        entry = self._entry(entries, name)
        if policies_too:
            return self._policies(name, entry["policies"], policy.lstrip("/"))
        return {"accessEntry": _public(entries.pop(name) if self.method == "DELETE" else entry)}

    def _policies(self, name: str, policies: dict, policy: str) -> dict:
        about = {"clusterName": self.name, "principalArn": name}
        if self.method == "POST":
            policies[self.body["policyArn"]] = self.body | {"associatedAt": now(), "modifiedAt": now()}
            return about | {"associatedAccessPolicy": policies[self.body["policyArn"]]}
        if self.method == "DELETE":
            policies.pop(policy, None)
            return {}
        return about | {"associatedAccessPolicies": list(policies.values())}

    def _associations(self, entries: dict) -> dict:
        if not self.rest and self.method == "GET":
            return {"associations": list(entries.values())}
        if not self.rest:
            name = f"a-{uuid.uuid4().hex[:17]}"
            made = {"associationId": name, "associationArn": self._arn("podidentityassociation", self.name, name)}
            return {"association": self._add(entries, name, made | self.body)}
        entry = self._entry(entries, self.rest)
        if self.method == "POST":
            entry |= self.body
        return {"association": entries.pop(self.rest) if self.method == "DELETE" else entry}


def _done(name: str) -> dict:
    """An update, which here is over at once."""
    update = {
        "id": name or str(uuid.uuid4()),
        "status": "Successful",
        "type": "VersionUpdate",
        "params": [],
        "errors": [],
    }
    return {"update": update | {"createdAt": now()}}


def _public(entry: dict) -> dict:
    return {key: value for key, value in entry.items() if key != "policies"}
