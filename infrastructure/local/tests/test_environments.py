"""Making the services' environments."""

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from stack import console, environments, instance
from stack.settings import ROOT, Settings


@pytest.fixture(name="service")
def _service(tmp_path):
    """A service with one dependency, in a folder with a space in its name."""
    service = tmp_path / "a service"
    service.mkdir()
    (service / "Pipfile").write_text('[[source]]\nurl = "https://pypi.org/simple"\nname = "pypi"\n', encoding="utf-8")
    (service / "Pipfile.lock").write_text(
        '{"_meta": {"hash": {"sha256": ""}, "pipfile-spec": 6, "requires": {}, "sources": []}, "default": {}, '
        '"develop": {}}',
        encoding="utf-8",
    )
    return service


def test_an_environment_is_made_once(service, tmp_path):
    log = tmp_path / "log"
    assert environments.make(service, log)
    assert (service / ".venv" / "bin" / "python").exists()
    assert not environments.make(service, log)


def test_it_is_made_anew_for_another_lock_folder_or_machine_or_where_it_was_not_finished(
    service, tmp_path, monkeypatch
):
    log = tmp_path / "log"
    environments.make(service, log)
    with open(service / "Pipfile.lock", "a", encoding="utf-8") as lock:
        lock.write("\n")
    assert environments.make(service, log)
    moved = Path(shutil.move(service, tmp_path / "moved"))
    assert environments.make(moved, log)
    (moved / ".venv" / "made-from").unlink()
    assert environments.make(moved, log)
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="another"))
    assert environments.make(moved, log)


@pytest.mark.parametrize("left", ["", "lib/python3.11"])
def test_what_is_left_of_an_environment_is_replaced(service, tmp_path, left):
    (service / ".venv" / left).mkdir(parents=True)
    assert environments.make(service, tmp_path / "log")
    assert (service / ".venv" / "bin" / "python").exists()


@pytest.mark.parametrize(
    "make",
    [
        lambda place, notes: place.symlink_to(notes.parent),
        lambda place, notes: place.symlink_to("/gone"),
        lambda place, notes: place.write_bytes(notes.read_bytes()),
        lambda place, notes: shutil.copytree(notes.parent, place),
    ],
    ids=["a link to a folder", "a link to nothing", "a file", "a folder"],
)
def test_what_is_no_environment_is_left_alone_and_named(service, tmp_path, make):
    notes = tmp_path / "mine" / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("important", encoding="utf-8")
    place = service / ".venv"
    make(place, notes)
    before = place.lstat()
    with pytest.raises(console.StepFailed, match=f"{place} is no Python environment. Move it away"):
        environments.make(service, tmp_path / "log")
    assert (place.lstat(), notes.read_text(encoding="utf-8")) == (before, "important")


def test_a_lock_that_cannot_be_installed_is_a_failure_with_its_log_and_is_tried_again(service, tmp_path):
    lock = (service / "Pipfile.lock").read_text(encoding="utf-8")
    wrong = lock.replace(
        '"default": {}', '"default": {"no-such-package-on-any-index": {"version": "==1", "hashes": []}}'
    )
    (service / "Pipfile.lock").write_text(wrong, encoding="utf-8")
    log = tmp_path / "log"
    for _ in range(2):
        with pytest.raises(console.StepFailed, match=f"could not be made(.|\n)*The log is {log}"):
            environments.make(service, log)


def test_the_lock_files_name_only_the_public_index():
    for service in environments.SERVICES:
        lock = (service / "Pipfile.lock").read_text(encoding="utf-8")
        assert lock.count('"url"') == 1
        assert '"url": "https://pypi.org/simple"' in lock


def test_environments_are_not_made_anew_under_a_running_stack(service, tmp_path, monkeypatch):
    settings = Settings(local_dir=tmp_path / "local")
    monkeypatch.setattr(environments, "SERVICES", (service,))
    environments.update(settings)
    with instance.claim(settings.local_dir):
        environments.update(settings)
        with open(service / "Pipfile.lock", "a", encoding="utf-8") as lock:
            lock.write("\n")
        with pytest.raises(console.StepFailed, match="make stop first"):
            environments.update(settings)
    environments.update(settings)


@pytest.mark.parametrize(
    "name", ["PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONSAFEPATH", "PYTHONOPTIMIZE", "PYTHONWARNINGS"]
)
def test_make_has_python_run_as_usual_whatever_the_environment_says(name):
    probe = f'include Makefile\nprobe:\n\t@echo "[$${name}]"\n'
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    ended = subprocess.run(
        ["make", "-f", "-", "probe"],
        cwd=ROOT,
        env=environment | {name: "1"},
        input=probe,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "[]\n"
