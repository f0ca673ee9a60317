"""A release of the prediction service: real manifests, but stand-ins for the cluster and for what answers in it."""

import json
import os
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import outputs
import smoke
import web
from commands import DeployError

IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/online-course/web@sha256:" + "a" * 64
KEY = "the key"


class Answers(BaseHTTPRequestHandler):
    """What the service would answer: the model of the newest release, unless its run is one that is broken."""

    def do_POST(self):  # pylint: disable=invalid-name
        """One prediction."""
        cluster = json.loads(self.server.file.read_text(encoding="utf-8"))
        run_id = cluster["revisions"][-1]["RUN_ID"]
        student = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        refused = self.headers["Authorization"] != f"Bearer {KEY}" or self.path != "/predict" or len(student) != 6
        answer = {"CourseCompletion": 1, "CompletionProbability": 0.7, "RUN_ID": run_id}
        self.send_response(401 if refused else 500 if run_id in cluster["broken"] else 200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """Nothing."""


@pytest.fixture(name="cluster")
def _cluster(programs, stand_in, kubectl_code, tmp_path, monkeypatch):
    """A cluster that serves nothing yet, and manifests in a folder of their own."""
    real = shutil.which("kubectl")
    if not real:
        pytest.skip("kubectl is not installed, and only it renders the manifests")
    shutil.copytree(web.REMOTE.parent, tmp_path / "model-deployment", ignore=shutil.ignore_patterns(".venv", "tests"))
    monkeypatch.setattr(web, "REMOTE", tmp_path / "model-deployment" / "k8s-remote")
    (web.REMOTE / "rds-ca.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="utf-8")
    monkeypatch.setenv("SMOKE_API_KEY", KEY)
    monkeypatch.setattr(smoke.predict, "__defaults__", ("", 0.0))
    stand_in("kubectl", kubectl_code)
    file = programs / "cluster.json"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.file = file
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    state = {"real": real, "port": server.server_port, "revisions": [], "stuck": [], "broken": [], "refuses": False}
    file.write_text(json.dumps(state), encoding="utf-8")
    yield file
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(name="release")
def _release(cluster, known):
    """Releases a run, and says which run is served then."""

    def release(run_id: str, **settings) -> None:
        state = json.loads(cluster.read_text(encoding="utf-8"))
        cluster.write_text(json.dumps(state | settings), encoding="utf-8")
        web.release(outputs.Outputs(**known), IMAGE, run_id)

    return release


def served(cluster) -> list[str]:
    """The runs that were served, one after the other."""
    return [revision["RUN_ID"] for revision in json.loads(cluster.read_text(encoding="utf-8"))["revisions"]]


def test_a_release_is_served(cluster, release):
    release("run1")
    release("run2")
    assert served(cluster) == ["run1", "run2"]
    assert web.running() == IMAGE


def test_what_does_not_become_ready_is_taken_back(cluster, release):
    release("run1")
    with pytest.raises(DeployError, match=r"(?s)progress deadline.*served again: run run1"):
        release("run2", stuck=["run2"])
    assert served(cluster) == ["run1", "run2", "run1"]


def test_what_does_not_answer_is_taken_back(cluster, release):
    release("run1")
    with pytest.raises(DeployError, match=r"(?s)does not answer as it should: 500.*served again: run run1"):
        release("run2", broken=["run2"])
    assert served(cluster) == ["run1", "run2", "run1"]


def test_another_model_that_answers_is_taken_back(cluster, release, monkeypatch):
    release("run1")
    monkeypatch.setattr(web, "fill", lambda file, wanted: None)  # so the manifests still say run1
    with pytest.raises(DeployError, match="run run1 answers, and not run2"):
        release("run2")
    assert served(cluster) == ["run1"]


def test_there_may_be_nothing_to_go_back_to(cluster, release):
    with pytest.raises(DeployError, match="Nothing was served before"):
        release("run1", broken=["run1"])
    assert served(cluster) == ["run1"]


def test_what_is_refused_changes_nothing(cluster, release):
    release("run1")
    with pytest.raises(DeployError, match=r"(?s)forbidden.*Revision 1, which was served before, was not replaced"):
        release("run2", refuses=True)
    assert served(cluster) == ["run1"]


def test_going_back_may_fail_and_is_said_loudly(release):
    release("run1")
    with pytest.raises(DeployError, match="GOING BACK TO REVISION 1 FAILED"):
        release("run2", broken=["run1", "run2"])


def test_a_wrong_key_is_not_shown(release, monkeypatch):
    monkeypatch.setenv("SMOKE_API_KEY", "another key")
    with pytest.raises(DeployError, match="401") as failure:
        release("run1")
    assert "another key" not in str(failure.value)


def test_without_a_key_nothing_is_released(cluster, release, monkeypatch):
    monkeypatch.delenv("SMOKE_API_KEY")
    with pytest.raises(DeployError, match="SMOKE_API_KEY is empty"):
        release("run1")
    assert not served(cluster)


def test_a_person_goes_back(cluster, release):
    for run_id in ("run1", "run2", "run3"):
        release(run_id)
    web.roll_back(0)
    web.roll_back(1)
    assert served(cluster) == ["run1", "run2", "run3", "run2", "run1"]


def test_no_image_runs_yet(cluster):
    assert not served(cluster)
    with pytest.raises(DeployError, match="no image runs yet"):
        web.running()


def test_values_are_those_of_the_release(release):
    release("run1")
    text = (web.REMOTE / "values.env").read_text(encoding="utf-8")
    assert (
        f"WEB_IMAGE={IMAGE}\n" in text and "RUN_ID=run1\n" in text and "REPLACE_ME\n" not in text.split("WEB_IMAGE")[1]
    )


def test_a_value_without_a_line_is_an_error(tmp_path):
    file = tmp_path / "values.env"
    file.write_text("RUN_ID=1\n", encoding="utf-8")
    with pytest.raises(DeployError, match="0 lines of WEB_IMAGE"):
        web.fill(file, {"WEB_IMAGE": IMAGE})
    assert os.listdir(tmp_path) == ["values.env"]
