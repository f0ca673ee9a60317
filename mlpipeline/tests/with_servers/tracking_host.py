"""What the tracking host in AWS runs, read from its own files: its environment, and the commands of its units."""

import re
import shlex
from pathlib import Path

BOOT = Path(__file__).resolve().parents[3] / "infrastructure" / "modules" / "tracking" / "boot"
GIVEN = re.compile(r"\$\{([\w.]+)\}")


def environment(**values: str) -> dict[str, str]:
    """The settings on the host, with these in place of what Terraform fills in."""
    lines = (BOOT / "online-course.env.tftpl").read_text(encoding="utf-8").partition("%{")[0].splitlines()
    filled = (GIVEN.sub(lambda found: values.get(found[1], ""), line) for line in lines)
    return dict(line.split("=", 1) for line in filled)


def commands(unit: str, variables: dict[str, str]) -> dict[str, list[str]]:
    """What a unit has containers run, by the container's name, in order."""
    text = (BOOT / "systemd" / f"online-course-{unit}.service").read_text(encoding="utf-8")
    known = {"MLPIPELINE_IMAGE": "mlpipeline", "MONITORING_IMAGE": "monitoring"} | variables
    found = {}
    for line in re.findall(r"^ExecStart(?:Pre)?=/opt/online-course/run (.*)$", text, re.MULTILINE):
        name, _, *command = (GIVEN.sub(lambda found: known[found[1]], word) for word in shlex.split(line))
        found[name] = command
    return found
