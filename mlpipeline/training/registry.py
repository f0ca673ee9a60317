"""The registered model in MLflow: its versions, which of them is champion, and which was when.

The alias `champion` says what is served. Each move of it is kept as a tag of the registered model, `champion <time>`,
so that what was live when can be told later.
"""

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities import RunData
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST, ErrorCode

from training import export
from training.promotion import Decision
from training.settings import Settings

CHAMPION = "champion"
NOT_PROMOTED = "not promoted"  # the decision not to promote
MOVE = "champion "  # begins the name of each tag that keeps a move
MOVE_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
NOT_FOUND = {ErrorCode.Name(RESOURCE_DOES_NOT_EXIST), ErrorCode.Name(INVALID_PARAMETER_VALUE)}


class RegistryError(Exception):
    """What was asked of the registry cannot be done; the message says why."""


@dataclass(frozen=True)
class Move:
    """The champion became `version` at a time (UTC); `why` says on what ground."""

    at: datetime
    version: int
    why: str


class Registry:
    """The versions of one registered model."""

    def __init__(self, settings: Settings):
        self.name = settings.model_name
        self._client = mlflow.MlflowClient(settings.tracking_uri)

    def champion(self) -> ModelVersion | None:
        """The version that is champion; None while there is none."""
        return self._if_any(lambda: self._client.get_model_version_by_alias(self.name, CHAMPION))

    def versions(self) -> list[ModelVersion]:
        """All versions, the latest first."""
        found = self._client.search_model_versions(f"name='{self.name}'")
        return sorted(found, key=lambda version: int(version.version), reverse=True)

    def scorer(self, version: ModelVersion) -> Callable[[pd.DataFrame], np.ndarray]:
        """A function from rows to probabilities of completion, by the ONNX export of this version's run.

        Raises RegistryError where the run does not have it any more.
        """
        wanted = f"serving/{export.MODEL_FILE}"
        if wanted not in [file.path for file in self._client.list_artifacts(version.run_id, "serving")]:
            raise RegistryError(f"run {version.run_id} has no {wanted}")
        with tempfile.TemporaryDirectory() as folder:
            file = self._client.download_artifacts(version.run_id, wanted, folder)
            session = export.open_session(Path(file).read_bytes())
        return lambda rows: export.score(session, rows)[1]

    def run(self, version: ModelVersion) -> RunData:
        """The parameters and tags of the training run of a version."""
        return self._client.get_run(version.run_id).data

    def data_source(self, version: ModelVersion) -> str:
        """Where the data came from that a version was trained on; empty where its run is gone."""
        run = self._if_any(lambda: self.run(version))
        return run.tags.get("data.source", "") if run else ""

    def register(self, run_id: str, model_uri: str, decision: Decision) -> tuple[int, Decision]:
        """Makes a logged model a version, with the decision about it, and champion if that is the decision.

        Gives the version and the decision that it has in the end: if another champion came since it was taken, that one
        stays. Doing it again for the same run changes nothing, and completes what was cut off. The alias is moved after
        all else, so that a run that is killed before leaves the champion as it was.
        """
        champion = self.champion()
        known = next((version for version in self.versions() if version.run_id == run_id), None)
        is_done = champion is not None and known is not None and champion.version == known.version
        if not is_done and (champion and str(champion.version)) != decision.champion:
            decision = replace(decision, promoted=False, reason="another model became champion in the meantime")
        version = known or self._create(run_id, model_uri)
        for name, value in _as_tags(decision).items():
            self._client.set_model_version_tag(self.name, version.version, name, value)
        if decision.promoted:
            self.move_champion(int(version.version), decision.reason)
        return int(version.version), decision

    def _create(self, run_id: str, model_uri: str) -> ModelVersion:
        if self._if_any(lambda: self._client.get_registered_model(self.name)) is None:
            self._client.create_registered_model(self.name)
        model_id = model_uri.removeprefix("models:/")
        return self._client.create_model_version(self.name, model_uri, run_id, model_id=model_id)

    def move_champion(self, version: int, why: str) -> Move:
        """Makes a version champion, and keeps that it did, unless both is done already."""
        move, moves = Move(datetime.now(UTC), version, why), self.moves()
        champion = self.champion()
        if champion is None or int(champion.version) != version:
            self._client.set_registered_model_alias(self.name, CHAMPION, str(version))
        elif moves and moves[-1].version == version:
            return moves[-1]
        kept = json.dumps({"version": version, "why": why})
        self._client.set_registered_model_tag(self.name, f"{MOVE}{move.at:{MOVE_TIME}}", kept)
        return move

    def moves(self) -> list[Move]:
        """Every move of the champion, the first one first."""
        model = self._if_any(lambda: self._client.get_registered_model(self.name))
        tags = sorted((key, value) for key, value in (model.tags if model else {}).items() if key.startswith(MOVE))
        return [Move(datetime.fromisoformat(key.removeprefix(MOVE)), **json.loads(value)) for key, value in tags]

    def roll_back(self, version: int | None = None) -> Move:
        """Makes a version champion by hand: the one that was champion before the current one, if none is named.

        Raises RegistryError where there is no such version, or its run, in which the model is, was deleted for good.
        """
        champion, known = self.champion(), {int(found.version): found for found in self.versions()}
        current = int(champion.version) if champion else None
        if version is None:
            if current is None:
                raise RegistryError(f"{self.name} has no champion to go back from. Name a version, or train a model.")
            before = [former for former in predecessors(self.moves(), current) if former in known]
            if not before:
                raise RegistryError(f"No champion of {self.name} is known from before version {current}.")
            version = before[-1]
        if version not in known:
            raise RegistryError(
                f"{self.name} has no version {version}; it has {', '.join(map(str, sorted(known))) or 'none'}."
            )
        if version == current:
            raise RegistryError(f"Version {version} of {self.name} is champion already.")
        if self._if_any(lambda: self.run(known[version])) is None:
            raise RegistryError(
                f"Version {version} of {self.name} cannot be served: its run {known[version].run_id}, in which the "
                "model is, has been deleted. Name another version."
            )
        return self.move_champion(version, f"by hand, in place of {f'version {current}' if current else 'none'}")

    def refusal(self, version: int) -> str | None:
        """Why this version was not promoted; None where it was, or nobody decided."""
        tags = self._client.get_model_version(self.name, str(version)).tags
        return tags.get("promotion.reason") if tags.get("promotion.decision") == NOT_PROMOTED else None

    def _if_any(self, get: Callable):
        try:
            return get()
        except MlflowException as error:
            if error.error_code in NOT_FOUND:
                return None
            raise


def predecessors(moves: list[Move], current: int) -> list[int]:
    """The champions before the current one, the first one first.

    Going back to a version takes out what came after it, so that going back twice does not end where it began.
    """
    line: list[int] = []
    for move in moves:
        line = line[: line.index(move.version)] if move.version in line else line
        line.append(move.version)
    return line[: line.index(current)] if current in line else line


def _as_tags(decision: Decision) -> dict[str, str]:
    found = {
        "promotion.decision": "promoted" if decision.promoted else NOT_PROMOTED,
        "promotion.reason": decision.reason,
        "promotion.margin": decision.margin,
        "promotion.decided_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "promotion.against_version": decision.champion or "",
    }
    if decision.comparison:
        found |= {f"promotion.log_loss_{name}": value for name, value in asdict(decision.comparison).items()}
    return {name: str(value) for name, value in found.items()}
