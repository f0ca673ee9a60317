"""Pushing to Grafana Cloud: a stand-in answers, strict about what Grafana's API asks for, since no Grafana is here."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import grafana_cloud
from monitor import grafana_api
from monitor.grafana_api import Grafana, GrafanaError

TOKEN = "glsa_not-for-anyone-to-read"
ENVIRONMENT = {
    "DB_HOST": "database.example",
    "DB_PORT": "5432",
    "DB_NAME": "course",
    "DB_SSLMODE": "verify-full",
    "GRAFANA_DB_USER": "grafana",
    "GRAFANA_DB_PASSWORD": "it costs $5",  # pragma: allowlist secret
    "GRAFANA_ALERT_WEBHOOK": "https://example.org/hook",
}


class StandIn(BaseHTTPRequestHandler):
    """It keeps folders, sources, dashboards, contact points and rule groups by their ids in `state`."""

    def _reply(self, status: int, body) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def _answer(self):  # pylint: disable=too-many-return-statements,too-many-branches
        state = self.server.state
        state["calls"].append(f"{self.command} {self.path}")
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self._reply(401, {"message": "invalid API key"})
        if state["unavailable"]:
            state["unavailable"] -= 1
            return self._reply(503, {"message": "try later"})
        match self.command, *self.path.strip("/").split("/"):
            case ["GET", "api", "folders", uid]:
                return self._found(state["folders"].get(uid))
            case ["POST", "api", "folders"]:
                assert set(body) == {"uid", "title"} and body["uid"] not in state["folders"]
                state["folders"][body["uid"]] = body
            case ["GET", "api", "datasources", "uid", uid]:
                return self._found(state["sources"].get(uid))
            case ["POST", "api", "datasources"] if body["uid"] not in state["sources"]:
                state["sources"][body["uid"]] = body
            case ["PUT", "api", "datasources", "uid", uid] if uid in state["sources"]:
                state["sources"][uid] = body
            case ["POST", "api", "dashboards", "db"] if body["folderUid"] in state["folders"] and body["overwrite"]:
                assert body["dashboard"]["id"] is None
                state["dashboards"][body["dashboard"]["uid"]] = body["dashboard"]
                return self._reply(200, {"url": f"/d/{body['dashboard']['uid']}"})
            case ["GET", "api", "v1", "provisioning", "contact-points"]:
                return self._reply(200, list(state["points"].values()))
            case ["POST", "api", "v1", "provisioning", "contact-points"] if body["uid"] not in state["points"]:
                state["points"][body["uid"]] = body
            case ["PUT", "api", "v1", "provisioning", "contact-points", uid] if uid in state["points"]:
                state["points"][uid] = body
            case ["DELETE", "api", "v1", "provisioning", "contact-points", uid]:
                del state["points"][uid]
            case ["GET", "api", "v1", "provisioning", "policies"]:
                return self._reply(200, state["policy"])
            case ["PUT", "api", "v1", "provisioning", "policies"]:
                assert body["receiver"] in {point["name"] for point in state["points"].values()}
                state["policy"] = body
            case ["PUT", "api", "v1", "provisioning", "folder", folder, "rule-groups", title]:
                assert folder in state["folders"] and body["title"] == title and isinstance(body["interval"], int)
                for rule in body["rules"]:
                    assert rule["folderUID"] == folder and rule["ruleGroup"] == title
                    assert {"uid", "title", "condition", "data", "for", "noDataState", "execErrState"} <= set(rule)
                state["groups"][title] = body
            case _:
                return self._reply(400, {"message": f"bad request: {self.command} {self.path}"})
        return self._reply(200, {})

    def _found(self, body):
        return self._reply(200, body) if body else self._reply(404, {"message": "not found"})

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # pylint: disable=invalid-name

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """Nothing."""


@pytest.fixture(name="server")
def _server(monkeypatch):
    monkeypatch.setattr(grafana_api.time, "sleep", lambda seconds: None)
    server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    server.state = {name: {} for name in ("folders", "sources", "dashboards", "points", "groups")}
    server.state |= {"policy": {"receiver": "grafana-default-email"}, "calls": [], "unavailable": 0}
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(name="push")
def _push(server):
    """Pushes to the stand-in; gives what it has then."""

    def push(pdc_network="", token=TOKEN, **environment):
        grafana = Grafana(f"http://127.0.0.1:{server.server_port}", token)
        grafana_cloud.push(grafana, ENVIRONMENT | environment, pdc_network)
        return server.state

    return push


def test_everything_in_the_files_arrives(push):
    state = push()
    assert set(state["dashboards"]) == {"service", "model-and-data", "students-at-risk"}
    groups = grafana_cloud.read("alerting/rules.yaml")["groups"]
    arrived = sorted(rule["uid"] for group in state["groups"].values() for rule in group["rules"])
    assert arrived == sorted(rule["uid"] for group in groups for rule in group["rules"])
    assert {group["interval"] for group in state["groups"].values()} <= {60, 300, 600, 3600}
    assert list(state["points"]) == ["operators-webhook"]
    assert state["policy"]["receiver"] == "operators"


def test_the_data_source_has_what_the_environment_says(push):
    source = push(pdc_network="network-1")["sources"]["course"]
    assert (source["url"], source["user"]) == ("database.example:5432", "grafana")
    assert source["secureJsonData"] == {"password": "it costs $5"}  # pragma: allowlist secret
    assert source["jsonData"]["sslmode"] == "verify-full"
    assert source["jsonData"]["enableSecureSocksProxy"] is True
    assert source["jsonData"]["secureSocksProxyUsername"] == "network-1"


def test_without_a_network_the_database_is_reached_as_it_is(push):
    assert "enableSecureSocksProxy" not in push()["sources"]["course"]["jsonData"]


def test_again_updates_and_makes_nothing_twice(push):
    first = json.dumps({**push(), "calls": []}, sort_keys=True)
    state = push()
    assert json.dumps({**state, "calls": []}, sort_keys=True) == first
    assert state["calls"].count("POST /api/datasources") == state["calls"].count("POST /api/folders") == 1


def test_a_contact_point_without_an_address_goes(push):
    assert set(push(GRAFANA_ALERT_EMAIL="a@example.org")["points"]) == {"operators-webhook", "operators-email"}
    assert set(push()["points"]) == {"operators-webhook"}


def test_texts_of_rules_keep_their_dollars(push):
    texts = json.dumps(push()["groups"])
    assert "$values.A.Value" in texts and "$__timeTo()" in texts


def test_somebody_elses_policy_is_left_alone_and_said(push, server, capsys):
    server.state["policy"] = {"receiver": "grafana-default-email", "routes": [{"receiver": "another team"}]}
    assert push()["policy"]["routes"] == [{"receiver": "another team"}]
    assert "NOT CHANGED: this Grafana's notification policy sends alerts to another team" in capsys.readouterr().err


def test_what_passes_is_tried_again(push, server):
    server.state["unavailable"] = 2
    assert push()["groups"]


def test_what_does_not_pass_is_said(push, server):
    server.state["unavailable"] = 100
    with pytest.raises(GrafanaError, match="503 .*try later"):
        push()


def test_a_refused_token_is_said_and_not_shown(push, server):
    with pytest.raises(GrafanaError, match="401 .*invalid API key") as refused:
        push(token="glsa_another")
    assert "glsa" not in str(refused.value) and len(server.state["calls"]) == 1


@pytest.mark.parametrize(
    "environment, named",
    [
        ({"GRAFANA_DB_PASSWORD": "", "DB_HOST": ""}, "DB_HOST, GRAFANA_DB_PASSWORD must be set"),
        ({"GRAFANA_ALERT_WEBHOOK": ""}, "GRAFANA_ALERT_WEBHOOK or GRAFANA_ALERT_EMAIL must be set"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_done(environment, named, push, server):
    with pytest.raises(GrafanaError, match=named):
        push(**environment)
    assert not server.state["calls"]


def test_the_program_names_wrong_settings(monkeypatch, capsys):
    monkeypatch.setenv("GRAFANA_URL", "http://example.grafana.net")
    monkeypatch.delenv("GRAFANA_TOKEN", raising=False)
    assert grafana_cloud.main() == 1
    said = capsys.readouterr().err
    assert "GRAFANA_URL: " in said and "https://" in said and "GRAFANA_TOKEN: Field required" in said


def test_the_program_pushes(monkeypatch, capsys, server):
    for name, value in (ENVIRONMENT | {"GRAFANA_TOKEN": TOKEN}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GRAFANA_URL", f"http://127.0.0.1:{server.server_port}/")
    assert grafana_cloud.main() == 0
    said = capsys.readouterr()
    assert "Dashboard Students at risk: /d/students-at-risk" in said.out
    assert TOKEN not in said.out + said.err and "it costs $5" not in said.out + said.err
