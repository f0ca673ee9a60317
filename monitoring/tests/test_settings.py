"""What a setting may be, and what is said of one that may not."""

from pathlib import Path

import pytest

from monitor import settings


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TIME_ZONE", "Mars/Olympus", "TIME_ZONE=Mars/Olympus: must be a name of the IANA database"),
        ("ON_DRIFT", "panic", "ON_DRIFT=panic: Input should be 'off', 'notify' or 'retrain'"),
        ("DRIFT_DAYS", "6", "DRIFT_DAYS=6: must be at most DRIFT_WINDOW=5"),
        ("MIN_STUDENTS", "3", "MIN_STUDENTS=3: Input should be greater than or equal to 30"),
        ("RETRAIN_OUTCOMES", "300", "RETRAIN_OUTCOMES=300: must be at least 10 times MIN_STUDENTS=100"),
        ("TRACKING_URI", "127.0.0.1:5000", "TRACKING_URI=127.0.0.1:5000: String should match pattern"),
        ("MLFLOW_URL", "mlflow.school.org", "MLFLOW_URL=mlflow.school.org: String should match pattern"),
        ("RETRAIN_DATA_SOURCE", "kagle", "RETRAIN_DATA_SOURCE=kagle: allowed are kaggle, synthetic, postgres, and the"),
        ("DB_PORT", "x", "DB_PORT=x: Input should be a valid integer"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_what_is_allowed(monkeypatch, name, value, said):
    monkeypatch.setenv(name, value)
    with pytest.raises(settings.SettingsError) as raised:
        settings.read()
    assert said in str(raised.value)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    settings.Settings(reference_cache=tmp_path / "new" / "cache").make_folders()
    assert (tmp_path / "new" / "cache").is_dir()
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/x")):
        said = f"REFERENCE_CACHE={folder}: a folder that can be made and written to"
        with pytest.raises(settings.SettingsError, match=said):
            settings.Settings(reference_cache=folder).make_folders()


def test_without_any_the_defaults_hold(monkeypatch):
    for name in settings.Settings.model_json_schema()["properties"]:
        monkeypatch.delenv(name.upper(), raising=False)
    found = settings.read()
    assert (found.time_zone, found.on_drift, found.drift_days, found.drift_window) == ("UTC", "notify", 3, 5)
