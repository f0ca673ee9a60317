"""Keeps the HTML reports of a day in MLflow: one run a day, named after it, with a file for each model.

MLflow is where people already look for what was measured, and it keeps files on S3 where it is set up so.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import mlflow
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

from monitor.reference import MlflowUnavailable, shown
from monitor.settings import Settings

DAY_TAG = "monitoring.day"
# Without it, MLflow's pages hide the metrics of its runs, as they do in an experiment about language models.
CLASSIC_PAGES = {"mlflow.experimentKind": "custom_model_development"}

# Evidently's page hides what does not fit, which is much of it in the part of MLflow's page that shows a file. With
# this it is scrolled there.
WIDE_ENOUGH = "<style>body { min-width: 1100px; }</style>"


@dataclass(frozen=True)
class Reports:
    """MLflow's run of a day's reports."""

    settings: Settings
    day: date

    def keep(self, kind: str, run_id: str, make: Callable[[Path], object], metrics: dict[str, float | None]) -> tuple:
        """Has `make` write a report on a model to a file, and keeps it as `<kind>/<run_id>.html`.

        Returns what `make` gives, and the report's address for people. A report that is there already is replaced, and
        `metrics` are logged with the run id in their names. Raises MlflowUnavailable.
        """
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{run_id}.html"
            made = make(file)
            page = file.read_text(encoding="utf-8")
            file.write_text(page.replace("<head>", f"<head>{WIDE_ENOUGH}", 1), encoding="utf-8")
            try:
                return made, self._log(kind, run_id, file, metrics)
            except (MlflowException, OSError) as error:  # requests' errors are OSErrors
                raise MlflowUnavailable(
                    f"MLflow at {shown(self.settings.tracking_uri)} did not take the report of {self.day}: {error}"
                ) from error

    def _log(self, kind: str, run_id: str, file: Path, metrics: dict[str, float | None]) -> str:
        client = mlflow.MlflowClient(self.settings.tracking_uri)
        experiment = _experiment(client, self.settings.monitoring_experiment)
        found = client.search_runs([experiment], f"tags.`{DAY_TAG}` = '{self.day}'", max_results=1)
        if found:
            run = found[0].info.run_id
        else:
            tags = {DAY_TAG: str(self.day)}
            run = client.create_run(experiment, run_name=f"monitoring {self.day}", tags=tags).info.run_id
        client.log_artifact(run, str(file), kind)
        values = [
            Metric(f"{run_id}/{name}", float(value), 0, 0) for name, value in metrics.items() if value is not None
        ]
        client.log_batch(run, metrics=values)
        client.set_terminated(run)
        return address(self.settings, experiment, f"{run}/artifacts/{kind}/{file.name}")


def address(settings: Settings, experiment: str, run: str) -> str:
    """Where people find a run, or what is below it, in MLflow's pages; among those for training, and not for chats."""
    server = shown(settings.mlflow_url or settings.tracking_uri).rstrip("/")
    return f"{server}/#/experiments/{experiment}/runs/{run}?workflowType=machine_learning"


def _experiment(client: mlflow.MlflowClient, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found:
        return found.experiment_id
    try:
        return client.create_experiment(name, tags=CLASSIC_PAGES)
    except MlflowException:  # another process may have been quicker
        return client.get_experiment_by_name(name).experiment_id
