"""Bringing a model's files to this machine."""

import shutil
import subprocess
import sys

import pytest

from serving import fetch
from serving.fetch import FetchError
from serving.settings import SERVICE, Settings

NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture(name="files")
def _files(tmp_path, model_cache, model):
    return shutil.copytree(model_cache / model.run_id, tmp_path / "cache" / model.run_id)


def test_a_model_that_is_there_needs_no_tracking_server(files):
    settings = Settings(run_id=files.name, model_cache=files.parent, tracking_uri=NOBODY_LISTENS)
    assert fetch.model_folder(settings) == files


def test_without_tracking_server_or_files_it_says_what_it_tried(tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKING_URI", "http://127.0.0.1:10")  # what the caller's settings say counts
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(FetchError, match="MLflow at http://127.0.0.1:9 did not give the model of the champion"):
        fetch.model_folder(Settings(tracking_uri=NOBODY_LISTENS, model_cache=tmp_path / "cache"))


def test_files_that_are_not_those_of_training_are_refused(files):
    fetch.check(files)
    with open(files / "model.onnx", "ab") as model_file:
        model_file.write(b"x")
    with pytest.raises(FetchError, match="training recorded"):
        fetch.check(files)


def test_a_process_that_serves_has_none_of_the_heavy_libraries():
    modules = "mlflow", "sklearn", "pandas"
    loaded = subprocess.run(
        [sys.executable, "-c", f"import predict, sys; print([name for name in {modules} if name in sys.modules])"],
        cwd=SERVICE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.strip() == "[]"


def test_by_hand_it_says_in_a_sentence_why_it_does_not_start(tmp_path):
    ended = subprocess.run(
        [sys.executable, "predict.py"],
        cwd=SERVICE,
        env={"TRACKING_URI": NOBODY_LISTENS, "MODEL_CACHE": str(tmp_path), "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("MLflow at http://127.0.0.1:9 did not give the model")
    assert "Traceback" not in ended.stderr
