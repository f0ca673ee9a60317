"""Reads from MLflow what the runner shows and uses: the champion, and requests of held-out students."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import requests

MODEL = "online-course-model"


@dataclass(frozen=True)
class Version:
    """A version of the registered model: its tags, and its training run's tags and metrics."""

    version: str
    run_id: str
    version_tags: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, float]


def champion(tracking_uri: str) -> Version | None:
    """The champion; None while no model is registered."""
    found = requests.get(
        f"{tracking_uri}/api/2.0/mlflow/registered-models/alias",
        params={"name": MODEL, "alias": "champion"},
        timeout=30,
    )
    if found.status_code in (400, 404):  # no such model, or no such alias
        return None
    found.raise_for_status()
    return _with_run(tracking_uri, found.json()["model_version"])


def latest(tracking_uri: str) -> Version | None:
    """The version that was registered last, whether it became champion or not; None while there is none."""
    found = requests.get(
        f"{tracking_uri}/api/2.0/mlflow/model-versions/search",
        params={"filter": f"name='{MODEL}'", "order_by": "version_number DESC", "max_results": 1},
        timeout=30,
    )
    found.raise_for_status()
    versions = found.json().get("model_versions", [])
    return _with_run(tracking_uri, versions[0]) if versions else None


def _with_run(tracking_uri: str, version: dict) -> Version:
    found = requests.get(f"{tracking_uri}/api/2.0/mlflow/runs/get", params={"run_id": version["run_id"]}, timeout=30)
    found.raise_for_status()
    run = found.json()["run"]["data"]
    return Version(
        version=version["version"],
        run_id=version["run_id"],
        version_tags={tag["key"]: tag["value"] for tag in version.get("tags", [])},
        tags={tag["key"]: tag["value"] for tag in run["tags"]},
        metrics={metric["key"]: metric["value"] for metric in run["metrics"]},
    )


def why_not_champion(version: Version) -> str:
    """Why the version that was registered last is not champion."""
    if version.version_tags.get("promotion.decision") == "promoted":
        return "it was champion, until somebody made another version champion"
    return version.version_tags.get("promotion.reason", "see its tags in MLflow")


def is_trained_on(model: Version, source: str | None) -> bool:
    """Whether the model comes from the data that the user asks for; without a wish, it does.

    A file counts by its content, a URL by its address, which is other data each time if it has a query: the run's tags
    leave that out, since it may hold a token. Synthetic data in place of what was asked for does not count.
    """
    if source is None:
        return True
    if model.tags.get("data.fallback_reason"):
        return False
    if Path(source).is_file():
        return model.tags.get("data.sha256") == hashlib.sha256(Path(source).read_bytes()).hexdigest()
    if not is_url(source):
        return model.tags.get("data.requested") == source
    parts = urlsplit(source)
    without_password = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return not parts.query and model.tags.get("data.requested") == without_password


def is_url(source: str | None) -> bool:
    """Whether this source is fetched from another machine."""
    return "://" in (source or "")


def held_out_requests(tracking_uri: str, run_id: str) -> list[dict]:
    """Requests of students that the run's model has never seen."""
    response = requests.get(
        f"{tracking_uri}/get-artifact", params={"run_uuid": run_id, "path": "held_out/requests.jsonl"}, timeout=30
    )
    response.raise_for_status()
    return [json.loads(line) for line in response.text.splitlines()]
