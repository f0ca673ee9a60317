"""Which model the registry says is to be served."""

import json
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from commands import DeployError

MODEL = "online-course-model"
ALIAS = "champion"


def run_id(tracking_uri: str, model: str = MODEL) -> str:
    """The run of the champion.

    Raises:
        DeployError: MLflow does not answer, or there is no champion yet.
    """
    query = urlencode({"name": model, "alias": ALIAS})
    try:
        with urlopen(f"{tracking_uri}/api/2.0/mlflow/registered-models/alias?{query}", timeout=30) as answer:
            return json.load(answer)["model_version"]["run_id"]
    except HTTPError as error:
        if error.code in (400, 404):
            raise DeployError(
                f"{model} has no {ALIAS} at {tracking_uri}: train first, in Prefect under Deployments, mlpipeline, Run"
            ) from error
        raise DeployError(f"MLflow at {tracking_uri} answers {error.code}: {error.reason}") from error
    except (URLError, OSError, ValueError, KeyError) as error:
        raise DeployError(f"MLflow at {tracking_uri} gives no answer that can be used: {error!r}") from error
