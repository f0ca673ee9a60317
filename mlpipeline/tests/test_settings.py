"""What is said of a setting that is wrong, and of a Prefect that is away, where people read it."""

import os
import subprocess
import sys

import pytest

from training import settings


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DB_PORT", "x", "DB_PORT=x: Input should be a valid integer"),
        ("DB_SSLMODE", "on", "DB_SSLMODE=on: Input should be 'disable', 'prefer', 'require', 'verify-ca' or"),
        ("TASK_RUNNER", "dask", "TASK_RUNNER=dask: String should match pattern"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_what_is_allowed(monkeypatch, name, value, said):
    monkeypatch.setenv(name, value)
    with pytest.raises(settings.SettingsError) as raised:
        settings.read()
    assert said in str(raised.value)


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
