"""What the environment may say."""

import os
import subprocess
import sys

import pytest
from pydantic import ValidationError

from stack import programs, service_settings
from stack.addresses import Addresses
from stack.console import StepFailed
from stack.postgres import Database
from stack.settings import ROOT, Settings


@pytest.mark.parametrize("source", ["kaggle", "synthetic", "https://example.org/data.csv"])
def test_a_source_that_is_no_file_is_taken_as_it_is(source):
    assert Settings(data_source=source).data_source == source


def test_the_path_of_a_file_is_made_absolute(tmp_path, monkeypatch):
    (tmp_path / "data.csv").touch()
    monkeypatch.chdir(tmp_path)
    found = Settings(data_source="data.csv")
    assert found.data_source == str(found.data_file) == str(tmp_path / "data.csv")


@pytest.mark.parametrize("source", [None, "synthetic", "https://example.org/data.csv"])
def test_what_is_no_file_is_not_looked_at_beforehand(source):
    assert Settings(data_source=source).data_file is None


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("data_source", "nowhere.csv", "is no file that can be read; allowed are"),
        ("data_source", "s3://bucket/data.csv", "is no file that can be read; allowed are"),
        ("web_port", "99999", "less than or equal to 65535"),
        ("local_dir", __file__, "test_settings.py is a file; a folder is needed"),
        ("local_dir", "/tmp/100%", "has '%' in its path, which not all programs of the stack can read; another folder"),
        ("local_dir", "/tmp/stack #1", "has ' #' in its path"),
        ("local_dir", f"{__file__}/below", "test_settings.py is a file; a folder is needed"),
    ],
)
def test_a_wrong_setting_is_refused(setting, value, message):
    with pytest.raises(ValidationError, match=message):
        Settings(**{setting: value})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nowhere.csv", "is no file that can be read; allowed are kaggle, "),
        ("postgres", "is for later, since nothing is"),
    ],
)
def test_make_run_names_the_setting_its_value_and_what_is_allowed(source, said):
    environment = os.environ | {"DATA_SOURCE": source}
    ended = subprocess.run(
        [sys.executable, ROOT / "infrastructure" / "local", "status"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert (ended.stdout + ended.stderr).startswith(f"DATA_SOURCE='{source}': {said}")


def test_wrong_settings_of_the_services_are_named_before_anything_is_started(tmp_path):
    """In their real environments."""
    names = ("DATA_DIR", "MONITORING_DATA_DIR", "MODEL_CACHE", "OUTBOX_DIR", "REFERENCE_CACHE")
    folders = {name: str(tmp_path / name) for name in names}
    right = folders | {
        "TIME_ZONE": "Europe/Berlin",
        "ON_DRIFT": "retrain",
        "OUTBOX_MAX_BYTES": "2000000000",
        "WEB_PORT": "x",
    }
    service_settings.check(right, {"WEB_PORT": "9696"})
    wrong = folders | {"TIME_ZONE": "Mars/X", "ON_DRIFT": "foo", "OUTBOX_MAX_BYTES": "abc", "DB_PORT": "0"}
    with pytest.raises(StepFailed) as raised:
        service_settings.check(wrong, {})
    training, serving, monitoring = str(raised.value).splitlines()
    assert training.startswith("mlpipeline: DB_PORT=0:")
    assert serving.startswith("model-deployment: ") and "OUTBOX_MAX_BYTES=abc: " in serving
    assert monitoring.startswith("monitoring: ") and "TIME_ZONE=Mars/X: " in monitoring and "ON_DRIFT=foo" in monitoring
    (tmp_path / "file").touch()
    with pytest.raises(StepFailed, match="^mlpipeline: DATA_DIR=.*/file: a folder that can be made and written to"):
        service_settings.check(folders | {"DATA_DIR": str(tmp_path / "file")}, {})


def test_a_setting_of_which_the_stack_has_its_own_is_named(tmp_path, monkeypatch, capsys):
    settings = Settings(local_dir=tmp_path)
    chosen = Addresses(Database("127.0.0.1", 1, "mlops", "secret", "course"), None, 2, 3, 4)
    used = chosen.environment(settings) | programs.web(settings, 4, run_id="").environment
    for name in service_settings.ITS_OWN:
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("REFERENCE_CACHE", used["REFERENCE_CACHE"])
    service_settings.tell_unused(used)
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("WEB_HOST", "0.0.0.0")
    monkeypatch.setenv("API_KEYS", "0" * 64)
    service_settings.tell_unused(used)
    assert capsys.readouterr().out.splitlines() == [
        "API_KEYS is not used: this stack has none",
        "WEB_HOST is not used: this stack has 127.0.0.1",
    ]


@pytest.mark.parametrize("name", ["sp ace", "ü", "it's", "x#y", "c;d", "a,b", "1.2-3_4 & (5)+@~{}!^"])
def test_most_names_of_folders_can_be_used(tmp_path, name):
    assert Settings(local_dir=tmp_path / name).local_dir == tmp_path / name


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is a folder that nobody can write to, on Linux only")
def test_a_folder_that_cannot_be_made_is_named():
    with pytest.raises(StepFailed, match="^LOCAL_DIR=/proc/x: it cannot be made or written to"):
        Settings(local_dir="/proc/x").make_folders()


@pytest.mark.parametrize(
    ("held", "is_taken"),
    [([], True), (["logs", "tmp"], True), (["run.lock", "mlflow"], True), (["thesis.tex", "logs"], False)],
)
def test_a_folder_with_other_things_is_refused_before_anything_is_put_beside_them(tmp_path, held, is_taken):
    for name in held:
        (tmp_path / name).touch()
    if is_taken:
        assert Settings(local_dir=tmp_path).local_dir == tmp_path
    else:
        with pytest.raises(ValidationError, match="has other things in it; a folder is needed that is empty"):
            Settings(local_dir=tmp_path)
