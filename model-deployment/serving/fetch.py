"""Brings the files of a run's model to this machine, as a short process of its own.

Only this process imports mlflow; the service itself reads the files.

    python -m serving.fetch RUN_ID
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from serving.about import ABOUT
from serving.registry import shown
from serving.settings import SERVICE, Settings, SettingsError, read


class FetchError(Exception):
    """The model's files cannot be had; the message says why and what to do."""


def bring(settings: Settings, run_id: str, is_new: bool = False) -> str:
    """Has the files of this run's model in the cache, fetched unless they are there already; returns the run id.

    A model that `is_new` to this service is also tried, before any process that answers requests loads it.

    Raises FetchError if they cannot be had, or are there and damaged.
    """
    folder = settings.model_cache / run_id
    if folder.is_dir():
        try:
            check_digest(folder)
        except FetchError as error:
            raise FetchError(f"{folder} is damaged; once it is deleted, it is fetched again. {error}") from error
        if not is_new:
            return run_id
    asked = {
        "TRACKING_URI": settings.tracking_uri,
        "MODEL_NAME": settings.model_name,
        "MODEL_CACHE": str(settings.model_cache),
    }
    fetched = subprocess.run(
        [sys.executable, "-m", "serving.fetch", run_id],
        cwd=SERVICE,
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )
    if fetched.returncode:
        lines = fetched.stderr.strip().splitlines() or ["no reason given"]
        crashed = any(line.startswith("Traceback") for line in lines)
        raise FetchError(f"What fetches models is broken: {lines[-1]}" if crashed else lines[-1])
    return run_id


def fetch(settings: Settings, run_id: str) -> None:
    """Downloads a run's `serving` artifacts, checks them, and only then puts them in their place."""
    # Imported here, so that the service, which imports this module, does not pay its 150 MB.
    import mlflow  # pylint: disable=import-outside-toplevel
    from mlflow.exceptions import MlflowException  # pylint: disable=import-outside-toplevel

    client = mlflow.MlflowClient(settings.tracking_uri)
    folder = settings.model_cache / run_id
    settings.model_cache.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=settings.model_cache) as temporary:
            files = Path(client.download_artifacts(run_id, "serving", temporary))
            check(files)
            about = json.dumps(_about(client, settings.model_name, run_id), indent=2)
            (files / ABOUT).write_text(about, encoding="utf-8")
            try:
                files.rename(folder)
            except OSError:
                if not folder.is_dir():  # else another process was first
                    raise
    except MlflowException as error:
        raise FetchError(
            f"MLflow at {shown(settings.tracking_uri)} did not give the model of run {run_id}: {error.message}"
        ) from error


def _about(client, model_name: str, run_id: str) -> dict:
    versions = client.search_model_versions(f"name = '{model_name}' and run_id = '{run_id}'")
    run = client.get_run(run_id)
    return {
        "model_name": model_name,
        **({"version": str(max(int(version.version) for version in versions))} if versions else {}),
        "metrics": run.data.metrics,
    }


def check_digest(files: Path) -> None:
    """Raises FetchError unless the model has the digest that training recorded in the contract."""
    try:
        expected = json.loads((files / "contract.json").read_text(encoding="utf-8"))["model"]
        found = hashlib.sha256((files / expected["file"]).read_bytes()).hexdigest()
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise FetchError(f"The contract or the model cannot be read: {error}") from error
    if found != expected["sha256"]:
        raise FetchError(f"{expected['file']} has sha256 {found}; training recorded {expected['sha256']}.")


def check(files: Path) -> None:
    """Raises FetchError unless the model has its digest, and works here."""
    # Imported here, so that gunicorn's master, which fetches too, stays small.
    from serving.model import Model  # pylint: disable=import-outside-toplevel

    check_digest(files)
    try:
        Model(files).try_out()
    except Exception as error:  # pylint: disable=broad-exception-caught  # onnxruntime has many, and no common base
        raise FetchError(f"The model does not work: {' '.join(str(error).split())}") from error


def main() -> None:
    """Fetches the model of a run, or tries the one that is there; on failure the last line on stderr says why."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    run_id = sys.argv[1]
    try:
        settings = read()
        if (settings.model_cache / run_id).is_dir():
            check(settings.model_cache / run_id)
        else:
            fetch(settings, run_id)
    except (FetchError, SettingsError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
