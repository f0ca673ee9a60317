"""GitHub's workflows: what actionlint, zizmor and shellcheck say, and what all keep to. They run at GitHub alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from manifests import ROOT

BIN = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
SCRIPTS = sorted(
    Path(file)
    for file in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.sh"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
)
# An action by its commit, with its version for people and for Dependabot.
PINNED = re.compile(r"^[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def said(*command, env=None) -> str:
    """What a linter prints, with its exit code where that is not 0."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=env)
    return "" if done.returncode == 0 else f"{done.returncode}: {done.stdout}{done.stderr}"


@pytest.fixture(name="workflows")
def _workflows():
    """The workflows, read, by name. YAML takes `on` for a truth value."""
    return {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in WORKFLOWS}


def test_there_are_the_workflows_that_the_documents_name():
    assert [file.stem for file in WORKFLOWS] == ["audit", "cd", "ci", "rollback", "update"]


def test_actionlint_finds_nothing():
    # It has shellcheck look at the commands of each step.
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    assert not said(BIN / "actionlint", *WORKFLOWS, env=os.environ | {"PATH": path})


def test_zizmor_finds_nothing():
    assert not said(BIN / "zizmor", "--offline", "--persona", "auditor", "--quiet", ROOT / ".github")


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_shellcheck_finds_nothing(script):
    # What Postgres' container runs is read by the bash of its entry point, and names no shell.
    named = (ROOT / script).read_text(encoding="utf-8").startswith("#!")
    assert not said(BIN / "shellcheck", *([] if named else ["--shell=bash"]), script)


@pytest.mark.parametrize(
    "file, right, wrong, finding",
    [
        ("ci", "permissions: {}", "", "excessive-permissions"),
        ("cd", '"$RUN_ID"', "${{ inputs.run_id }}", "template-injection"),
        ("update", "persist-credentials: false", "persist-credentials: true", "artipacked"),
    ],
)
def test_zizmor_would_find(file, right, wrong, finding, tmp_path):
    text = (ROOT / ".github" / "workflows" / f"{file}.yaml").read_text(encoding="utf-8")
    broken = tmp_path / ".github" / "workflows" / f"{file}.yaml"
    broken.parent.mkdir(parents=True)
    assert right in text
    broken.write_text(text.replace(right, wrong), encoding="utf-8")
    found = said(BIN / "zizmor", "--offline", "--persona", "auditor", tmp_path)
    assert finding in found


def unpinned(text: str) -> list[str]:
    """Actions that are not named by commit and version."""
    return [action for action in re.findall(r"uses: (.+)$", text, re.MULTILINE) if not PINNED.match(action)]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_actions_are_pinned_by_commit_and_say_their_version(file):
    text = file.read_text(encoding="utf-8")
    assert not unpinned(text)
    assert unpinned(re.sub(r"@[0-9a-f]{40}", "@v6", text)) and unpinned(text.replace(" # v", " # "))


def test_an_action_has_one_version():
    used = {action for file in WORKFLOWS for action in re.findall(r"uses: (\S+)", file.read_text(encoding="utf-8"))}
    assert len({action.split("@")[0] for action in used}) == len(used)


def test_jobs_have_an_end_and_name_their_rights(workflows):
    for name, workflow in workflows.items():
        assert workflow["permissions"] == {}, name
        assert "concurrency" in workflow, name
        for job in workflow["jobs"].values():
            assert job["timeout-minutes"] <= 110 and job["permissions"] and job["runs-on"] == "ubuntu-24.04", name


def test_only_the_environment_production_may_change_anything(workflows):
    """The deploy role trusts that environment alone; a job that took the role elsewhere would be refused."""
    for name, workflow in workflows.items():
        for job in workflow["jobs"].values():
            roles = [
                step["with"]["role-to-assume"] for step in job["steps"] if "role-to-assume" in step.get("with", {})
            ]
            assert (job.get("environment") == "production") == any("DEPLOY" in role for role in roles), name
            assert name != "ci" or "environment" not in job


def test_what_posts_to_a_pull_request_runs_nothing_of_it(workflows):
    jobs = workflows["ci"]["jobs"].values()
    writing = [
        job for job in jobs if "write" in (job["permissions"].get("pull-requests"), job["permissions"].get("contents"))
    ]
    assert len(writing) == 1
    assert not [step for step in writing[0]["steps"] if "checkout" in step.get("uses", "")]


def test_every_python_and_every_part_of_make_test_is_run(workflows):
    matrix = workflows["ci"]["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    made_of = dict(re.findall(r"^(end-to-end|flows|unit): ([^#\n]*)", makefile, re.MULTILINE))
    run = [name for part in matrix["part"] for name in made_of.get(part, part).split()]
    assert sorted(run) == sorted(re.search("^parts = (.*)", makefile, re.MULTILINE)[1].split())


def commands(workflows) -> str:
    """All that the workflows' steps run."""
    jobs = [job for workflow in workflows.values() for job in workflow["jobs"].values()]
    return "\n".join(step["run"] for job in jobs for step in job["steps"] if "run" in step)


def test_what_steps_call_exists(workflows):
    text = commands(workflows)
    scripts = set(re.findall(r"infrastructure/[\w/-]+\.sh", text))
    assert scripts and not [script for script in scripts if not os.access(ROOT / script, os.X_OK)]
    for folder, makefile in ((".", "Makefile"), ("infrastructure", "infrastructure/Makefile")):
        have = re.findall(r"^([a-z-]+):", (ROOT / makefile).read_text(encoding="utf-8"), re.MULTILINE)
        prefix = r"make " if folder == "." else rf"make -C {folder} "
        called = [
            word for line in re.findall(rf"^{prefix}([a-z][a-z -]*)$", text, re.MULTILINE) for word in line.split()
        ]
        assert called and set(called) <= set(have)


def test_terraform_is_the_one_that_the_code_was_checked_with(workflows):
    versions = {
        step["with"]["terraform_version"]
        for workflow in workflows.values()
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if "setup-terraform" in step.get("uses", "")
    }
    assert versions == {"1.11.4"}
