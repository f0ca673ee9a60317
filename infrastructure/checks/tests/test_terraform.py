"""The Terraform root: its form, its types, its tests, what Checkov says, and that breaking it is noticed."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

import terraform

CHECKOV = Path(sys.executable).parent / "checkov"
# What somebody might do without thinking: the file, what is there, what would be, and what the tests have to say of it.
MISTAKES = [
    ("rds", "publicly_accessible    = false", "publicly_accessible    = true", "it has no public address"),
    (
        "rds",
        "storage_encrypted     = true",
        "storage_encrypted     = false",
        "its storage is encrypted with the key given",
    ),
    ("rds", 'force_ssl"\n    value = "1"', 'force_ssl"\n    value = "0"', "it takes no connection without TLS"),
    ("rds", "security_groups = [ingress.value]", 'cidr_blocks = ["0.0.0.0/0"]', "by its port, and by no address"),
    ("network", "0, var.zones)", "0, 1)", "each kind of subnet is in two zones"),
    (
        "network",
        "route_table_id = aws_route_table.database.id",
        "route_table_id = aws_route_table.public.id",
        "the database's subnets have the route table without routes",
    ),
    (
        "storage",
        "block_public_policy     = true",
        "block_public_policy     = false",
        "nothing in it can be made public",
    ),
    (
        "github",
        ":environment:production",
        ":*",
        "pull requests and main may plan, and the environment production may deploy",
    ),
    ("github/plan", '"rds:Describe*"', '"rds:*"', "it changes nothing"),
    ("eks/web", "Resource = var.web.models", 'Resource = "*"', "it may do these four things, and no more"),
    (
        "eks",
        "endpoint_public_access  = length(var.public_access_cidrs) > 0",
        "endpoint_public_access  = true",
        "without networks that may reach it, the API has no public endpoint",
    ),
]


@pytest.fixture(name="env", scope="session")
def _env(tmp_path_factory):
    return terraform.environment(tmp_path_factory.mktemp("terraform"))


@pytest.fixture(name="root")
def _root(env, tmp_path):
    """A copy of the root whose providers and modules are there."""
    copy = terraform.copy_to(tmp_path)
    try:
        terraform.initialise(copy, env, "-backend=false")
    except terraform.Missing as missing:
        pytest.skip(str(missing))
    return copy


def test_files_are_formatted():
    try:
        done = subprocess.run(
            [terraform.command(), "fmt", "-check", "-diff", "-recursive", terraform.ROOT],
            capture_output=True,
            text=True,
            check=False,
        )
    except terraform.Missing as missing:
        pytest.skip(str(missing))
    assert done.returncode == 0, f"terraform fmt -recursive infrastructure\n{done.stdout}{done.stderr}"


def test_the_root_is_valid(root, env):
    done = terraform.run("validate", "-json", cwd=root, env=env)
    assert json.loads(done.stdout)["diagnostics"] == [], done.stdout


def test_its_own_tests_pass(root, env, capsys):
    done = terraform.run("test", "-no-color", cwd=root, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    with capsys.disabled():
        print(f"\nterraform test: {done.stdout.strip().splitlines()[-1]}")


def test_what_takes_too_long_ends_with_its_providers(tmp_path, monkeypatch):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    slow = tmp_path / "terraform"
    slow.write_text("#!/bin/sh\nexec 3> pipe\necho starts >&3\nsleep 60 &\nwait\n", encoding="utf-8")
    slow.chmod(0o755)
    monkeypatch.setattr(terraform, "command", lambda: str(slow))
    with pytest.raises(subprocess.TimeoutExpired):
        terraform.run("test", cwd=tmp_path, env=dict(os.environ), timeout=2)
    assert os.read(reader, 100) == b"starts\n"
    assert select.select([reader], [], [], 10)[0], "what it has started still runs"
    assert os.read(reader, 100) == b""
    os.close(reader)


@pytest.fixture(name="broken")
def _broken(root):
    """The same with every mistake made."""
    for module, right, wrong, _ in MISTAKES:
        file = root / "modules" / (f"{module}.tf" if "/" in module else f"{module}/main.tf")
        text = file.read_text(encoding="utf-8")
        assert text.count(right) == 1, f"{file} has no longer what is to be broken: {right}"
        file.write_text(text.replace(right, wrong), encoding="utf-8")
    return root


def test_its_tests_notice_mistakes(broken, env):
    modules = sorted({module.split("/", maxsplit=1)[0] for module, *_ in MISTAKES})
    filters = [f"-filter=tests/{module}.tftest.hcl" for module in modules]
    done = terraform.run("test", "-no-color", *filters, cwd=broken, env=env)
    assert done.returncode == 1
    said = " ".join((done.stdout + done.stderr).split())
    assert not [message for *_, message in MISTAKES if message not in said]


def test_every_module_has_its_files():
    for module in (terraform.ROOT / "modules").iterdir():
        names = {"main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md"}
        assert names <= {file.name for file in module.iterdir()}, module.name


def checkov(root):
    """What Checkov says of the root with its modules."""
    done = subprocess.run(
        [
            sys.executable,
            CHECKOV,
            "--directory",
            root,
            "--framework",
            "terraform",
            "--skip-download",
            "--output",
            "json",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(done.stdout)


def test_checkov_finds_nothing_but_exceptions_that_are_explained(root, capsys):
    report = checkov(root)
    results = report["results"]
    assert report["summary"]["parsing_errors"] == 0
    assert not [f"{one['resource']} {one['check_id']} {one['check_name']}" for one in results["failed_checks"]]
    for one in results["skipped_checks"]:
        assert len(one["check_result"]["suppress_comment"]) > 10, f"{one['resource']} {one['check_id']}"
    with capsys.disabled():
        print(f"\nCheckov: Terraform: {len(results['passed_checks'])} passed, {len(results['skipped_checks'])} skipped")
    assert len(results["passed_checks"]) > 150


def test_checkov_notices_mistakes(broken):
    found = {one["check_id"] for one in checkov(broken)["results"]["failed_checks"]}
    # A public database, one without encryption, and a bucket that a policy may make public.
    assert {"CKV_AWS_17", "CKV_AWS_16", "CKV_AWS_54"} <= found, found
