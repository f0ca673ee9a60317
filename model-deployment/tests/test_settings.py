"""What the environment may say."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from serving import settings
from serving.settings import SERVICE, Settings, SettingsError

HASH = hashlib.sha256(b"a key of its own").hexdigest()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RUN_ID", "latest"),
        ("DB_PORT", "0"),
        ("WEB_PORT", "70000"),
        ("WEB_CONCURRENCY", "none"),
        ("TRACKING_URI", "sqlite:///mlflow.db"),
        ("MODEL_NAME", "school/model"),
        ("OUTBOX_MAX_BYTES", "1000"),
        ("DB_SSLMODE", "yes"),
        ("CHAMPION_POLL_SECONDS", "31"),
        ("ENVIRONMENT", "prod"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name_and_value(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"{variable}={value}: "):
        settings.read()


def test_all_wrong_settings_are_named_at_once(monkeypatch):
    monkeypatch.setenv("DB_PORT", "0")
    monkeypatch.setenv("WEB_PORT", "0")
    with pytest.raises(SettingsError, match="DB_PORT=0: .*; WEB_PORT=0: "):
        settings.read()


@pytest.mark.parametrize("name", ["model_cache", "outbox_dir"])
def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, name):
    given = {"model_cache": tmp_path / "new" / "cache", "outbox_dir": tmp_path / "outbox"}
    Settings(**given).make_folders()
    assert all(folder.is_dir() for folder in given.values())
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/x")):
        with pytest.raises(SettingsError, match=f"{name.upper()}={folder}: a folder that can be made and written to"):
            Settings(**given | {name: folder}).make_folders()


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("RUN_ID", "")
    assert settings.read().run_id is None


def test_secrets_are_not_printed(monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", "s3cret")
    monkeypatch.setenv("API_KEYS", HASH)
    assert "s3cret" not in repr(settings.read()) and HASH not in repr(settings.read())
    monkeypatch.setenv("API_KEYS", "not-a-hash")
    with pytest.raises(SettingsError, match="API_KEYS: .*make_key.py") as refused:
        settings.read()
    assert "not-a-hash" not in str(refused.value)


def test_several_keys_may_be_accepted_at_once(monkeypatch):
    monkeypatch.setenv("API_KEYS", f"{HASH}, {'0' * 64},")
    assert settings.read().key_hashes == [HASH, "0" * 64]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"DB_PASSWORD": "correct horse"}, "needs API_KEYS"),
        ({"API_KEYS": HASH}, "DB_PASSWORD is empty or a placeholder"),
        ({"API_KEYS": HASH, "DB_PASSWORD": "ChangeMe"}, "DB_PASSWORD is empty or a placeholder"),
        (
            {"API_KEYS": hashlib.sha256(b"changeme").hexdigest(), "DB_PASSWORD": "correct horse"},
            "hash of a placeholder",
        ),
    ],
)
def test_production_refuses_to_start_without_real_secrets(environment, said):
    ended = subprocess.run(
        [sys.executable, "predict.py"],
        cwd=SERVICE,
        env={"ENVIRONMENT": "production"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert said in ended.stderr and "Traceback" not in ended.stderr


def test_production_starts_with_real_secrets(monkeypatch):
    for name, value in {"ENVIRONMENT": "production", "API_KEYS": HASH, "DB_PASSWORD": "correct horse"}.items():
        monkeypatch.setenv(name, value)
    assert settings.read().environment == "production"
    monkeypatch.setenv("DB_PASSWORD", "")
    monkeypatch.setenv("DB_AUTH", "iam")
    with pytest.raises(SettingsError, match="DB_AUTH=iam needs DB_SSLMODE=require or stricter, not prefer"):
        settings.read()
    monkeypatch.setenv("DB_SSLMODE", "verify-full")
    assert settings.read().db_auth == "iam"


def test_a_key_that_is_made_is_accepted_as_its_hash(monkeypatch):
    made = subprocess.run([sys.executable, "make_key.py"], cwd=SERVICE, capture_output=True, text=True, check=True)
    key, key_hash = (line.split()[-1] for line in made.stdout.splitlines())
    monkeypatch.setenv("API_KEYS", key_hash)
    assert settings.read().key_hashes == [hashlib.sha256(key.encode()).hexdigest()]
