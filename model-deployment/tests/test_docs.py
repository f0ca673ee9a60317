"""What docs/serving.md says is so."""

import re
from datetime import timedelta

import pytest

from serving import recorded, reporter, service
from serving.activity import MAX_ROWS
from serving.outbox import shipper
from serving.predictor import Predictor
from serving.reporter import Reporter
from serving.settings import METRICS_FOLDER, SERVICE, Settings
from tests.rows import waiting

TEXT = (SERVICE.parent / "docs" / "serving.md").read_text(encoding="utf-8")


def test_its_metrics_are_there_and_no_other(client, request_body):
    client.post("/predict", json=request_body)
    client.post("/predict", json=request_body | {"CourseCategory": "Law"})
    exposed = client.get("/metrics").text
    named = re.findall(
        r"`((?:http|predictions|unseen|model_info|outbox)[a-z_]*)(?:\{[a-z,_]*\})?`", TEXT.partition("## Tables")[0]
    )
    # What a single process says of itself besides: under gunicorn, nothing.
    of_python = re.compile(r"(python|process)_|.*_created$")
    found = [name for name in re.findall(r"^# TYPE (\w+) ", exposed, re.MULTILINE) if not of_python.match(name)]
    assert sorted(named) == sorted(found)


def test_its_settings_are_there():
    named = set(re.findall(r"`([A-Z][A-Z_]{4,})[`=]", TEXT)) - {"INSERT", "SELECT", "UPDATE", "DELETE", "TEMPORARY"}
    assert len(named) >= 10
    assert named <= {name.upper() for name in Settings.model_construct().model_dump()}


def test_its_files_and_commands_are_there():
    named = re.findall(r"`(serving/[\w/]+\.py)`", TEXT) + re.findall(r"python (\w+\.py)", TEXT)
    assert len(named) >= 5
    for name in named:
        assert (SERVICE / name).is_file(), name


def test_its_limits_are_those_of_the_service():
    assert f"{MAX_ROWS:,}" in TEXT
    assert f"{service.MAX_BODY_BYTES // 1024**2} MiB" in TEXT
    assert f"at most {shipper.LONGEST_BACK_OFF_SECONDS:.0f} s" in TEXT
    assert f"in {timedelta(seconds=shipper.DRAIN_SECONDS).seconds} seconds stays on disk" in TEXT


@pytest.mark.parametrize("status", ["400", "401", "413", "422", "503"])
def test_its_statuses_are_those_of_the_description(client, status):
    assert f"| {status} |" in TEXT
    documented = client.get("/openapi.json").json["paths"]["/predict"]["post"]["responses"]
    assert status in documented or status == "401"  # which is there where keys are configured


def test_its_example_of_an_outcome_is_taken(client):
    (example,) = re.findall(r"```json\n(.*)\n```", TEXT)
    assert client.post("/outcomes", data=example).json == {"Recorded": 1}


def test_its_columns_of_reports_are_those_of_the_rows(settings, tmp_path, monkeypatch):
    monkeypatch.setenv(METRICS_FOLDER, str(tmp_path))
    Reporter(settings, tmp_path).report()
    (row,) = waiting(settings.outbox_dir, reporter.TABLE)
    table = TEXT.partition("## Reports")[2].partition("\n\n")[2].partition("\n## ")[0]
    named = [
        name for line in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", line)
    ]
    assert sorted(named) == sorted(row)
    assert f"Every {reporter.EVERY_SECONDS:.0f} seconds" in TEXT
    assert f"the first one {reporter.FIRST_SECONDS:.0f} seconds after its start" in TEXT


def test_its_example_of_a_recording_is_read(model):
    (example,) = re.findall(r"```jsonl\n(.*?)```", TEXT, re.DOTALL)
    activities, happened = recorded.read(example.encode().splitlines(), Predictor(model))
    assert (len(activities), len(happened)) == (1, 1)
