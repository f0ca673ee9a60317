"""Grafana with the repository's dashboards, on a machine that has it: unpacked, on PATH, or as an image in Docker."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stack import console
from stack.addresses import Addresses
from stack.ports import HOST
from stack.postgres import Database
from stack.programs import answers_200, script
from stack.settings import GRAFANA_PROGRAMS, MONITORING, Settings
from stack.supervisor import Program, Supervisor

# The same as in model-deployment, which a test compares.
VERSION = "13.2.1"
IMAGE = f"grafana/grafana:{VERSION}"
HOW_TO_GET_IT = (
    f"To see the dashboards in Grafana, start Docker, or set GRAFANA_HOME to an unpacked Grafana {VERSION} "
    "(https://grafana.com/grafana/download), and start anew. `make demo` draws them without it."
)
PACKAGED_HOME = Path("/usr/share/grafana")
PACKAGED_PLUGINS = Path("/var/lib/grafana/plugins-bundled")
PROVISIONING = MONITORING / "grafana" / "provisioning"
DASHBOARDS = MONITORING / "grafana" / "dashboards"
DOCKER_SECONDS = 5
STOP_SECONDS = 30
# Those that Grafana knows; it has no `prefer`.
SSL_MODES = ("disable", "require", "verify-ca", "verify-full")


@dataclass(frozen=True)
class Binary:
    """A Grafana on this machine: the command that starts its server, and the folder of its files."""

    command: list[str]
    home: Path


@dataclass(frozen=True)
class Container:
    """Docker, in which Grafana's image runs; `shares_network` where a container can use this machine's loopback."""

    docker: str
    shares_network: bool


Installation = Binary | Container


def find(settings: Settings) -> Installation | None:
    """The Grafana to use: that of the settings, one on PATH, or the image, should Docker answer; None without any."""
    on_path = next(filter(None, map(shutil.which, GRAFANA_PROGRAMS)), None)
    return decide(settings.grafana_home, on_path, shutil.which("docker"), engine, sys.platform)


def decide(
    home: Path | None, on_path: str | None, docker: str | None, ask: Callable[[str], str], platform: str
) -> Installation | None:
    """As `find`, from what there is. `ask` is `engine`, and asked only where nothing else was found."""
    if home:
        return _unpacked(home)
    if on_path and (found := _installed(Path(on_path).absolute())):
        return found
    told = ask(docker) if docker else ""
    # A container of an engine without root's rights reaches no server on this machine's loopback.
    if not told or "name=rootless" in told:
        return None
    # In Docker Desktop, containers run in a virtual machine, whose network is another also on Linux.
    return Container(docker, platform == "linux" and not told.startswith("Docker Desktop"))


def _unpacked(home: Path) -> Binary | None:
    """The Grafana that a folder holds as it was unpacked."""
    for name in GRAFANA_PROGRAMS:
        if (home / "bin" / name).is_file() and (home / "conf" / "defaults.ini").is_file():
            return Binary(_server(home / "bin" / name), home)
    return None


def _installed(file: Path) -> Binary | None:
    """The Grafana that a program on PATH belongs to. Packages keep its files in different places."""
    prefix = file.resolve().parent.parent
    for home in (prefix, prefix / "share" / "grafana", PACKAGED_HOME):
        if (home / "conf" / "defaults.ini").is_file():
            # The home's own is preferred: a package's on PATH may be a script with settings of its own.
            return _unpacked(home) or Binary(_server(file), home)
    return None


def _server(file: Path) -> list[str]:
    return [str(file)] if file.name == "grafana-server" else [str(file), "server"]


def engine(docker: str) -> str:
    """The system and the kinds of protection of the engine that this docker talks to; empty where none answers."""
    try:
        told = subprocess.run(
            [docker, "info", "--format", "{{.OperatingSystem}} {{.SecurityOptions}}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DOCKER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.strip() if told.returncode == 0 else ""


def fetch(supervisor: Supervisor, found: Installation | None) -> None:
    """Begins to download the image, if it is needed and not there; that takes as long as a training."""
    if isinstance(found, Container):
        supervisor.launch(_image(found))


def _image(found: Container) -> Program:
    fetch_it = f'"$0" image inspect {IMAGE} >/dev/null 2>&1 || exec "$0" pull --quiet {IMAGE}'
    return Program(
        name="grafana-image", command=["sh", "-c", fetch_it, found.docker], folder=MONITORING, rank=50, runs_once=True
    )


def start(settings: Settings, supervisor: Supervisor, addresses: Addresses, found: Installation) -> bool:
    """Starts Grafana, once it was fetched, and its tables and reader are there. The loop is whole without it.

    Says whether it could.
    """
    folder = folder_of(settings.local_dir)
    for part in ("data", "logs", "plugins"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    login = {
        # A name of its own: another Grafana may read an external server, and would lose its password.
        "GRAFANA_DB_USER": f"grafana_{_kept(folder / 'id', 4)}",
        "GRAFANA_DB_PASSWORD": _kept(folder / "reader-password", 24),
    }
    server = program(settings, addresses, found, login)
    scripts = [
        script("grafana-tables", MONITORING, "migrate.py"),
        script("grafana-reader", MONITORING, "grafana_reader.py", environment=login),
    ]
    with console.step("Grafana") as step:
        try:
            if isinstance(found, Container):
                supervisor.wait_for_end(_image(found))
            for each in scripts:
                supervisor.launch(each)
                supervisor.wait_for_end(each)
            supervisor.start(server)
            step.result = addresses.grafana
        except console.StepFailed as error:
            supervisor.remove(server)
            step.failed = True
            step.result = f"left out. {str(error).splitlines()[0]} {console.tail(error.log)[-1]} The log is {error.log}"
    return not step.failed


def folder_of(local_dir: Path) -> Path:
    """The folder of what Grafana keeps, and of its passwords."""
    return local_dir / "grafana"


def _kept(file: Path, size: int) -> str:
    """A secret that was made up at the first start, as a file that only its owner can read."""
    if not file.is_file():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(size), encoding="utf-8")
    return file.read_text(encoding="utf-8")


def program(settings: Settings, addresses: Addresses, found: Installation, login: dict[str, str]) -> Program:
    """The Grafana server, which reads with this `login`."""
    folder = folder_of(settings.local_dir)
    environment = _environment(folder, addresses) | login | _way_to(addresses.database)
    if isinstance(found, Binary):
        (folder / "grafana.ini").touch()  # so that no file of the machine's own Grafana counts
        if found.home == PACKAGED_HOME and PACKAGED_PLUGINS.is_dir():
            # From Grafana 13.2 on, Postgres is read by a plugin, which packages keep apart.
            environment["GF_PATHS_BUNDLED_PLUGINS"] = str(PACKAGED_PLUGINS)
        command = [*found.command, f"--homepath={found.home}", f"--config={folder}/grafana.ini"]
    else:
        name = f"grafana-{_kept(folder / 'id', 4)}"
        (folder / "container").write_text(name, encoding="utf-8")
        if not found.shares_network:
            environment |= _through_ports(addresses.database)
        port = addresses.grafana_port
        network = "--network=host" if found.shares_network else f"--publish={HOST}:{port}:{port}"
        command = [
            *(found.docker, "run", "--rm", f"--name={name}", network),
            # Its files belong to who runs this; those of the image are readable to the group root.
            f"--user={os.geteuid()}:0",
            f"--mount=type=bind,source={folder},target={folder}",
            *(f"--mount=type=bind,source={path},target={path},readonly" for path in (PROVISIONING, DASHBOARDS)),
            # Without their values, which docker takes from its own environment, and other users cannot see there.
            *(f"--env={variable}" for variable in environment),
            IMAGE,
        ]
    return Program(
        name="grafana",
        command=command,
        folder=folder,
        rank=50,
        is_ready=lambda: answers_200(f"http://{HOST}:{addresses.grafana_port}/api/health"),
        environment=environment,
        stop_seconds=10,
    )


def _environment(folder: Path, addresses: Addresses) -> dict[str, str]:
    """Grafana's settings: it listens on this machine alone, so everybody here may look, and it calls nobody."""
    return {
        "GF_SERVER_PROTOCOL": "http",
        "GF_SERVER_HTTP_ADDR": HOST,
        "GF_SERVER_HTTP_PORT": str(addresses.grafana_port),
        "GF_SERVER_ROOT_URL": f"http://{HOST}:{addresses.grafana_port}/",
        "GF_PATHS_PROVISIONING": str(PROVISIONING),
        "GF_PATHS_DATA": str(folder / "data"),
        "GF_PATHS_LOGS": str(folder / "logs"),
        "GF_PATHS_PLUGINS": str(folder / "plugins"),
        "GF_LOG_MODE": "console",
        "GF_SECURITY_ADMIN_USER": "admin",
        "GF_SECURITY_ADMIN_PASSWORD": _kept(folder / "admin-password", 24),
        "GF_SECURITY_DISABLE_GRAVATAR": "true",
        "GF_AUTH_ANONYMOUS_ENABLED": "true",
        "GF_AUTH_ANONYMOUS_ORG_ROLE": "Viewer",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_NEWS_NEWS_FEED_ENABLED": "false",
        # It would replace its plugins by newer ones, and lose that for Postgres where it cannot.
        "GF_PLUGINS_PREINSTALL_DISABLED": "true",
        "GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED": "true",
        "GRAFANA_DASHBOARDS": str(DASHBOARDS),
        **{name: os.environ.get(name, "") for name in ("GRAFANA_ALERT_WEBHOOK", "GRAFANA_ALERT_EMAIL")},
    }


def _way_to(database: Database) -> dict[str, str]:
    """Where Grafana finds the database, and how it talks to it."""
    mode = os.environ.get("DB_SSLMODE", "")
    if mode not in SSL_MODES:
        # What `prefer` came to, for the connection that asks.
        asked = database.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        mode = "require" if asked and asked[0]["ssl"] else "disable"
    return {"DB_HOST": database.host, "DB_PORT": str(database.port), "DB_NAME": database.name, "DB_SSLMODE": mode}


def _through_ports(database: Database) -> dict[str, str]:
    """What is different in a container with a network of its own, of which a port of this machine leads to one."""
    on_this_machine = database.host in (HOST, "localhost", "::1")
    return {
        "GF_SERVER_HTTP_ADDR": "0.0.0.0",
        "DB_HOST": "host.docker.internal" if on_this_machine else database.host,
    }


def remove_container(local_dir: Path) -> None:
    """Removes the container of an earlier start, should its docker have been killed before it could."""
    name = folder_of(local_dir) / "container"
    docker = shutil.which("docker")
    if docker and name.is_file():
        command = [docker, "rm", "--force", name.read_text(encoding="utf-8")]
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=STOP_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return  # it is tried again
        name.unlink()
