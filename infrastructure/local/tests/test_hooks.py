"""The commit hooks: what has no place in the repository is refused or put right; all that it holds is let through."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# What `make lint` looks at, and what would make the environments of a folder that has no services.
ELSEWHERE = "environments,isort,black,pylint"
# In two parts, so that this file does not hold what the hooks look for.
PEM = "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIEowIBAAKCAQEA\n"
OF_AWS = 'KEY = "' + "AKIA" + "Z7Q4MTN2LHV6XWRB" + '"\n'
OF_POSTGRES = "DB_PASSWORD=" + "tr0ub4dor-and-three\n"
CONFLICT = "<<<<" + "<<< HEAD\na\n=======\nb\n" + ">>>>" + ">>> topic\n"
NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": 3,
            "id": "a",
            "metadata": {},
            "outputs": [{"name": "stdout", "output_type": "stream", "text": ["student 4711\n"]}],
            "source": ["print(row)"],
        }
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
BAD = {
    "isort": ("monitoring/a.py", '"""A module."""\n\nimport sys\nimport os\n'),
    "black": ("monitoring/a.py", "x = {  'a':1 }\n"),
    "pylint": ("monitoring/a.py", '"""A module."""\n\nimport os\n'),
    "trailing-whitespace": ("docs/a.md", "Blanks  \n"),
    "end-of-file": ("docs/a.md", "No newline"),
    "notebooks": ("a.ipynb", json.dumps(NOTEBOOK)),
    "merge-conflicts": ("docs/a.md", CONFLICT),
    "large-files": ("a.csv", "1,2,3\n" * 100_000),
    "private-keys": ("a.pem", PEM),
}
SECRETS = {"a.py": OF_AWS, "a.env": OF_POSTGRES, "a.yaml": "password: " + "tr0ub4dor-and-three\n"}
# Only these say so by changing the file.
FORMATTERS = {"isort", "black", "trailing-whitespace", "end-of-file", "notebooks"}


@pytest.fixture(name="repository")
def _repository(tmp_path):
    """A git repository with the hooks and the tools, and no files yet."""
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "tools").symlink_to(sys.prefix)
    shutil.copy(ROOT / ".pre-commit-config.yaml", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "infrastructure" / "local" / "hooks", tmp_path / "infrastructure" / "local" / "hooks")
    git(tmp_path, "init", "--quiet")
    return tmp_path


def git(repository: Path, *command: str) -> str:
    """Runs git there, whatever repository a hook of which these tests may be part has named."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(["git", *command], cwd=repository, env=clean, capture_output=True, text=True, check=True)
    return done.stdout


def add(repository: Path, name: str, text: str) -> Path:
    """A file that is about to be committed."""
    file = repository / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    git(repository, "add", name)
    return file


def hooks(repository: Path, *which: str, **variables: str):
    """What pre-commit says."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        [Path(sys.executable).parent / "pre-commit", "run", "--color=never", *which],
        cwd=repository,
        env=environment | {"PRE_COMMIT_HOME": str(repository / ".local" / "pre-commit")} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("hook", BAD)
def test_a_hook_stops_what_it_is_there_for(repository, hook):
    name, text = BAD[hook]
    file = add(repository, name, text)
    done = hooks(repository, hook)
    assert done.returncode == 1 and f"- hook id: {hook}" in done.stdout
    changed = file.read_text(encoding="utf-8") != text
    assert changed == (hook in FORMATTERS), done.stdout
    if changed:
        git(repository, "add", name)
        assert hooks(repository, hook).returncode == 0


def test_a_file_that_grows_large_is_stopped_too(repository):
    add(repository, "a.csv", "1,2,3\n")
    git(repository, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "--message", "Small")
    add(repository, *BAD["large-files"])
    assert hooks(repository, "large-files").returncode == 1


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_not_committed_and_not_shown(repository, name):
    add(repository, name, SECRETS[name])
    done = hooks(repository, "secrets")
    assert done.returncode == 1 and f"{name}:1" in done.stdout
    assert "tr0ub4dor" not in done.stdout and "Z7Q4" not in done.stdout


def test_a_made_up_secret_may_be_committed(repository):
    add(repository, "a.py", 'PASSWORD = "' + 's3cret"\nOTHER_PASSWORD = "' + 'tr0ub4dor"  # pragma: allowlist secret\n')
    assert hooks(repository, "secrets").returncode == 0


def test_terraform_is_formatted(repository):
    if not shutil.which("terraform"):
        pytest.skip("there is no terraform on the PATH")
    file = add(repository, "a.tf", "locals {\na=1\n}\n")
    assert hooks(repository, "terraform-fmt").returncode == 1
    assert file.read_text(encoding="utf-8") == "locals {\n  a = 1\n}\n"


def test_without_terraform_a_commit_says_that_nothing_was_formatted(repository):
    add(repository, "a.tf", "locals {\na=1\n}\n")
    script = repository / "infrastructure" / "local" / "hooks" / "terraform-fmt.sh"
    done = subprocess.run([script, "a.tf"], env={"PATH": ""}, capture_output=True, text=True, check=True)
    assert done.stdout == "Not formatted: there is no terraform on the PATH.\n"


def test_what_is_in_the_repository_is_let_through(repository):
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a clone")
    for name in git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0"):
        if (ROOT / name).is_file():
            (repository / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, repository / name)
    git(repository, "add", ".")
    done = hooks(repository, "--all-files", SKIP=ELSEWHERE)
    assert done.returncode == 0, done.stdout


def test_hooks_are_programs_that_the_lock_files_pin(repository):
    config = (repository / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert "rev:" not in config and config.count("language: system") == config.count("- id: ")
    entries = [line.split()[1] for line in config.splitlines() if line.strip().startswith("entry:")]
    assert set(entries) - {"make"} and all(entry == "make" or (repository / entry).is_file() for entry in entries)


@pytest.mark.parametrize("is_the_repository", [True, False])
def test_make_clean_takes_the_hooks_of_its_own_repository_along_and_of_no_other(tmp_path, is_the_repository):
    folder = tmp_path if is_the_repository else tmp_path / "unpacked"
    tool = folder / ".local" / "tools" / "bin" / "pre-commit"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\necho called\n", encoding="utf-8")
    tool.chmod(0o755)
    shutil.copy(ROOT / "Makefile", folder)
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".git" / "hooks" / "pre-commit").write_text("# by pre-commit\n", encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "MAKE", "MFLAGS"))}
    command = ["make", "local=true", "clean"]  # nothing runs there
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=True)
    assert ("called" in done.stdout) is is_the_repository
    assert done.stderr == ""
    assert not list(folder.glob(".local*"))


def test_make_clean_that_is_interrupted_leaves_no_half_of_a_stack(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / ".local" / "postgres").mkdir(parents=True)
    interrupted = tmp_path / "bin" / "rm"
    interrupted.parent.mkdir()
    interrupted.write_text("#!/bin/sh\nexit 130\n", encoding="utf-8")
    interrupted.chmod(0o755)
    command = ["make", "local=true", "clean"]  # nothing runs there
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "MAKE", "MFLAGS"))}
    path = {"PATH": f"{interrupted.parent}:{os.environ['PATH']}"}
    assert subprocess.run(command, cwd=tmp_path, env=clean | path, capture_output=True, check=False).returncode
    assert not (tmp_path / ".local").exists()
    subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, check=True)
    assert not list(tmp_path.glob(".local*"))
