"""What the README says is so."""

import json
import re
import subprocess

import pytest

from stack.loop import SAMPLE_REQUEST
from stack.settings import MLPIPELINE, MODEL_DEPLOYMENT, MONITORING, ROOT, Settings

README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")

LIST_SETTINGS = """
import json, sys
from {package}.settings import Settings
print(json.dumps([[name, str(field.default)] for name, field in Settings.model_fields.items()]))
"""


def _settings_of(service, package):
    printed = subprocess.run(
        [service / ".venv/bin/python", "-c", LIST_SETTINGS.format(package=package)],
        cwd=service,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(printed.stdout)


@pytest.fixture(name="documented", scope="module")
def _documented():
    """The rows of the table of settings: who reads the variables, and what the whole row says, by variable."""
    rows = {}
    for line in TABLE.splitlines():
        if line.startswith("| `"):
            variables, readers, *_ = line.strip("| ").split(" | ")
            for variable in re.findall(r"`(\w+)`", variables):
                rows[variable] = (readers, line)
    return rows


@pytest.mark.parametrize(
    ("name", "service", "package"),
    [
        ("mlpipeline", MLPIPELINE, "training"),
        ("model-deployment", MODEL_DEPLOYMENT, "serving"),
        ("monitoring", MONITORING, "monitor"),
    ],
)
def test_each_setting_of_a_service_is_in_the_table_with_its_default(documented, name, service, package):
    settings = _settings_of(service, package)
    assert len(settings) >= 5
    for setting, default in settings:
        default = default.lower() if default in ("True", "False") else default
        readers, row = documented[setting.upper()]
        assert name in readers or "the services" in readers
        if not default.startswith(("/", "*", "None")) and default:
            assert default in row, f"{setting}: the README does not give the default {default}"


def test_each_setting_of_make_run_is_in_the_table(documented):
    for setting in Settings.model_json_schema()["properties"]:
        assert "make run" in documented[setting.upper()][0]


def test_the_table_has_no_setting_that_is_gone(documented):
    known = {setting.upper() for setting in Settings.model_json_schema()["properties"]}
    for service, package in ((MLPIPELINE, "training"), (MODEL_DEPLOYMENT, "serving"), (MONITORING, "monitor")):
        known |= {setting.upper() for setting, _ in _settings_of(service, package)}
    assert set(documented) == known


def test_the_request_in_the_readme_is_the_one_that_make_run_sends():
    (sent,) = re.findall(r"curl \S+/predict -d '(.+)'", README)
    assert json.loads(sent) == SAMPLE_REQUEST


def test_each_make_target_that_it_names_exists():
    targets = set(re.findall(r"^([a-z-]+):.* ## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", README)) <= targets


def test_the_files_and_folders_that_it_names_exist():
    named = re.findall(r"`((?:mlpipeline|model-deployment|monitoring|infrastructure)(?:/[\w./-]+)?)`", README)
    made_at_run_time = {"mlpipeline/data", "mlpipeline/monitoring_data"}
    assert len(named) > 5
    for path in set(named) - made_at_run_time:
        assert (ROOT / path).exists(), path
    assert (ROOT / "docs" / "loop.svg").is_file()


def test_it_is_under_200_lines():
    assert README.count("\n") < 200
