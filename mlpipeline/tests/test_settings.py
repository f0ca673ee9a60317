"""What is said of a setting that is wrong, and of a Prefect that is away, where people read it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from training import settings


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DB_PORT", "x", "DB_PORT=x: Input should be a valid integer"),
        ("DB_SSLMODE", "on", "DB_SSLMODE=on: Input should be 'disable', 'prefer', 'require', 'verify-ca' or"),
        ("TRACKING_URI", "127.0.0.1:5000", "TRACKING_URI=127.0.0.1:5000: String should match pattern"),
        ("MODEL_NAME", "school/model", "MODEL_NAME=school/model: String should match pattern"),
        ("TASK_RUNNER", "dask", "TASK_RUNNER=dask: String should match pattern"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_what_is_allowed(monkeypatch, name, value, said):
    monkeypatch.setenv(name, value)
    with pytest.raises(settings.SettingsError) as raised:
        settings.read()
    assert said in str(raised.value)


@pytest.mark.parametrize("name", ["data_dir", "monitoring_data_dir"])
def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, name):
    given = {"data_dir": tmp_path / "new" / "data", "monitoring_data_dir": tmp_path / "monitoring_data"}
    settings.Settings(**given).make_folders()
    assert all(folder.is_dir() for folder in given.values())
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/x")):
        with pytest.raises(
            settings.SettingsError, match=f"{name.upper()}={folder}: a folder that can be made and written to"
        ):
            settings.Settings(**given | {name: folder}).make_folders()


@pytest.mark.parametrize(
    ("command", "environment", "said"),
    [
        (["champion.py", "list"], {"DB_PORT": "x"}, "DB_PORT=x: Input should be a valid integer"),
        (
            ["champion.py", "list"],
            {"TRACKING_URI": "http://127.0.0.1:9"},
            "MLflow at http://127.0.0.1:9 does not answer as it should. TRACKING_URI names another one; ",
        ),
        (["first_training.py"], {"DB_PORT": "x"}, "DB_PORT=x: Input should be a valid integer"),
        (
            ["mlpipeline-deploy.py"],
            {"PREFECT_API_URL": "http://127.0.0.1:9/api", "PREFECT_CLIENT_MAX_RETRIES": "0"},
            "Prefect at http://127.0.0.1:9/api does not answer: ",
        ),
    ],
)
def test_a_command_that_cannot_do_its_work_ends_with_one_line(tmp_path, command, environment, said):
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=settings.SERVICE,
        env=os.environ | {"PREFECT_HOME": str(tmp_path)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(said) and ended.stderr.count("\n") == 1
