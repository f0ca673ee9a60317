"""What is delivered: `python -m measures.delivery FILE`."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from measures import checkout
from measures.sheet import Sheet

APPLY, MAX_SECONDS = "make -C infrastructure apply-local", 300
IMAGE, MAX_MB = "what the image of the prediction service adds to its base", 220
WEB, BASE = "online-course-web:local", "docker.io/library/python:3.12-slim"
COMMIT = "org.opencontainers.image.revision"


def main() -> None:
    """Measures what can be measured here, and says why the rest is not."""
    sheet = Sheet(Path(sys.argv[1]), [(IMAGE, f"<= {MAX_MB} MB"), (APPLY, f"< {MAX_SECONDS} s")])
    sheet.put(IMAGE, *image())
    if not shutil.which("terraform"):
        sheet.put(APPLY, "not measured: terraform is not there", None)
        return
    checkout.seconds(checkout.ROOT, "make", "--no-print-directory", ".local/checks/made-from")
    seconds = checkout.seconds(checkout.ROOT, "make", "--no-print-directory", "-C", "infrastructure", "apply-local")
    sheet.put(APPLY, f"{seconds:.0f} s", seconds < MAX_SECONDS)


def image() -> tuple[str, bool | None]:
    """Megabytes of an image that has been built, of which commit, and whether they are few enough."""
    engines = [engine for engine in ("docker", "podman") if shutil.which(engine)]
    for engine in engines:
        web, base = _inspect(engine, WEB), _inspect(engine, BASE)
        if web and base:
            megabytes = (web["Size"] - base["Size"]) / 1e6
            commit = (web["Config"].get("Labels") or {}).get(COMMIT, "unknown")[:12]
            return f"{megabytes:.0f} MB, built at commit {commit}", megabytes <= MAX_MB
    if not engines:
        return "not measured: neither docker nor podman is there", None
    return f"not measured: {WEB} or its base is not in {' or '.join(engines)}; `make images` builds it", None


def _inspect(engine: str, name: str) -> dict | None:
    try:
        ended = subprocess.run(
            [engine, "image", "inspect", name], capture_output=True, text=True, timeout=30, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return json.loads(ended.stdout)[0] if ended.returncode == 0 else None


if __name__ == "__main__":
    main()
