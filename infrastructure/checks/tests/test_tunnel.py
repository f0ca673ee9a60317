"""What tunnel.sh asks Session Manager for, and that it ends as it should; `aws` is a stand-in that listens."""

import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from manifests import ROOT

TUNNEL = ROOT / "infrastructure/tunnel.sh"
# As the real one, it starts another program that listens and says so.
AWS = """#!/bin/sh
echo "$*" > {folder}/asked
[ ! -e {folder}/refuses ] || {{ echo "An error occurred (TargetNotConnected)"; exit 254; }}
{python} {folder}/listen.py "${{10##*localPortNumber=}}"
"""
LISTEN = """
import signal, socket, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    print("Waiting for connections...", flush=True)
    while True:
        server.accept()[0].close()
"""
GIVEN = {
    "INSTANCE_ID": "i-0123",
    "AWS_REGION": "eu-central-1",
    "DATABASE_HOST": "course.example",
    "CLUSTER_ENDPOINT": "https://ABC.eks.example",
}


@pytest.fixture(name="port")
def _port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture(name="heeds_ctrl_c")
def _heeds_ctrl_c():
    """Tests that run in a shell's background inherit that SIGINT is ignored, and no shell below could trap it then."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(name="start")
def _start(tmp_path, heeds_ctrl_c):  # pylint: disable=unused-argument
    """A function that starts tunnel.sh, with stand-ins for AWS' programs."""
    (tmp_path / "listen.py").write_text(LISTEN, encoding="utf-8")
    for name, text in {"aws": AWS, "session-manager-plugin": "#!/bin/sh\n"}.items():
        (tmp_path / name).write_text(text.format(folder=tmp_path, python=sys.executable), encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    started = []

    def start(*arguments, **environment):
        process = subprocess.Popen(  # pylint: disable=consider-using-with  # it ends with the test
            [TUNNEL, *map(str, arguments)],
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}"} | GIVEN | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=20)


def _is_open(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    "target, remote",
    [
        ("mlflow", "127.0.0.1,portNumber=5000"),
        ("prefect", "127.0.0.1,portNumber=4200"),
        ("database", "course.example,portNumber=5432"),
        ("cluster", "ABC.eks.example,portNumber=443"),
    ],
)
def test_a_command_runs_while_it_is_open(start, tmp_path, port, target, remote):
    asks = f"import os, socket; socket.create_connection(('127.0.0.1', {port})); print(os.environ['TUNNEL_PORT'])"
    process = start(target, port, "--", sys.executable, "-c", asks)
    said, complained = process.communicate(timeout=20)
    assert (process.returncode, said) == (0, f"{port}\n"), complained
    assert (tmp_path / "asked").read_text(encoding="utf-8").strip() == (
        "ssm start-session --region eu-central-1 --target i-0123 "
        "--document-name AWS-StartPortForwardingSessionToRemoteHost "
        f"--parameters host={remote},localPortNumber={port}"
    )
    assert not _is_open(port)


def test_it_ends_as_the_command_does(start, port):
    assert start("mlflow", port, "--", "sh", "-c", "exit 7").wait(20) == 7
    assert not _is_open(port)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stays_open_until_it_is_ended(start, port, how):
    process = start("mlflow", port)
    assert process.stdout.readline() == f"mlflow is at 127.0.0.1:{port} until Ctrl-C.\n"
    time.sleep(0.2)
    assert _is_open(port)
    process.send_signal(how)
    assert process.wait(20) == 128 + how
    assert not _is_open(port)


def test_what_aws_says_against_it_is_shown(start, tmp_path, port):
    (tmp_path / "refuses").touch()
    process = start("mlflow", port, "--", "true")
    _, complained = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "TargetNotConnected" in complained and "mlflow cannot be reached through i-0123" in complained


def test_a_port_that_is_taken_is_not_mistaken_for_the_tunnel(start, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        process = start("mlflow", other.getsockname()[1], "--", "true")
        assert "is taken" in process.communicate(timeout=20)[1] and process.returncode == 2
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize("missing", ["aws", "session-manager-plugin"])
def test_what_is_missing_is_named(start, tmp_path, port, missing):
    (tmp_path / missing).unlink()
    for needed in ("dirname", "sh", "curl"):  # and nothing else of this machine, which may have the real ones
        os.symlink(f"/usr/bin/{needed}", tmp_path / needed)
    _, complained = start("mlflow", port, PATH=str(tmp_path)).communicate(timeout=20)
    assert re.search(f"{missing} is not installed", complained)


@pytest.mark.parametrize("arguments", [(), ("mlflo",), ("mlflow", "x"), ("mlflow", "5000", "true"), ("mlflow", "--")])
def test_what_it_does_not_understand_it_says(start, arguments):
    process = start(*arguments)
    assert process.communicate(timeout=20)[1].startswith("tunnel.sh: ") and process.returncode == 2
