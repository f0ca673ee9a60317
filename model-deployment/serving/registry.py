"""Asks MLflow which model is champion, over HTTP, since importing mlflow costs 150 MB."""

import base64
import json
import os
import urllib.error
import urllib.parse
import urllib.request

from serving.settings import Settings

TIMEOUT_SECONDS = 3.0
ALIAS = "champion"


class RegistryUnavailable(Exception):
    """MLflow did not say which model is champion; the message says why."""


def champion(settings: Settings) -> str:
    """The run id of the champion; raises RegistryUnavailable."""
    query = urllib.parse.urlencode({"name": settings.model_name, "alias": ALIAS})
    address = f"{settings.tracking_uri.rstrip('/')}/api/2.0/mlflow/registered-models/alias?{query}"
    request = urllib.request.Request(address, headers=_credentials())
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            return json.load(response)["model_version"]["run_id"]
    except urllib.error.HTTPError as error:
        raise RegistryUnavailable(f"HTTP status {error.code}{_reason(error)}") from error
    except (OSError, ValueError, KeyError) as error:
        raise RegistryUnavailable(str(getattr(error, "reason", error))) from error


def _credentials() -> dict[str, str]:
    """As mlflow's own client takes them from the environment."""
    if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return {"Authorization": f"Bearer {token}"}
    if user := os.environ.get("MLFLOW_TRACKING_USERNAME"):
        pair = f"{user}:{os.environ.get('MLFLOW_TRACKING_PASSWORD', '')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return f": {json.load(error)['message']}"
    except (ValueError, KeyError, OSError):
        return ""
