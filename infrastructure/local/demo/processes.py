"""Runs programs of the services that the demo talks to: one that runs once, and one that goes on to answer."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from parent import end_with_parent
from stack.console import StepFailed
from stack.programs import executable


def run_once(service: Path, arguments: list[str], environment: Mapping[str, str], log: Path) -> str:
    """Runs a script of a service to its end, and gives what it printed; raises StepFailed if it did not succeed."""
    with open(log, "a", encoding="utf-8") as output:
        ended = subprocess.run(
            [executable(service, "python"), *arguments],
            cwd=service,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            check=False,
            start_new_session=True,  # Ctrl-C is for the demo alone, which then ends this
            preexec_fn=end_with_parent,
        )
    if ended.returncode:
        raise StepFailed(f"{' '.join(arguments[:1])} of {service.name} failed.", log)
    return ended.stdout


class Companion:
    """A script that answers a JSON object a line with one, for the length of a `with` block."""

    def __init__(self, service: Path, script: Path, environment: Mapping[str, str], log: Path):
        self._log = log
        self._output = open(log, "a", encoding="utf-8")  # pylint: disable=consider-using-with  # until __exit__
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
            [executable(service, "python"), str(script)],
            cwd=service,
            env={**environment, "PYTHONPATH": str(service)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
            text=True,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )

    def __enter__(self) -> "Companion":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()
        self._output.close()

    def wait(self) -> dict:
        """Its next answer; raises StepFailed if it ended."""
        line = self._process.stdout.readline()
        if not line:
            raise StepFailed("A step of the demo ended in the midst of its work.", self._log)
        return json.loads(line)

    def ask(self, question: dict) -> dict:
        """Its answer to this question; raises StepFailed."""
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # its end is noticed below
        return self.wait()
