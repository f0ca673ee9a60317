"""Asks MLflow which model is champion, over HTTP, since importing mlflow costs 150 MB."""

import base64
import http.client
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request

from serving.settings import Settings

TIMEOUT_SECONDS = 3.0
ALIAS = "champion"
RUN_ID = re.compile("[0-9a-f]{32}")


class RegistryUnavailable(Exception):
    """MLflow did not say which model is champion; the message says why."""


def shown(tracking_uri: str) -> str:
    """The address of the server as it may be logged."""
    return _apart(tracking_uri)[0]


def champion(settings: Settings) -> str:
    """The run id of the champion; raises RegistryUnavailable."""
    query = urllib.parse.urlencode({"name": settings.model_name, "alias": ALIAS})
    server, credentials = _apart(settings.tracking_uri)
    address = f"{server}/api/2.0/mlflow/registered-models/alias?{query}"
    request = urllib.request.Request(address, headers=credentials)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            run_id = json.load(response)["model_version"]["run_id"]
    except urllib.error.HTTPError as error:
        raise RegistryUnavailable(f"HTTP status {error.code}{_reason(error)}") from error
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
        raise RegistryUnavailable(str(getattr(error, "reason", error)) or type(error).__name__) from error
    if not isinstance(run_id, str) or not RUN_ID.fullmatch(run_id):
        raise RegistryUnavailable(f"it names a run {run_id!r}, which is none")
    return run_id


def _apart(tracking_uri: str) -> tuple[str, dict[str, str]]:
    """The server's address without a user and password in it, and the header that carries those.

    Without them in the address they come from the environment, as for mlflow's own client.
    """
    parts = urllib.parse.urlsplit(tracking_uri.rstrip("/"))
    server = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    user = urllib.parse.unquote(parts.username or "") or os.environ.get("MLFLOW_TRACKING_USERNAME")
    password = urllib.parse.unquote(parts.password or "") or os.environ.get("MLFLOW_TRACKING_PASSWORD", "")
    if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return server, {"Authorization": f"Bearer {token}"}
    if user:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        return server, {"Authorization": f"Basic {pair}"}
    return server, {}


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return f": {json.load(error)['message']}"
    except (ValueError, LookupError, TypeError, OSError, http.client.HTTPException):
        return ""
