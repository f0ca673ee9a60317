"""Terraform for the checks: which one, and where it finds its provider."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Folders of one's own, of the system, and of packages beside it, that may hold providers as a registry would name them.
MIRRORS = ("~/.terraform.d/plugins", "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins", "/opt/*")
PROVIDER = "registry.terraform.io/hashicorp/aws"


class Missing(Exception):
    """Terraform or its provider cannot be had; the message says what to do."""


def mirrors() -> list[str]:
    """Folders of this machine that hold the provider in the version of the lock file."""
    lock = (ROOT / ".terraform.lock.hcl").read_text(encoding="utf-8")
    version = re.search(r'version\s+= "(.+)"', lock)[1]
    return sorted(
        str(folder).removesuffix(f"/{PROVIDER}/{version}")
        for place in MIRRORS
        for folder in Path("/").glob(f"{Path(place).expanduser()}/{PROVIDER}/{version}".lstrip("/"))
    )


def environment(folder: Path) -> dict[str, str]:
    """The environment that Terraform runs in, with a working folder and a configuration of its own in `folder`.

    A configuration that the person has is kept; where there is none, providers that are on this machine come first, so
    that no network is needed. Settings of Terraform that would change what it does are left out.
    """
    given = os.environ.get("TF_CLI_CONFIG_FILE")
    settings = {key: value for key, value in os.environ.items() if not key.startswith(("TF_VAR_", "TF_CLI_ARGS"))}
    settings |= {"TF_DATA_DIR": str(folder / "data"), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    if given and Path(given).is_file():
        return settings
    config = folder / "terraform.rc"
    sources = [f'filesystem_mirror {{ path = "{mirror}" }}' for mirror in mirrors()] or ["direct {}"]
    config.write_text("provider_installation {\n" + "\n".join(sources) + "\n}\n", encoding="utf-8")
    return settings | {"TF_CLI_CONFIG_FILE": str(config)}


def command() -> str:
    """The Terraform of this machine.

    Raises:
        Missing: There is none.
    """
    found = shutil.which("terraform")
    if not found:
        raise Missing("terraform is not installed: https://developer.hashicorp.com/terraform/install, 1.11 or newer")
    return found


def run(*arguments: str, cwd: Path, env: dict[str, str], timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Runs Terraform in `cwd` without asking anything; what it says is in the result, whether it succeeds or not.

    When it is interrupted or takes too long, it ends with its providers, which would outlive it otherwise.
    """
    with subprocess.Popen(
        [command(), *arguments],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said = process.communicate(timeout=timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, *said)


def copy_to(folder: Path) -> Path:
    """A copy of the root and its modules, which a check may change, with what was downloaded left behind."""
    copy = folder / "infrastructure"
    copy.mkdir(parents=True)
    for file in (*ROOT.glob("*.tf"), ROOT / ".terraform.lock.hcl"):
        shutil.copy(file, copy)
    for name in ("modules", "tests"):
        shutil.copytree(ROOT / name, copy / name)
    return copy


def initialise(root: Path, env: dict[str, str], *options: str) -> None:
    """`terraform init` with the providers of the lock file, and no others.

    Raises:
        Missing: The provider is neither on this machine nor to be had from its registry.
    """
    done = run("init", "-input=false", "-no-color", "-lockfile=readonly", *options, cwd=root, env=env)
    if done.returncode and ("registry" in done.stderr or "provider" in done.stderr):
        raise Missing(f"terraform init cannot get the provider: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
