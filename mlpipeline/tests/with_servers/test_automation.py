"""A new champion is deployed: the event, a real Prefect server, the automation, and a listener in place of GitHub."""

import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
from prefect import flow, task
from prefect.blocks.webhook import Webhook
from prefect.settings import PREFECT_API_URL, temporary_settings  # pylint: disable=no-name-in-module  # made on demand

from benchmarks import servers
from training.announce import announce_champion

FILE = Path(__file__).resolve().parents[2] / "prefect_automation.yaml"
WORKFLOW = "/repos/owner/repository/actions/workflows/cd.yaml/dispatches"


class Listener(BaseHTTPRequestHandler):
    """Keeps what is posted."""

    def do_POST(self):  # pylint: disable=invalid-name
        """As GitHub, it answers without content."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append((self.path, self.headers["Authorization"], body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """Nothing."""


@pytest.fixture(name="github")
def _github():
    server = HTTPServer(("127.0.0.1", 0), Listener)
    server.received = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=1).ok
    except requests.RequestException:
        return False


@pytest.fixture(name="prefect")
def _prefect(start, tmp_path):
    """A server of its own: that of the other tests takes up no events."""
    address = f"http://127.0.0.1:{(port := servers.free_port())}/api"
    start(*f"prefect server start --host 127.0.0.1 --port {port}".split(), PREFECT_HOME=str(tmp_path / "prefect"))
    servers.wait(lambda: _answers(f"{address}/health"))
    with temporary_settings({PREFECT_API_URL: address}):
        yield address


@pytest.fixture(name="automation")
def _automation(github, prefect, tmp_path):
    """Puts the automation in place, as docs/delivery.md says."""
    address = f"http://127.0.0.1:{github.server_port}{WORKFLOW}"
    headers = {"Accept": "application/vnd.github+json", "Authorization": "Bearer the-token"}
    block = Webhook(url=address, headers=headers, allow_private_urls=True).save("github", overwrite=True)
    file = tmp_path / "automation.yaml"
    file.write_text(FILE.read_text(encoding="utf-8").replace("WEBHOOK_BLOCK", str(block)), encoding="utf-8")
    command = [sys.executable, "-m", "prefect", "automation", "create", "--from-file", file]
    subprocess.run(command, env=os.environ | {"PREFECT_API_URL": prefect}, check=True, capture_output=True)


@task
def _promote():
    announce_champion("the-run", 3)


@flow
def _training():
    _promote()


@pytest.mark.usefixtures("automation")
def test_a_new_champion_starts_the_workflow_with_its_run(github):
    deadline = time.monotonic() + 60
    while not github.received and time.monotonic() < deadline:
        # An event that comes before the server has read the automation is of no use to it.
        _training()
        time.sleep(3)
    assert github.received[0] == (WORKFLOW, "Bearer the-token", {"ref": "main", "inputs": {"run_id": "the-run"}})
