"""Programs that the steps call: what is called is said, what fails is an error that says what it was."""

import subprocess
import sys
from pathlib import Path


class DeployError(Exception):
    """A step cannot be done; the message says why, and what to do."""


def say(text: str) -> None:
    """Tells a person how far the step is; what programs read is on standard output."""
    print(text, file=sys.stderr, flush=True)


def run(*command: str | Path, given: str | None = None, cwd: Path | None = None, timeout: float = 900) -> str:
    """What a program prints.

    Args:
        given: What it reads; it is not shown, since it may be a secret.

    Raises:
        DeployError: It is not installed, fails, or takes longer than `timeout` seconds.
    """
    shown = " ".join(map(str, command))
    say(f"$ {shown}")
    try:
        done = subprocess.run(
            command,
            input=given,
            cwd=cwd,
            timeout=timeout,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
    except FileNotFoundError as error:
        raise DeployError(f"{command[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise DeployError(f"no end of this after {timeout:.0f} s: {shown}") from error
    if done.returncode:
        raise DeployError(f"this failed with {done.returncode}: {shown}\n{done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
