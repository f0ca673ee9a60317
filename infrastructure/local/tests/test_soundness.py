"""Environments that somebody or something has damaged."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import bootstrap
import soundness
from stack import console, environments


@pytest.fixture(name="environment")
def _environment(tmp_path):
    """An environment with one package, of two files."""
    environment = tmp_path / ".venv"
    site = environment / "lib" / "python3.11" / "site-packages"
    (site / "package-1.dist-info").mkdir(parents=True)
    (site / "code.py").write_text("one = 1\n", encoding="utf-8")
    (site / "package-1.dist-info" / "RECORD").write_text(
        "code.py,sha256=abc,8\npackage-1.dist-info/RECORD,,\n", encoding="utf-8"
    )
    (environment / "pyvenv.cfg").touch()
    (environment / "bin").mkdir()
    (environment / "bin" / "python").symlink_to(sys.executable)
    return environment


def _of(environment: Path, name: str) -> Path:
    return next(environment.rglob(name))


def test_the_environment_that_runs_this_is_whole():
    assert soundness.is_whole(Path(sys.prefix))


def test_what_came_later_does_not_matter(environment):
    (environment / "lib" / "python3.11" / "site-packages" / "__pycache__").mkdir()
    assert soundness.is_whole(environment)


@pytest.mark.parametrize(
    "damage",
    [
        lambda environment: _of(environment, "code.py").unlink(),
        lambda environment: _of(environment, "code.py").write_text("text", encoding="utf-8"),
        lambda environment: _of(environment, "python").unlink(),
        lambda environment: _of(environment, "pyvenv.cfg").unlink(),
        lambda environment: (
            _of(environment, "python").unlink(),
            _of(environment, "bin").joinpath("python").symlink_to("/gone"),
        ),
    ],
    ids=["a file is missing", "a file is another", "no Python", "not its own Python", "a Python that is gone"],
)
def test_damage_is_noticed(environment, damage):
    damage(environment)
    assert not soundness.is_whole(environment)


def test_a_python_in_another_users_home_is_damage_too(environment, monkeypatch):
    look = os.stat

    def stat(path, **options):
        if str(path).endswith("bin/python"):
            raise PermissionError(13, "Permission denied", path)
        return look(path, **options)

    monkeypatch.setattr(os, "stat", stat)
    assert not soundness.is_whole(environment)


def test_a_damaged_environment_is_made_anew(tmp_path):
    service = tmp_path / "service"
    service.mkdir()
    (service / "Pipfile").write_text('[[source]]\nurl = "https://pypi.org/simple"\nname = "pypi"\n', encoding="utf-8")
    (service / "Pipfile.lock").write_text('{"_meta": {"sources": []}, "default": {}}', encoding="utf-8")
    python = service / ".venv" / "bin" / "python"
    for _ in range(2):
        assert environments.make(service, tmp_path / "log")
        python.unlink()
    assert environments.make(service, tmp_path / "log")
    assert python.exists()


def test_what_was_changed_in_place_does_not_come_back_from_the_cache(environment):
    """uv's cache has the changed file too, since it links: the package is fetched anew."""
    assert soundness.past_the_cache(environment) == []
    _of(environment, "code.py").write_text("text", encoding="utf-8")
    assert soundness.past_the_cache(environment) == ["--refresh-package=package", "--reinstall-package=package"]


def test_a_service_is_mended_past_the_cache(tmp_path, monkeypatch):
    """With a real index, a real package and a cache of its own; skipped where there is no index."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    service = tmp_path / "service"
    service.mkdir()
    (service / "Pipfile").write_text('[[source]]\nurl = "https://pypi.org/simple"\nname = "pypi"\n', encoding="utf-8")
    locked = json.loads((environments.SERVICES[0] / "Pipfile.lock").read_text(encoding="utf-8"))
    only = {"_meta": locked["_meta"], "default": {"click": locked["default"]["click"]}}
    (service / "Pipfile.lock").write_text(json.dumps(only), encoding="utf-8")
    log = tmp_path / "log"
    try:
        environments.make(service, log)
    except console.StepFailed as failed:
        pytest.skip(f"no package index: {failed}")
    code = _of(service / ".venv", "core.py")
    whole = code.read_text(encoding="utf-8")
    with open(code, "a", encoding="utf-8") as file:
        file.write("print()\n")
    assert environments.make(service, log)
    assert _of(service / ".venv", "core.py").read_text(encoding="utf-8") == whole


def test_damaged_tools_are_no_current_tools(environment, monkeypatch):
    monkeypatch.setattr(bootstrap, "TOOLS", environment)
    monkeypatch.setattr(bootstrap, "STAMP", environment / "made-from")
    bootstrap.STAMP.write_text(bootstrap.wanted(), encoding="utf-8")
    assert bootstrap.is_current() and bootstrap.is_of_this_machine()
    _of(environment, "code.py").unlink()
    assert not bootstrap.is_current()


def test_tools_of_another_kind_of_machine_are_made_anew_also_to_look(environment, monkeypatch):
    monkeypatch.setattr(bootstrap, "TOOLS", environment)
    monkeypatch.setattr(bootstrap, "STAMP", environment / "made-from")
    assert not bootstrap.is_of_this_machine()
    bootstrap.STAMP.write_text(bootstrap.wanted(), encoding="utf-8")
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="another"))
    assert not bootstrap.is_current() and not bootstrap.is_of_this_machine()


@pytest.mark.parametrize("command", ["stop", "status"])
def test_nothing_is_installed_to_say_that_nothing_runs(tmp_path, command):
    here = Path(bootstrap.__file__).parent
    copy = tmp_path / "infrastructure" / "local"
    copy.mkdir(parents=True)
    for name in ("start.py", "bootstrap.py", "parent.py", "soundness.py"):
        (copy / name).write_bytes((here / name).read_bytes())
    said = subprocess.run([sys.executable, copy / "start.py", command], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("Not running.")
    assert not (tmp_path / ".local").exists()


def test_a_full_disk_is_not_the_fault_of_the_index(tmp_path, monkeypatch):
    log = tmp_path / "log"
    log.write_text("error: failed to write: No space left on device (os error 28)\n", encoding="utf-8")
    said = soundness.why_not_made(tmp_path, log)
    assert said.startswith(f"A disk is full: that with {tmp_path}, that with the cache (~/.cache, or UV_CACHE_DIR),")
    log.write_text("error: dns error\n", encoding="utf-8")
    assert soundness.why_not_made(tmp_path, log).startswith("Is the package index reachable?")
    monkeypatch.setattr(soundness, "TOO_LITTLE", 2**80)
    assert soundness.why_not_made(tmp_path, log).startswith(f"The disk with {tmp_path} is full, or nearly.")


def test_a_cache_that_cannot_be_written_to_is_named_with_what_to_set(tmp_path):
    log = tmp_path / "log"
    log.write_text(
        "error: Failed to initialize cache at `/nobody/.cache/uv`\n  Caused by: Permission denied\n", encoding="utf-8"
    )
    assert soundness.why_not_made(tmp_path, log) == (
        "uv cannot write to its cache, /nobody/.cache/uv. Set HOME or UV_CACHE_DIR to a folder that it can write to; "
        "the same command then goes on from here."
    )


@pytest.mark.parametrize("said", ["invalid peer certificate: UnknownIssuer", "[SSL: CERTIFICATE_VERIFY_FAILED]"])
def test_a_certificate_that_is_not_trusted_is_named_with_what_to_set(tmp_path, said):
    log = tmp_path / "log"
    log.write_text(f"error: Failed to fetch\n  Caused by: {said}\n", encoding="utf-8")
    assert "not trusted. Set SSL_CERT_FILE and PIP_CERT" in soundness.why_not_made(tmp_path, log)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has an output that is always full")
def test_an_output_that_is_full_gets_one_line():
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(
            [sys.executable, Path(bootstrap.__file__).parent, "status"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.stderr.startswith("No space left on device: the output\n")
    assert "Traceback" not in ended.stderr


def test_ctrl_c_in_the_first_second_leaves_one_line(tmp_path):
    """Where its packages are still being read: this one waits as long as it takes."""
    (tmp_path / "pydantic").mkdir()
    (tmp_path / "pydantic" / "__init__.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, Path(bootstrap.__file__).parent, "status"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (1, "Interrupted; the same command goes on from here.\n")


def test_ctrl_c_in_the_first_moment_leaves_nothing_to_read(tmp_path, spawn):
    """Where what `start.py` needs is still being read: this takes as long as it is waited for."""
    (tmp_path / "start.py").write_bytes((Path(bootstrap.__file__).parent / "start.py").read_bytes())
    (tmp_path / "bootstrap.py").write_text(
        "import time\nprint('reading', flush=True)\ntime.sleep(600)\n", encoding="utf-8"
    )
    process = spawn(tmp_path / "start.py", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "reading\n"
    process.send_signal(signal.SIGINT)
    assert (process.communicate(timeout=30)[1], process.returncode) == ("", -signal.SIGINT)
