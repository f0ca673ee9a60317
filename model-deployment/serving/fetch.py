"""Brings the files of a run's model to this machine, as a short process of its own.

Only this process imports mlflow; the service itself reads the files.

    python -m serving.fetch     prints the folder that the files are in
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pydantic import ValidationError

from serving.settings import SERVICE, Settings


class FetchError(Exception):
    """The model's files cannot be had; the message says why and what to do."""


def model_folder(settings: Settings) -> Path:
    """The folder with the files of the model to serve, fetched unless it is there already.

    Raises FetchError if they cannot be had.
    """
    if settings.run_id and (settings.model_cache / settings.run_id).is_dir():
        return settings.model_cache / settings.run_id
    asked = {
        "TRACKING_URI": settings.tracking_uri,
        "RUN_ID": settings.run_id or "",
        "MODEL_NAME": settings.model_name,
        "MODEL_CACHE": str(settings.model_cache),
    }
    fetched = subprocess.run(
        [sys.executable, "-m", "serving.fetch"],
        cwd=SERVICE,
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )
    if fetched.returncode:
        lines = fetched.stderr.strip().splitlines() or ["no reason given"]
        raise FetchError(lines[-1])
    return Path(fetched.stdout.strip().splitlines()[-1])


def fetch(settings: Settings) -> Path:
    """Downloads a run's `serving` artifacts, checks the model's digest, and only then puts them in their place."""
    # Imported here, so that the service, which imports this module, does not pay its 150 MB.
    import mlflow  # pylint: disable=import-outside-toplevel
    from mlflow.exceptions import MlflowException  # pylint: disable=import-outside-toplevel

    client = mlflow.MlflowClient(settings.tracking_uri)
    try:
        run_id = settings.run_id or client.get_model_version_by_alias(settings.model_name, "champion").run_id
        folder = settings.model_cache / run_id
        if folder.is_dir():
            return folder
        settings.model_cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=settings.model_cache) as temporary:
            files = Path(client.download_artifacts(run_id, "serving", temporary))
            check(files)
            try:
                files.rename(folder)
            except OSError:
                if not folder.is_dir():  # else another process was first
                    raise
        return folder
    except MlflowException as error:
        raise FetchError(
            f"MLflow at {settings.tracking_uri} did not give the model of "
            f"{'run ' + settings.run_id if settings.run_id else 'the champion of ' + settings.model_name}: "
            f"{error.message}"
        ) from error


def check(files: Path) -> None:
    """Raises FetchError unless the model has the digest that training recorded in the contract."""
    expected = json.loads((files / "contract.json").read_text(encoding="utf-8"))["model"]
    found = hashlib.sha256((files / expected["file"]).read_bytes()).hexdigest()
    if found != expected["sha256"]:
        raise FetchError(f"{expected['file']} has sha256 {found}; training recorded {expected['sha256']}.")


def main() -> None:
    """Fetches the model of the settings; on failure the last line on stderr says why."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    try:
        print(fetch(Settings()))
    except (FetchError, ValidationError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
