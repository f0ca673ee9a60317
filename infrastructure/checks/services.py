"""Asks each service for its settings, in its own environment."""

import json
import os
import subprocess
from pathlib import Path

from manifests import ROOT

PACKAGES = {"mlpipeline": "training", "model-deployment": "serving", "monitoring": "monitor"}
LIST = "import json; from {package}.settings import Settings; print(json.dumps(list(Settings.model_fields)))"
READ = "from serving.settings import Settings; Settings()"


def settings(service: str) -> set[str]:
    """The names of the variables that a service reads."""
    done = _python(service, LIST.format(package=PACKAGES[service]), {})
    assert done.returncode == 0, done.stderr
    return {name.upper() for name in json.loads(done.stdout)}


def complaint_of_serving(environment: dict[str, str], modules: Path) -> str:
    """What the prediction service says against these settings; nothing, if it takes them.

    `modules` is a folder in which further modules may be found.
    """
    return _python("model-deployment", READ, environment | {"PYTHONPATH": str(modules)}).stderr


def _python(service: str, code: str, environment: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        [ROOT / service / ".venv/bin/python", "-c", code],
        cwd=ROOT / service,
        env={"PATH": os.defpath} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
