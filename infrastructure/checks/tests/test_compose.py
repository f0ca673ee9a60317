"""The compose file gives every setting, opens nothing to the network, and holds no secret."""

import re

import pytest
import yaml

import services
from manifests import DEPLOYMENT, ROOT

FILE = DEPLOYMENT / "docker-compose.yaml"
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN")
# Without a default: where the variable is not set, compose refuses to start, or leaves it empty, and Postgres refuses.
REQUIRED = re.compile(r"\$\{\w+(:?\?[^}]*)?\}")
DEFAULT = re.compile(r"\$\{(\w+):?-([^}]*)\}")


@pytest.fixture(name="compose", scope="module")
def _compose():
    """The services, with anchors and merges resolved."""
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]


def _environment(service):
    given = service.get("environment") or {}
    if isinstance(given, list):
        return dict(each.partition("=")[::2] for each in given)
    return {name: "" if value is None else str(value) for name, value in given.items()}


def _folder(service):
    """The folder of the repository that a service is built from; None for a published image."""
    build = service.get("build")
    if not build:
        return None
    context = build if isinstance(build, str) else build["context"]
    return (FILE.parent / context).resolve().relative_to(ROOT).name


def _ends(name, compose):
    """Whether it is to end by itself, which others wait for."""
    waits = [other.get("depends_on") or {} for other in compose.values()]
    return any(
        isinstance(wait, dict) and wait.get(name, {}).get("condition") == "service_completed_successfully"
        for wait in waits
    )


@pytest.mark.parametrize("folder", services.PACKAGES)
def test_every_setting_of_a_service_is_given(compose, folder):
    dockerfile = (ROOT / folder / "Dockerfile").read_text(encoding="utf-8")
    of_image = re.findall(r"\b([A-Z_]+)=", "".join(re.findall(r"^ENV (?:.*\\\n)*.*\n", dockerfile, re.MULTILINE)))
    known = services.settings(folder) - set(of_image)
    missing = {
        name: sorted(known - set(_environment(service)))
        for name, service in compose.items()
        if _folder(service) == folder or _image_is_built_in(service, compose, folder)
    }
    assert missing and not min(missing.values(), key=len), missing


def _image_is_built_in(service, compose, folder):
    built = {other.get("image") for other in compose.values() if _folder(other) == folder}
    return service.get("image") in built - {None}


def test_every_image_is_of_one_version(compose):
    for name, service in compose.items():
        if image := service.get("image"):
            assert re.search(r"(:[\w.-]+|@sha256:[0-9a-f]{64})$", image) and not image.endswith(":latest"), name
        else:
            assert service.get("build"), name


def test_ports_are_open_to_this_machine_alone(compose):
    for name, service in compose.items():
        assert service.get("network_mode") != "host", name
        for port in service.get("ports", []):
            address = port.get("host_ip", "") if isinstance(port, dict) else str(port)
            assert address.startswith("127.0.0.1"), f"{name}: {port}"


def test_what_runs_on_is_watched_and_started_again(compose):
    for name, service in compose.items():
        if _ends(name, compose):
            continue
        assert service.get("restart") in ("always", "unless-stopped", "on-failure"), name
        folder = _folder(service)
        in_image = folder and "HEALTHCHECK" in (ROOT / folder / "Dockerfile").read_text(encoding="utf-8")
        assert in_image or (service.get("healthcheck") or {}).get("test"), name


def test_secrets_have_no_default(compose):
    for name, service in compose.items():
        for variable, value in _environment(service).items():
            if SECRET.search(variable) and not variable.endswith("_FILE"):
                assert REQUIRED.fullmatch(value), f"{name}: {variable}"
    for variable, default in DEFAULT.findall(FILE.read_text(encoding="utf-8")):
        assert not (SECRET.search(variable) and default), variable


def test_the_cluster_runs_the_same_images(compose):
    images = yaml.safe_load((DEPLOYMENT / "k8s-local/kustomization.yaml").read_text(encoding="utf-8"))["images"]
    composed = {service["image"] for service in compose.values() if "image" in service}
    for image in images:
        tagged = f"{image['name']}:{image['newTag']}"
        names = {each.removeprefix("docker.io/").removeprefix("library/") for each in composed}
        assert tagged in names, f"{tagged} is none of {sorted(names)}"
