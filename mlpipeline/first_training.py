"""Trains the first model: `python first_training.py` runs the deployed flow, unless the registry has a champion."""

import argparse
import sys

import httpx
from mlflow.exceptions import MlflowException
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound

from training.registry import Registry
from training.settings import SettingsError, read

DEPLOYMENT = "run-pipeline/mlpipeline"


def main() -> None:
    """Waits for the run to end. Only here, where nobody relies on a model yet, may it fall back to synthetic data."""
    try:
        settings = read()
        champion = Registry(settings).champion()
    except SettingsError as error:
        sys.exit(str(error))
    except MlflowException as error:
        sys.exit(f"MLflow at {settings.tracking_uri} does not say whether there is a model: {error.message}")
    if champion:
        print(f"Nothing to train: version {champion.version} of {settings.model_name} is champion.")
        return
    is_source_chosen = "data_source" in settings.model_fields_set
    print(f"There is no champion of {settings.model_name} yet, so {DEPLOYMENT} runs.")
    try:
        run = run_deployment(DEPLOYMENT, parameters={"fallback_to_synthetic": not is_source_chosen})
    except ObjectNotFound:
        sys.exit(f"Prefect does not know {DEPLOYMENT}: mlpipeline-deploy.py registers it.")
    except httpx.HTTPError as error:
        sys.exit(f"Prefect does not answer: {error}")
    if not run.state.is_completed():
        sys.exit(f"{run.name} ended as {run.state.name}: {run.state.message}")
    champion = Registry(settings).champion()
    if champion is None:
        sys.exit(f"{run.name} completed, but its model fails its checks: the tags of its version in MLflow say why.")
    print(f"Version {champion.version} of {settings.model_name} is champion.")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
