"""Libraries that report how they are used to their makers are told not to, however the services are started."""

import json
import re

import pytest

from stack.addresses import Addresses
from stack.postgres import Database
from stack.settings import ROOT, SERVICES, Settings

# By the documentation of each: what keeps it quiet.
QUIET = {
    "evidently": {"DO_NOT_TRACK": "1"},
    "mlflow": {"MLFLOW_DISABLE_TELEMETRY": "true"},
    "mlflow-skinny": {"MLFLOW_DISABLE_TELEMETRY": "true"},
    "onnxruntime": {"ORT_DISABLE_TELEMETRY": "1"},
    "prefect": {"DO_NOT_TRACK": "1"},
}


def _needed(service) -> dict[str, str]:
    """What the libraries of a service's lock file have to be told."""
    locked = json.loads((service / "Pipfile.lock").read_text(encoding="utf-8"))["default"]
    return {name: value for library, told in QUIET.items() if library in locked for name, value in told.items()}


def _missing(needed: dict[str, str], told: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in needed.items() if told.get(name) != value}


def _assignments(text: str) -> dict[str, str]:
    return dict(re.findall(r"\b([A-Z][A-Z_]+) ?= ?([^\s\\]+)", text))


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_the_image_of_a_service_says_so(service):
    instructions = (service / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    told = "\n".join(re.findall("^ENV .*", instructions, re.MULTILINE))
    assert not _missing(_needed(service), _assignments(told))


def test_make_run_make_and_the_way_by_hand_say_so(tmp_path):
    needed = {name: value for service in SERVICES for name, value in _needed(service).items()}
    assert "ORT_DISABLE_TELEMETRY" in needed
    database = Database(host="127.0.0.1", port=1, user="u", password="p", name="n")
    stack = Addresses(database=database, own_postgres=None, mlflow_port=2, prefect_port=3, web_port=4)
    assert not _missing(needed, stack.environment(Settings(local_dir=tmp_path)))
    for file, line in (("Makefile", r"^export [A-Z_]+ = \S+$"), ("README.md", "^export .*$")):
        lines = re.findall(line, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
        assert not _missing(needed, _assignments("\n".join(lines))), file
