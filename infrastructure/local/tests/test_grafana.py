"""Grafana, where there is one: which is found, how it is started, and with a stand-in that it gets what it needs."""

import os
import re
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from pydantic import ValidationError

from stack import grafana, leftovers, ports, postgres
from stack.addresses import Addresses
from stack.grafana import Binary, Container
from stack.settings import MODEL_DEPLOYMENT, Settings
from stack.supervisor import Supervisor

STAND_IN = Path(__file__).parent / "grafana_stand_in.py"
LOGIN = {"GRAFANA_DB_USER": "reader", "GRAFANA_DB_PASSWORD": "s3cret"}


def _program(file, code):
    """A program that is this script."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(code, encoding="utf-8")
    file.chmod(0o755)
    return file


@pytest.fixture(name="unpack")
def _unpack(tmp_path):
    """A function that makes a folder as a Grafana is unpacked, with these programs."""

    def unpack(folder, *programs, conf="conf"):
        home = tmp_path / folder
        for name in programs:
            _program(home / "bin" / name, f"#!{sys.executable}\n{STAND_IN.read_text(encoding='utf-8')}")
        (home / conf).mkdir(parents=True)
        (home / conf / "defaults.ini").touch()
        return home

    return unpack


@pytest.fixture(name="settings")
def _settings(tmp_path):
    settings = Settings(local_dir=tmp_path / "local dir", db_host=None, grafana_port=0)
    for folder in (settings.logs, settings.temporary):
        folder.mkdir(parents=True)
    return settings


def _nobody(_):
    raise AssertionError("docker was asked, though something else was found")


def test_the_folder_that_the_user_names_comes_first(unpack):
    home, other = unpack("named", "grafana"), unpack("other", "grafana")
    found = grafana.decide(home, str(other / "bin" / "grafana"), "docker", _nobody, "linux")
    assert found == Binary([str(home / "bin" / "grafana"), "server"], home)


def test_before_grafana_10_there_is_only_grafana_server(unpack):
    home = unpack("old", "grafana-server")
    assert grafana.decide(home, None, None, _nobody, "linux") == Binary([str(home / "bin" / "grafana-server")], home)


def test_one_on_path_is_followed_to_its_folder(unpack, tmp_path):
    home = unpack("unpacked", "grafana")
    (tmp_path / "grafana").symlink_to(home / "bin" / "grafana")
    expected = Binary([str(home / "bin" / "grafana"), "server"], home)
    assert grafana.decide(None, str(tmp_path / "grafana"), "docker", _nobody, "linux") == expected


def test_one_on_path_may_have_its_files_in_share(unpack):
    prefix = unpack("prefix", "grafana", conf="share/grafana/conf")
    program = str(prefix / "bin" / "grafana")
    found = grafana.decide(None, program, "docker", _nobody, "darwin")
    assert found == Binary([program, "server"], prefix / "share" / "grafana")


@pytest.mark.parametrize(
    ("told", "platform", "expected"),
    [
        ("Debian GNU/Linux 12 (bookworm) [name=seccomp,profile=builtin]", "linux", Container("docker", True)),
        ("Docker Desktop [name=seccomp,profile=unconfined]", "linux", Container("docker", False)),
        ("Docker Desktop [name=seccomp,profile=unconfined]", "darwin", Container("docker", False)),
        ("Ubuntu 24.04.1 LTS [name=seccomp,profile=builtin name=rootless]", "linux", None),
        ("", "linux", None),
    ],
)
def test_without_a_grafana_docker_counts_where_its_engine_answers(told, platform, expected):
    assert grafana.decide(None, None, "docker", lambda _: told, platform) == expected


def test_a_program_on_path_without_its_files_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setattr(grafana, "PACKAGED_HOME", tmp_path / "no packaged one")
    program = _program(tmp_path / "bin" / "grafana", "")
    assert grafana.decide(None, str(program), None, _nobody, "linux") is None


@pytest.mark.parametrize(("code", "expected"), [("echo Debian []", "Debian []"), ("echo []; exit 1", "")])
def test_an_engine_is_what_docker_reaches(tmp_path, code, expected):
    assert grafana.engine(str(_program(tmp_path / "docker", f"#!/bin/sh\n{code}"))) == expected


def test_a_docker_that_hangs_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(grafana, "DOCKER_SECONDS", 0.2)
    began = time.monotonic()
    assert grafana.engine(str(_program(tmp_path / "docker", "#!/bin/sh\nexec sleep 60"))) == ""
    assert time.monotonic() - began < 10


def test_a_folder_that_is_no_grafana_is_refused(tmp_path):
    with pytest.raises(ValidationError, match="is no unpacked Grafana"):
        Settings(grafana_home=tmp_path)


def test_model_deployment_pins_the_same_version():
    files = [*MODEL_DEPLOYMENT.glob("docker-compose*.yaml"), *MODEL_DEPLOYMENT.glob("k8s-*/**/*.yaml")]
    for file in files:
        text = file.read_text(encoding="utf-8")
        for version in re.findall(r"grafana/grafana(?::|\s+newTag: *)[\"']?([\w.-]+)", text):
            assert version == grafana.VERSION, file


@pytest.fixture(name="addresses")
def _addresses(settings):
    """Of a stack of which only Postgres is started."""
    taken: set[int] = set()
    database, own = postgres.own(settings, ports.choose(0, taken))
    return Addresses(database, own, 0, 0, 0, grafana_port=ports.choose(0, taken))


@pytest.fixture(name="stack")
def _stack(settings, addresses):
    """A supervisor with Postgres."""
    with Supervisor(settings, addresses.environment(settings)) as supervisor:
        supervisor.start(addresses.own_postgres)
        addresses.database.make()
        yield supervisor
    assert not leftovers.find(settings.local_dir)


def _options(command, name):
    return [option.removeprefix(f"--{name}=") for option in command if option.startswith(f"--{name}")]


@pytest.fixture(name="program_of")
def _program_of(settings, addresses, monkeypatch):
    """A function that gives the program of an installation, with no database to ask for TLS."""
    monkeypatch.setenv("DB_SSLMODE", "require")
    (settings.local_dir / "grafana").mkdir()
    return lambda found: grafana.program(settings, addresses, found, LOGIN)


def test_a_container_on_this_machines_network_is_told_what_a_program_is(program_of):
    in_docker = program_of(Container("docker", True))
    assert in_docker.environment == program_of(Binary(["grafana"], Path("/home"))).environment
    assert _options(in_docker.command, "network") == ["host"] and not _options(in_docker.command, "publish")
    assert not [part for part in in_docker.command if "s3cret" in part]


def test_a_container_with_a_network_of_its_own_is_reached_from_this_machine_alone(program_of, addresses):
    program = program_of(Container("docker", False))
    port = addresses.grafana_port
    assert _options(program.command, "publish") == [f"127.0.0.1:{port}:{port}"]
    assert not _options(program.command, "network")
    assert program.environment["DB_HOST"] == "host.docker.internal"
    assert program.environment["GF_SERVER_HTTP_ADDR"] == "0.0.0.0"


def test_the_container_of_a_killed_stack_is_removed_once(settings, tmp_path, monkeypatch):
    calls = tmp_path / "calls"
    _program(tmp_path / "bin" / "docker", f'#!/bin/sh\necho "$@" >> "{calls}"')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    grafana.remove_container(settings.local_dir)
    assert not calls.exists()
    (settings.local_dir / "grafana").mkdir()
    (settings.local_dir / "grafana" / "container").write_text("grafana-1a2b", encoding="utf-8")
    for _ in range(2):
        grafana.remove_container(settings.local_dir)
    assert calls.read_text(encoding="utf-8") == "rm --force grafana-1a2b\n"


def _seen(addresses):
    """What the stand-in found."""
    return requests.get(f"http://127.0.0.1:{addresses.grafana_port}", timeout=5).json()


def test_it_reads_all_tables_writes_none_and_keeps_its_passwords(settings, addresses, unpack, capsys):
    found = grafana.decide(unpack("a home", "grafana"), None, None, _nobody, "linux")
    seen = []
    for _ in range(2):
        with Supervisor(settings, addresses.environment(settings)) as supervisor:
            supervisor.start(addresses.own_postgres)
            addresses.database.make()
            addresses.database.query("CREATE TABLE IF NOT EXISTS features (x int)")
            assert grafana.start(settings, supervisor, addresses, found)
            seen.append(_seen(addresses))
    assert f"Grafana: {addresses.grafana}" in capsys.readouterr().out
    assert seen[0] == seen[1]
    assert {"features", "metrics", "feature_drift", "live_quality", "decisions"} <= set(seen[0]["tables"])
    assert not seen[0]["can_write"]
    assert seen[0]["dashboards"] == ["model-and-data", "service", "students-at-risk"]
    assert seen[0]["settings"]["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    passwords = [settings.local_dir / "grafana" / name for name in ("admin-password", "reader-password")]
    admin, reader = (file.read_text(encoding="utf-8") for file in passwords)
    assert seen[0]["settings"]["GF_SECURITY_ADMIN_PASSWORD"] == admin != reader
    assert not [file for file in passwords if file.stat().st_mode & 0o077]


@pytest.mark.usefixtures("stack")
def test_where_its_reader_cannot_be_made_the_loop_goes_on_without(settings, addresses, unpack, capsys):
    """As on an external server, whose user may make tables but no roles."""
    own = addresses.database
    own.query("CREATE ROLE writer LOGIN PASSWORD 'secret'")
    own.query("GRANT ALL ON SCHEMA public TO writer")
    external = replace(addresses, database=replace(own, user="writer", password="secret", password_file=None))
    found = grafana.decide(unpack("home", "grafana"), None, None, _nobody, "linux")
    other = Settings(local_dir=settings.local_dir / "other", db_host=own.host)
    other.logs.mkdir(parents=True)
    with Supervisor(other, external.environment(other)) as supervisor:
        assert not grafana.start(other, supervisor, external, found)
    (line,) = capsys.readouterr().out.splitlines()
    assert "Grafana: left out. grafana-reader failed." in line and "role" in line
    assert str(other.logs / "grafana-reader.log") in line
    assert ports.is_free(addresses.grafana_port)


def test_a_grafana_that_does_not_start_is_left_out_and_not_kept_up(settings, addresses, stack, unpack, capsys):
    home = unpack("home", "grafana")
    _program(home / "bin" / "grafana", "#!/bin/sh\necho not this year; exit 1")
    assert not grafana.start(settings, stack, addresses, Binary([str(home / "bin" / "grafana")], home))
    (line,) = capsys.readouterr().out.splitlines()
    assert "Grafana: left out. grafana ended while it was starting. not this year" in line
    assert "grafana" not in stack.processes()


DOCKER = """
import os, sys
print(*sys.argv[1:3], flush=True)
if sys.argv[1] == "run":
    assert sys.argv[-1] == {image!r}
    names = [option.removeprefix("--env=") for option in sys.argv if option.startswith("--env=")]
    server = [{python!r}, {home!r} + "/bin/grafana", "server", "--homepath=" + {home!r}]
    os.execve(server[0], [*server, "--config=" + {home!r} + "/conf/defaults.ini"], {{name: os.environ[name] for name in names}})
sys.exit(sys.argv[1] == "image")
"""


def test_in_docker_the_image_is_fetched_and_gets_its_settings_by_name(settings, addresses, stack, unpack, tmp_path):
    """A docker of this test's runs the stand-in in place of the image, with the variables that it is told to pass."""
    code = DOCKER.format(image=grafana.IMAGE, python=sys.executable, home=str(unpack("home", "grafana")))
    found = Container(str(_program(tmp_path / "docker", f"#!{sys.executable}\n{code}")), True)
    grafana.fetch(stack, found)
    assert grafana.start(settings, stack, addresses, found)
    assert _seen(addresses)["user"].startswith("grafana_")
    assert stack.log("grafana-image").read_text(encoding="utf-8") == "pull --quiet\n"
    assert (settings.local_dir / "grafana" / "container").read_text(encoding="utf-8").startswith("grafana-")
