"""What hadolint and Checkov say of Dockerfiles, manifests and the compose file; exceptions stand beside their lines."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from manifests import DEPLOYMENT, ROOT

BIN = Path(sys.executable).parent
DOCKERFILES = sorted(ROOT.glob("*/Dockerfile"))
# Checkov has nothing to say of these. A Secret here is one that the tests have made.
UNCHECKED = {"ConfigMap", "Secret"}
# What the other selections of components have is in these.
WIDEST = [
    ("k8s-local", ()),
    ("k8s-local", ("durable-outbox", "service-monitor")),
    ("k8s-remote", ()),
    ("k8s-remote", ("durable-outbox", "service-monitor", "tls-load-balancer")),
]


def test_every_service_has_a_dockerfile():
    assert [file.parent.name for file in DOCKERFILES] == ["mlpipeline", "model-deployment", "monitoring"]


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda file: file.parent.name)
def test_hadolint_finds_nothing(dockerfile):
    done = subprocess.run(
        [BIN / "hadolint", "--failure-threshold", "style", dockerfile], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(name="reports")
def _reports(rendered, tmp_path):
    """What Checkov says of everything, in one run, which takes the time of its start."""
    for overlay, components in WIDEST:
        checked = [each for each in rendered[overlay, components] if each["kind"] not in UNCHECKED]
        text = "\n---\n".join(map(yaml.safe_dump, checked))
        (tmp_path / f"{'-'.join((overlay, *components))}.yaml").write_text(text, encoding="utf-8")
    for file in (*DOCKERFILES, *DEPLOYMENT.glob("docker-compose.y*ml")):
        (tmp_path / file.parent.name).mkdir(exist_ok=True)
        shutil.copy(file, tmp_path / file.parent.name)
    command = [BIN / "python", BIN / "checkov", "--directory", tmp_path, "--skip-download", "--output", "json"]
    done = subprocess.run(
        [*command, "--framework", "dockerfile", "kubernetes", "secrets"], capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout)
    return found if isinstance(found, list) else [found]


def test_checkov_finds_nothing_but_exceptions_that_are_explained(reports, capsys):
    counts = {}
    for report in reports:
        results = report["results"]
        assert report["summary"]["parsing_errors"] == 0
        assert not [f"{one['file_path']} {one['check_id']} {one['check_name']}" for one in results["failed_checks"]]
        for one in results["skipped_checks"]:
            assert len(one["check_result"]["suppress_comment"]) > 10, f"{one['file_path']} {one['check_id']}"
        for verdict in ("passed", "skipped"):
            for one in results[f"{verdict}_checks"]:
                counts.setdefault(one["file_path"].lstrip("/"), Counter())[verdict] += 1
    with capsys.disabled():
        print(*(f"\nCheckov: {file}: {dict(found)}" for file, found in sorted(counts.items())))
    assert len(counts) == len(WIDEST) + len(DOCKERFILES)
