"""A new champion is deployed: the event, a real Prefect server, the automation, and a listener in place of GitHub."""

import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from benchmarks import servers
from training.settings import SERVICE

FILE = SERVICE / "prefect_automation.yaml"
WORKFLOW = "/repos/owner/repository/actions/workflows/cd.yaml/dispatches"
# In processes of their own, since Prefect sends events to the server that a process has begun with.
BLOCK = """
import sys
from prefect.blocks.webhook import Webhook
headers = {"Accept": "application/vnd.github+json", "Authorization": "Bearer the-token"}
print(Webhook(url=sys.argv[1], headers=headers, allow_private_urls=True).save("github", overwrite=True))
"""
PROMOTE = """
from prefect import flow, task
from training.announce import announce_champion
flow(lambda: task(announce_champion)("the-run", 3), name="training")()
"""


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
    return address


@pytest.fixture(name="python")
def _python(prefect):
    """Runs Python for that server; gives what it prints."""
    environment = os.environ | {"PREFECT_API_URL": prefect, "PYTHONPATH": str(SERVICE)}

    def run(*arguments):
        command = [sys.executable, *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    return run


@pytest.fixture(name="automation")
def _automation(github, python, tmp_path):
    """Puts the automation in place, as docs/delivery.md says."""
    block = python("-c", BLOCK, f"http://127.0.0.1:{github.server_port}{WORKFLOW}").strip()
    file = tmp_path / "automation.yaml"
    file.write_text(FILE.read_text(encoding="utf-8").replace("WEBHOOK_BLOCK", block), encoding="utf-8")
    python("-m", "prefect", "automation", "create", "--from-file", str(file))


@pytest.mark.usefixtures("automation")
def test_a_new_champion_starts_the_workflow_with_its_run(github, python):
    deadline = time.monotonic() + 60
    while not github.received and time.monotonic() < deadline:
        # An event that comes before the server has read the automation is of no use to it.
        python("-c", PROMOTE)
        time.sleep(2)
    assert github.received[0] == (WORKFLOW, "Bearer the-token", {"ref": "main", "inputs": {"run_id": "the-run"}})
