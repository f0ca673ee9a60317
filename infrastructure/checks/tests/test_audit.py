"""Known vulnerabilities are found and named. OSV is a stand-in here, as it may not be reached; pip-audit is real."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import audit

VULNERABLE = ("jinja2", "2.4.1")
FOUND = {
    "id": "GHSA-0000-0000-0000",
    "summary": "A fault",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.7.2"}]}],
        }
    ],
}


class Osv(BaseHTTPRequestHandler):
    """Answers as api.osv.dev/v1/query does."""

    def do_POST(self):  # pylint: disable=invalid-name  # the base class's
        """Knows of one package's vulnerability."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_found = (asked["package"]["name"], asked["version"]) == VULNERABLE
        body = json.dumps({"vulns": [FOUND]} if is_found else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        """Is silent."""


@pytest.fixture(name="address")
def _address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Osv)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
    server.shutdown()
    server.server_close()


def test_a_vulnerable_version_is_found_with_the_one_that_mends_it(address):
    found = audit.ask(["jinja2==2.4.1", "flask==3.1.3"], address)
    assert found == {"jinja2==2.4.1": {FOUND["id"]: "2.7.2"}}


def test_without_an_answer_it_does_not_say_that_all_is_well():
    with pytest.raises(audit.CannotAsk):
        audit.ask(["flask==3.1.3"], "http://127.0.0.1:9/v1/query")


def test_what_is_not_accepted_and_what_is_and_gone_is_said():
    found = {"a==1": {"X-1": "2", "X-2": "no version"}}
    said = audit.complaints(found, {"X-2": "is not called", "X-3": "was not called"}, {"a==1": ["b.lock", "c.lock"]})
    assert said == [
        "a==1 in b.lock, c.lock: X-1, mended in 2",
        "X-3 is accepted and no longer found: take it out of accepted_vulnerabilities.toml",
    ]


def test_all_that_is_locked_is_asked_for():
    locked = audit.locked()
    files = {file for named in locked.values() for file in named}
    assert files == {f"{service}/Pipfile.lock" for service in audit.SERVICES} | {
        str(file.relative_to(audit.ROOT)) for file in audit.REQUIREMENTS
    }
    assert {name.split("==")[0] for name in locked} >= {"flask", "mlflow", "evidently", "checkov", "supervisor"}
    assert all(name.count("==") == 1 and " " not in name for name in locked)
