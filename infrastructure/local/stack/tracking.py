"""Reads from MLflow what the runner shows and uses: the champion, and requests of held-out students."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import requests

MODEL = "online-course-model"


@dataclass(frozen=True)
class Champion:
    """The model version with the alias `champion`, and its training run's tags and metrics."""

    version: str
    run_id: str
    tags: dict[str, str]
    metrics: dict[str, float]


def champion(tracking_uri: str) -> Champion | None:
    """The champion; None while no model is registered."""
    found = requests.get(
        f"{tracking_uri}/api/2.0/mlflow/registered-models/alias",
        params={"name": MODEL, "alias": "champion"},
        timeout=30,
    )
    if found.status_code in (400, 404):  # no such model, or no such alias
        return None
    found.raise_for_status()
    version = found.json()["model_version"]
    run = requests.get(
        f"{tracking_uri}/api/2.0/mlflow/runs/get", params={"run_id": version["run_id"]}, timeout=30
    ).json()["run"]["data"]
    return Champion(
        version=version["version"],
        run_id=version["run_id"],
        tags={tag["key"]: tag["value"] for tag in run["tags"]},
        metrics={metric["key"]: metric["value"] for metric in run["metrics"]},
    )


def is_trained_on(model: Champion, source: str | None) -> bool:
    """Whether the champion comes from the data that the user asks for; without a wish, it does.

    A file counts by its content. Synthetic data in place of what was asked for does not.
    """
    if source is None:
        return True
    if model.tags.get("data.fallback_reason"):
        return False
    if Path(source).is_file():
        return model.tags.get("data.sha256") == hashlib.sha256(Path(source).read_bytes()).hexdigest()
    return model.tags.get("data.requested") == source


def held_out_requests(tracking_uri: str, run_id: str) -> list[dict]:
    """Requests of students that the run's model has never seen."""
    response = requests.get(
        f"{tracking_uri}/get-artifact", params={"run_uuid": run_id, "path": "held_out/requests.jsonl"}, timeout=30
    )
    response.raise_for_status()
    return [json.loads(line) for line in response.text.splitlines()]
