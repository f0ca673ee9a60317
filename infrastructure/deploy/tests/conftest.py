"""A cluster's stand-in: a `kubectl` that remembers, and does what a test tells it to. No cluster exists here."""

import json
import os
import sys

import pytest

KUBECTL = """
import json, os, sys, time
from pathlib import Path

folder = Path(__file__).parent
state = json.loads((folder / "cluster.json").read_text())
words = sys.argv[1:]
with (folder / "calls").open("a") as calls:
    calls.write(" ".join(words) + "\\n")
if words[:2] == ["--namespace", "online-course"]:
    words = words[2:]
if "kustomize" in words:
    os.execv(state["real"], [state["real"], *sys.argv[1:]])
elif words[0] == "get":
    revision = state["revisions"][-1] if state["revisions"] else None
    if revision:
        print(len(state["revisions"]) if "revision" in words[-1] else revision["image"], end="")
elif words[0] == "apply":
    text = sys.stdin.read()
    given = {name: next(line.split(": ", 1)[1].strip('"') for line in text.splitlines() if line.strip().startswith(name + ": "))
             for name in ("image", "RUN_ID")}
    if state["refuses"]:
        sys.exit("deployments.apps is forbidden")
    if not state["revisions"] or state["revisions"][-1] != given:
        state["revisions"].append(given)
elif words[:2] == ["rollout", "status"]:
    if state["revisions"][-1]["RUN_ID"] in state["stuck"]:
        sys.exit("error: deployment web exceeded its progress deadline")
elif words[:2] == ["rollout", "undo"]:
    to = int(words[-1].split("=")[1]) or len(state["revisions"]) - 1
    state["revisions"].append(state["revisions"][to - 1])
elif words[0] == "port-forward":
    print(f"Forwarding from 127.0.0.1:{state['port']} -> 9696", flush=True)
    time.sleep(60)
(folder / "cluster.json").write_text(json.dumps(state))
"""


@pytest.fixture(name="programs")
def _programs(tmp_path, monkeypatch):
    """A folder whose programs stand in for those of the same name."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture(name="stand_in")
def _stand_in(programs):
    """Puts a program of Python there."""

    def make(name: str, code: str) -> None:
        program = programs / name
        program.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
        program.chmod(0o755)

    return make


@pytest.fixture(name="known")
def _known():
    """What Terraform puts out."""
    registry = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/online-course"
    return {
        "region": "eu-central-1",
        "cluster_name": "online-course",
        "cluster_endpoint": "https://ABC.gr7.eu-central-1.eks.amazonaws.com",
        "ecr_repository_urls": {name: f"{registry}/{name}" for name in ("web", "mlpipeline", "monitoring")},
        "database_host": "online-course.example.eu-central-1.rds.amazonaws.com",
        "tracking_uri": "http://tracking.online-course.internal:5000",
        "tracking_instance_id": "i-0123456789abcdef0",
        "image_parameters": {name: f"/online-course/images/{name}" for name in ("mlpipeline", "monitoring")},
        "release_document": "online-course-release",
    }


@pytest.fixture(name="outputs_file")
def _outputs_file(known, tmp_path):
    """The same, as `terraform output -json` prints it."""
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({name: {"value": value} for name, value in known.items()}), encoding="utf-8")
    return file


@pytest.fixture(name="kubectl_code", scope="session")
def _kubectl_code():
    return KUBECTL
