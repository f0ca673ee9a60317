"""What a day is compared with: contract, reference data and test metrics of the training run that made its predictions.

They never change, so they are kept on disk, a folder a run.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST, ErrorCode

CONTRACT, ROWS = "serving/contract.json", "reference/reference.parquet"
RUN = "run.json"
GONE = {ErrorCode.Name(RESOURCE_DOES_NOT_EXIST), ErrorCode.Name(INVALID_PARAMETER_VALUE)}


class ReferenceMissing(Exception):
    """MLflow answers, and does not have this run or its files; it will not have them later either."""


class MlflowUnavailable(Exception):
    """MLflow does not answer, or not as it should; the same call may succeed later."""


@dataclass(frozen=True)
class Reference:
    """The contract of a training run, its reference rows (features, outcome, prediction, probability) and metrics.

    `metrics` are those of the test split, such as `accuracy`, `accuracy_low`, `accuracy_high` and `rows_test`.
    `experiment` is the id of the MLflow experiment that the run belongs to.
    """

    contract: dict
    rows: pd.DataFrame
    metrics: dict[str, float]
    experiment: str = "0"

    @property
    def features(self) -> list[dict]:
        """Each feature's name, database column, kind, type, and categories where it has some."""
        return self.contract["features"]

    def names(self, kind: str) -> list[str]:
        """The names of the features of this kind, `categorical` or `numerical`."""
        return [feature["name"] for feature in self.features if feature["kind"] == kind]


def load(tracking_uri: str, cache: Path, run_id: str) -> Reference:
    """The reference of a training run, from the cache or from MLflow; raises ReferenceMissing, MlflowUnavailable."""
    folder = cache / run_id
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, ignore_cleanup_errors=True) as temporary:
            _fetch(tracking_uri, run_id, Path(temporary))
            try:
                Path(temporary).rename(folder)  # whole or not at all
            except OSError:
                if not folder.is_dir():  # and not another process that was quicker
                    raise
    return Reference(
        json.loads((folder / Path(CONTRACT).name).read_text(encoding="utf-8")),
        pd.read_parquet(folder / Path(ROWS).name),
        **json.loads((folder / RUN).read_text(encoding="utf-8")),
    )


def shown(address: str) -> str:
    """The address of a server as others may see it, without a password."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _fetch(tracking_uri: str, run_id: str, folder: Path) -> None:
    client = mlflow.MlflowClient(tracking_uri)
    try:
        run = client.get_run(run_id)
        for path in (CONTRACT, ROWS):
            if path not in [file.path for file in client.list_artifacts(run_id, path.split("/", maxsplit=1)[0])]:
                raise ReferenceMissing(f"Run {run_id} in MLflow at {shown(tracking_uri)} has no {path}.")
            Path(client.download_artifacts(run_id, path, str(folder))).replace(folder / Path(path).name)
    except MlflowException as error:
        if error.error_code in GONE:
            raise ReferenceMissing(f"MLflow at {shown(tracking_uri)} has no run {run_id}.") from error
        raise MlflowUnavailable(
            f"MLflow at {shown(tracking_uri)} did not give the reference of run {run_id}: {error}"
        ) from error
    except OSError as error:  # requests' errors are OSErrors
        raise MlflowUnavailable(
            f"MLflow at {shown(tracking_uri)} did not give the reference of run {run_id}: {error}"
        ) from error
    found = {"metrics": run.data.metrics, "experiment": run.info.experiment_id}
    (folder / RUN).write_text(json.dumps(found), encoding="utf-8")
