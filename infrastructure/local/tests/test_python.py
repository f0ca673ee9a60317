"""Finding a Python: each fake one is a script that answers as that Python would."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import bootstrap

SCRIPT = Path(__file__).resolve().parent.parent / "find-python.sh"


@pytest.fixture(name="find")
def _find(tmp_path):
    """Runs the script in a copy that has no tools environment, with only these programs on the PATH."""
    script = tmp_path / "infrastructure" / "local" / "find-python.sh"
    script.parent.mkdir(parents=True)
    script.write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "dirname").symlink_to("/usr/bin/dirname")

    def find(python="", **fakes):
        for name, lines in fakes.items():
            fake = programs / name.replace("_", ".")
            fake.write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
            fake.chmod(0o755)
        environment = {"PATH": str(programs), "PYTHON": python}
        return subprocess.run(["/bin/sh", script], env=environment, capture_output=True, text=True, check=False)

    return find


def test_the_first_supported_python_is_used(find):
    real = f'exec "{sys.executable}" "$@"'
    found = find(python3='echo "version 3.10.13"; exit 1', python3_12=real)
    assert found.returncode == 0
    assert os.path.samefile(found.stdout.strip(), sys.executable)


def test_an_unsupported_python_gets_one_sentence(find):
    found = find(python3='echo "version 3.10.13"; exit 1')
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr == (
        "Python 3.11, 3.12 or 3.13 is needed (python3 is 3.10.13): install one, or name it: "
        "make PYTHON=/path/to/python3.12\n"
    )


def test_no_python_gets_one_sentence(find):
    assert "(no Python was found)" in find().stderr


def test_a_python_without_venv_gets_one_sentence(find):
    found = find(python3='echo "venv of python3.12"; exit 1')
    assert found.returncode == 1
    assert found.stderr.startswith("python3.12 has no venv module: install it (on Debian and Ubuntu: apt install")
    assert found.stderr.count("\n") == 1


@pytest.mark.parametrize("module", ["ctypes", "sqlite3", "ssl", "zlib"])
def test_a_python_that_was_built_without_a_module_is_passed_over_and_named(find, tmp_path, module):
    """As where a library was missing when it was compiled."""
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / f"{module}.py").write_text(
        f"raise ImportError('No module named _{module}', name='_{module}')\n", encoding="utf-8"
    )
    real = f'exec "{sys.executable}" "$@"'
    broken = f'export PYTHONPATH="{tmp_path}/without"\n{real}'
    found = find(python3=broken)
    assert (found.returncode, found.stdout) == (1, "")
    assert f"(python3 was built without _{module}): install one, or name it" in found.stderr
    assert find(python3=broken, python3_12=real).returncode == 0


def test_the_python_that_the_user_names_is_the_only_candidate(find):
    found = find("/no/python", python3=f'exec "{sys.executable}" "$@"')
    assert found.returncode == 1
    assert "(/no/python does not start as a Python)" in found.stderr


@pytest.mark.parametrize("answer", ['echo "$@"', "true"])
def test_a_program_that_is_no_python_gets_one_sentence(find, tmp_path, answer):
    found = find(str(tmp_path / "bin" / "echo"), echo=answer)
    assert (found.returncode, found.stdout) == (1, "")
    assert "bin/echo does not start as a Python)" in found.stderr and found.stderr.count("\n") == 1


def test_the_tools_environment_leads_to_the_python_it_was_made_from(find, tmp_path):
    venv.create(tmp_path / ".local" / "tools", with_pip=False)
    (tmp_path / ".local" / "tools" / "made-from").touch()
    assert os.path.samefile(find().stdout.strip(), sys.executable)


def test_a_tools_environment_that_is_not_whole_is_no_candidate(find, tmp_path):
    """As where its deletion was cut short: its Python would name itself, and the new one would be a link to itself."""
    venv.create(tmp_path / ".local" / "tools", with_pip=False)
    (tmp_path / ".local" / "tools" / "pyvenv.cfg").unlink()
    found = find(python3=f'exec "{sys.executable}" "$@"')
    assert found.returncode == 0
    assert not found.stdout.startswith(str(tmp_path))


@pytest.mark.parametrize("is_made", [True, False])
def test_what_another_user_has_made_is_left_alone(tmp_path, monkeypatch, is_made):
    local = tmp_path / "a clone" / ".local"
    (local if is_made else local.parent).mkdir(parents=True)
    monkeypatch.setattr(bootstrap, "LOCAL", local)
    bootstrap.refuse_anothers()
    monkeypatch.setattr(os, "geteuid", lambda: local.parent.stat().st_uid + 1)
    monkeypatch.setattr(os, "access", lambda *_: False)
    belongs = f"{local if is_made else local.parent} belongs to the user {local.parent.owner()}. Run make as that user"
    with pytest.raises(SystemExit, match=belongs):
        bootstrap.refuse_anothers()


@pytest.mark.parametrize("is_made", [True, False])
def test_a_clone_that_cannot_be_written_to_is_not_said_to_be_anothers(tmp_path, monkeypatch, is_made):
    local = tmp_path / "a clone" / ".local"
    (local if is_made else local.parent).mkdir(parents=True)
    monkeypatch.setattr(bootstrap, "LOCAL", local)
    monkeypatch.setattr(os, "access", lambda *_: False)  # as on a disk that is mounted read-only, for root too
    with pytest.raises(SystemExit, match=f"{local if is_made else local.parent} cannot be written to"):
        bootstrap.refuse_anothers()


def test_every_package_of_the_tools_can_be_picked_by_its_pin():
    pin = bootstrap.pinned("uv")
    assert pin.startswith("uv==")
    assert pin.count("==") == 1
    assert pin.count("--hash=sha256:") > 10


def test_a_tools_environment_counts_as_made_only_when_it_is_complete(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "TOOLS", tmp_path / "tools")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "tools" / "made-from")
    monkeypatch.setattr(bootstrap, "LOG", tmp_path / "tools.log")
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # which pip would ask several times
    monkeypatch.setattr(bootstrap, "pinned", lambda _: "no-such-package-on-any-index==1 --hash=sha256:00\n")
    with pytest.raises(SystemExit, match="Is the package index reachable"):
        bootstrap.make()
    assert not bootstrap.STAMP.exists()
