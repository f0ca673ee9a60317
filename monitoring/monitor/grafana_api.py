"""Grafana's API."""

import json
import time
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

TRIES = 4


class GrafanaError(Exception):
    """Grafana could not be brought up to date; the message says why."""


class Grafana:
    """Grafana's API."""

    def __init__(self, url: str, token: str):
        self._url, self._token = url, token

    def call(self, method: str, path: str, body=None, missing: tuple[int, ...] = ()):
        """What it answers; None for a status in `missing`. What may pass by itself is tried again.

        Raises:
            GrafanaError: It refuses, or does not answer.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        fault = ""
        for attempt in range(1, TRIES + 1):
            try:
                request = Request(f"{self._url}{path}", data, headers, method=method)
                with urlopen(request, timeout=30) as answer:
                    return json.loads(answer.read() or b"null")
            except HTTPError as error:
                if error.code in missing:
                    return None
                fault = f"{error.code} {error.read(1000).decode(errors='replace')}"
                if error.code < 500 and error.code != 429:
                    break
            except (URLError, OSError, ValueError) as error:
                fault = str(getattr(error, "reason", error))
            if attempt < TRIES:
                time.sleep(2**attempt)
        raise GrafanaError(f"{method} {path} at {self._url}: {fault}")
