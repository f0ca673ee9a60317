"""The README's way by hand: its commands, in its order, in a copy of the repository, on free ports."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest

from stack import leftovers, loop, ports, prefect, programs
from stack.settings import ROOT, SERVICES

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash(.*)\n((?:.*\n)*?)```$", README.split("## By hand")[1], re.MULTILINE)
LISTENS = {"postgres": 5432, "mlflow server": 5000, "prefect server": 4200, "predict.py": 9696}
SECONDS = 180


@pytest.fixture(name="copy")
def _copy(tmp_path):
    """The repository's files, and the environments that `make environments` made, which `pipenv sync` then checks."""
    copy = tmp_path / "copy"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in listed.splitlines():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    for service in SERVICES:
        (copy / service.name / ".venv").symlink_to(service / ".venv")
    return copy


class Terminals:
    """Terminals of somebody who follows the README, with free ports in place of those that it names."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "tmp").mkdir()
        self.ports = {port: ports.choose(0, set()) for port in (5000, 4200, 9696, 5432)}
        self.opening = ""
        self.servers: list[tuple[str, subprocess.Popen, int | None]] = []
        self.mark = folder / "terminals"
        own = ("DB_", "PREFECT_", "MLFLOW_", "RUN_ID", "TRACKING_URI", "DATA_SOURCE", "VIRTUAL_ENV", "LOCAL_DIR")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(own)} | {
            leftovers.MARK: str(self.mark),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "TMPDIR": str(folder / "tmp"),  # Prefect's worker wants a folder below it that no other user has made
            "WEB_PORT": str(self.ports[9696]),
            "DB_PORT": str(self.ports[5432]),
        }

    def _command(self, line: str) -> list[str]:
        script = f"{self.opening}\n{line}"
        for documented, chosen in self.ports.items():
            script = re.sub(rf"\b{documented}\b", str(chosen), script)
        return ["bash", "-c", script]

    def open_with(self, lines: str) -> None:
        """From now on, every terminal starts with these lines."""
        self.opening = lines

    def serve(self, line: str) -> None:
        """Starts a command that goes on."""
        if "worker start" in line:
            self.wait_for_servers()
        with open(self.folder / "terminals.log", "ab") as log:
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                self._command(line), cwd=self.folder, env=self.environment, stdout=log, stderr=log
            )
        port = next((self.ports[port] for command, port in LISTENS.items() if command in line), None)
        self.servers.append((line, process, port))

    def have_few_candidates(self) -> None:
        """From now on, training takes the deployment's other parameters, and one candidate: other tests try all."""
        address = f"http://{ports.HOST}:{self.ports[4200]}/api"
        prefect.set_parameters(address, loop.TRAINING, {"candidates": ["decision tree"]})

    def wait_for_servers(self) -> None:
        """Waits until all servers listen that do so."""
        end = time.monotonic() + SECONDS
        for line, process, port in self.servers:
            while port and not ports.answers(port):
                assert process.poll() is None, f"{line} ended:\n{self.log()}"
                assert time.monotonic() < end, f"{line} does not listen:\n{self.log()}"
                time.sleep(0.2)

    def run(self, line: str) -> str:
        """Runs a command to its end."""
        self.wait_for_servers()
        ended = subprocess.run(
            self._command(line),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert ended.returncode == 0, f"{line}\n{ended.stdout}{ended.stderr}{self.log()}"
        return ended.stdout

    def log(self) -> str:
        """What the servers said last."""
        return (self.folder / "terminals.log").read_text(encoding="utf-8")[-4000:]


@pytest.fixture(name="terminals")
def _terminals(copy):
    terminals = Terminals(copy)
    yield terminals
    leftovers.end(terminals.mark)
    for _, server, _ in terminals.servers:
        server.wait()


def test_the_commands_of_the_readme_work_by_hand(terminals):
    terminals.serve(f"LOCAL_DIR=$PWD/.local make -C {shlex.quote(str(ROOT))} postgres")
    terminals.wait_for_servers()
    kinds = [kind.strip() for kind, _ in BLOCKS]
    assert kinds == ["every terminal", "server", "", "server", "server", ""]
    asked = 0
    for kind, lines in BLOCKS:
        if kind.strip() == "every terminal":
            terminals.open_with(lines)
            continue
        for line in lines.splitlines():
            if "daily-monitoring/monitoring" in line:
                answers = [terminals.run(curl) for curl in re.findall(r"^curl .*$", README, re.MULTILINE)]
                assert '"CourseCompletion":' in answers[0] and answers[1] == '{"Recorded":1}\n'
                asked += len(answers)
            if f"deployment run {loop.TRAINING} " in line:
                terminals.have_few_candidates()
            if kind.strip() == "server":
                terminals.serve(line)
            else:
                terminals.run(line)
    assert asked == 2
    _check_what_is_there(terminals)


def _check_what_is_there(terminals):
    assert (terminals.folder / ".local/prefect-by-hand/prefect.db").is_file()
    assert (terminals.folder / "mlpipeline/data/online_course_engagement_data.csv").is_file()
    assert (terminals.folder / "mlpipeline/monitoring_data/reference.parquet").is_file()
    password = (terminals.folder / ".local/postgres/password").read_text(encoding="utf-8")
    connection = psycopg2.connect(
        host=ports.HOST, port=terminals.ports[5432], user="mlops", password=password, dbname="course"
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT rows, status FROM metrics")
        assert cursor.fetchall() == [(1, "not enough data")]
    connection.close()
    assert programs.answers_200(f"http://{ports.HOST}:{terminals.ports[9696]}/health")
