"""Bringing a model's files to this machine."""

import shutil
import subprocess
import sys

import pytest

from benchmarks.servers import free_port
from serving import fetch
from serving.fetch import FetchError
from serving.settings import SERVICE, Settings

NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture(name="files")
def _files(tmp_path, model_cache, model):
    return shutil.copytree(model_cache / model.run_id, tmp_path / "cache" / model.run_id)


def test_a_model_that_is_there_needs_no_tracking_server(files):
    settings = Settings(model_cache=files.parent, tracking_uri=NOBODY_LISTENS)
    assert fetch.bring(settings, files.name) == files.name


def test_without_tracking_server_or_files_it_says_what_it_tried(tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKING_URI", "http://127.0.0.1:10")  # what the caller's settings say counts
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(FetchError, match=f"MLflow at http://127.0.0.1:9 did not give the model of run {'0' * 32}"):
        fetch.bring(Settings(tracking_uri=NOBODY_LISTENS, model_cache=tmp_path / "cache"), "0" * 32)


def test_files_that_are_not_those_of_training_are_refused(files):
    fetch.check(files)
    with open(files / "model.onnx", "ab") as model_file:
        model_file.write(b"x")
    with pytest.raises(FetchError, match="training recorded"):
        fetch.check(files)


def test_a_model_that_does_not_work_is_refused(files, monkeypatch):
    monkeypatch.setattr("serving.model.Model.try_out", lambda _: 1 / 0)
    with pytest.raises(FetchError, match="The model does not work: division by zero"):
        fetch.check(files)


@pytest.mark.parametrize(
    ("process", "modules"),
    [
        ("predict", ("mlflow", "sklearn", "pandas", "psycopg2", "sqlalchemy", "alembic")),
        ("serving.startup", ("mlflow", "onnxruntime", "numpy")),
        ("serving.outbox.shipper", ("mlflow", "onnxruntime", "numpy")),
    ],
)
def test_no_process_has_heavy_libraries_that_it_does_not_need(process, modules):
    code = f"import {process}, sys; print([name for name in {modules} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=SERVICE, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_a_package_that_is_not_whole_is_not_said_to_be_the_fault_of_mlflow(tmp_path, monkeypatch):
    (tmp_path / "mlflow.py").write_text("raise ImportError('No module named numpy._core')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(FetchError, match="^What fetches models is broken: ImportError: No module named numpy._core$"):
        fetch.bring(Settings(model_cache=tmp_path / "cache"), "0" * 32)


@pytest.mark.parametrize("command", [["predict.py"], ["-m", "gunicorn"]])
def test_by_hand_it_says_in_a_sentence_why_it_does_not_start(tmp_path, command):
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=SERVICE,
        env={
            "TRACKING_URI": NOBODY_LISTENS,
            "MODEL_CACHE": str(tmp_path),
            "OUTBOX_DIR": str(tmp_path / "outbox"),
            "WEB_PORT": str(free_port()),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "The champion of online-course-model cannot be had from MLflow at http://127.0.0.1:9: " in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", [["predict.py"], ["-m", "gunicorn"]])
def test_by_hand_it_names_the_address_that_it_cannot_have(tmp_path, command):
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=SERVICE,
        env={"WEB_HOST": "not a host", "WEB_PORT": "9798", "OUTBOX_DIR": str(tmp_path / "outbox")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("WEB_HOST=not a host, WEB_PORT=9798: ")
    assert "Traceback" not in ended.stderr
