"""The manifests are what the Kubernetes API takes, as far as its schemas tell."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import manifests

VALIDATE = Path(sys.executable).parent / "kubernetes-validate"
CUSTOM = {"ServiceMonitor"}  # of Prometheus' operator, whose schema is not among those of Kubernetes


@pytest.fixture(name="distinct")
def _distinct(rendered, tmp_path):
    """A file with every manifest that any overlay with any components has, each once."""
    seen = {json.dumps(each) for found in rendered.values() for each in found if each["kind"] not in CUSTOM}
    file = tmp_path / "all.yaml"
    file.write_text("\n---\n".join(sorted(seen)), encoding="utf-8")
    return file


@pytest.mark.parametrize("version", ["1.33", "1.35"])
def test_every_overlay_with_any_components_is_valid(distinct, version):
    done = subprocess.run(
        [VALIDATE, "--strict", "--no-warn", "-k", version, distinct], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("overlay", "components"), manifests.combined())
def test_each_name_is_given_once(rendered, overlay, components):
    found = rendered[overlay, components]
    names = [(each["kind"], each["metadata"]["name"]) for each in found]
    assert len(names) == len(set(names)) > 10


@pytest.mark.parametrize(("overlay", "components"), manifests.combined())
def test_all_is_in_the_namespace(rendered, overlay, components):
    for each in rendered[overlay, components]:
        assert each["kind"] == "Namespace" or each["metadata"]["namespace"] == "online-course"
