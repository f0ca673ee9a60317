"""Renders the Kubernetes manifests as `kubectl apply -k` would, in a copy that has what a person or CD adds."""

import shutil
import subprocess
from itertools import combinations
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOYMENT = ROOT / "model-deployment"
GRAFANA = ROOT / "monitoring" / "grafana"
COMPONENTS = {
    "k8s-local": ("durable-outbox", "service-monitor"),
    "k8s-remote": ("durable-outbox", "service-monitor", "tls-load-balancer"),
}
SECRET = "not-for-anyone-to-read"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
VALUES = {
    "WEB_IMAGE": f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/online-course-web@sha256:{'0123456789abcdef' * 4}",
    "TRACKING_URI": "http://10.0.0.5:5000",
    "RUN_ID": "1e" + "0" * 30,  # which must not become a number on the way
    "DB_HOST": "course.abcdefghijkl.eu-central-1.rds.amazonaws.com",
    "AWS_REGION": "eu-central-1",
    "CERTIFICATE_ARN": "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000",
}
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C, where it is, since dashboards are long
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")

Manifest = dict


def combined() -> list[tuple[str, tuple[str, ...]]]:
    """Each overlay with each selection of its components."""
    return [
        (overlay, chosen)
        for overlay, names in COMPONENTS.items()
        for count in range(len(names) + 1)
        for chosen in combinations(names, count)
    ]


def copy_to(folder: Path) -> Path:
    """Copies all that is read, fills in secrets and values, and returns the folder of the overlays."""
    for source in (*DEPLOYMENT.glob("k8s-*"), DEPLOYMENT / "postgres", GRAFANA):
        shutil.copytree(source, folder / source.relative_to(ROOT), dirs_exist_ok=True)
    copy = folder / DEPLOYMENT.name
    example = (copy / "k8s-local/secrets.env.example").read_text(encoding="utf-8")
    filled = [f"{line}{SECRET}" if line.endswith("PASSWORD=") else line for line in example.splitlines()]
    (copy / "k8s-local/secrets.env").write_text("\n".join(filled), encoding="utf-8")
    (copy / "k8s-remote/rds-ca.pem").write_text(CERTIFICATE, encoding="utf-8")
    set_values(copy, VALUES)
    return copy


def set_values(copy: Path, values: dict[str, str]) -> None:
    """Fills in values.env, as CD does: the lines of these names and no others."""
    file = copy / "k8s-remote/values.env"
    lines = file.read_text(encoding="utf-8").splitlines()
    known = [f"{line.partition('=')[0]}={values.get(line.partition('=')[0], line.partition('=')[2])}" for line in lines]
    file.write_text("\n".join(got if "=" in line else line for got, line in zip(known, lines)) + "\n", encoding="utf-8")


def render(overlay: Path, components: tuple[str, ...] = ()) -> str:
    """What kubectl makes of an overlay, with components added at its end."""
    file = overlay / "kustomization.yaml"
    original = file.read_text(encoding="utf-8")
    lines = "".join(f"  - ../k8s-components/{name}\n" for name in components)
    try:
        file.write_text(original + (f"components:\n{lines}" if lines else ""), encoding="utf-8")
        done = subprocess.run(["kubectl", "kustomize", overlay], capture_output=True, text=True, check=False)
    finally:
        file.write_text(original, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def parse(rendered: str) -> list[Manifest]:
    """The manifests of a rendered overlay."""
    return list(filter(None, yaml.load_all(rendered, LOADER)))


def one(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    """The only manifest of this kind whose name is this, or this and a hash."""
    found = [each for each in manifests if each["kind"] == kind and _is_called(each["metadata"]["name"], name)]
    assert len(found) == 1, f"{kind} {name}: {[each['metadata']['name'] for each in found]}"
    return found[0]


def _is_called(name: str, wanted: str) -> bool:
    rest = name.removeprefix(f"{wanted}-")
    return name == wanted or (name != rest and len(rest) == 10 and rest.isalnum())


def workloads(manifests: list[Manifest]) -> list[Manifest]:
    """All that makes pods."""
    return [each for each in manifests if each["kind"] in WORKLOADS]


def pod(workload: Manifest) -> dict:
    """The pod template of a workload."""
    spec = workload["spec"]
    return (spec["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else spec)["template"]


def containers(template: dict) -> list[dict]:
    """All containers of a pod, those that run first included."""
    return template["spec"].get("initContainers", []) + template["spec"]["containers"]


def environment(manifests: list[Manifest], container: dict) -> dict[str, str | None]:
    """The environment of a container, None for what comes from a Secret."""
    by_name = {each["metadata"]["name"]: each["data"] for each in manifests if each["kind"] == "ConfigMap"}
    found: dict[str, str | None] = {}
    for source in container.get("envFrom", []):
        found |= by_name[source["configMapRef"]["name"]]
    for variable in container.get("env", []):
        source = variable.get("valueFrom", {})
        if "configMapKeyRef" in source:
            reference = source["configMapKeyRef"]
            found[variable["name"]] = by_name[reference["name"]][reference["key"]]
        else:
            found[variable["name"]] = variable.get("value")
    return found
