"""The other servers' Python environments, made once and kept until what they are made from changes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from serving.settings import SERVICE

LOCAL = SERVICE.parent / ".local"
FOLDER = LOCAL / "benchmarks"
REQUIREMENTS = Path(__file__).parent / "others"


class Unavailable(Exception):
    """A server cannot be measured here; the message says why."""


def make(name: str) -> Path:
    """The folder of programs of an environment that holds exactly what its requirements file pins.

    Raises Unavailable.
    """
    folder = FOLDER / name
    requirements = REQUIREMENTS / f"requirements-{name}.txt"
    wanted = f"{sys.version}\n{folder}\n{requirements.read_text(encoding='utf-8')}"
    stamp = folder / "made-from"  # written last: without it, nothing counts as made
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        stamp.unlink(missing_ok=True)
        _uv("venv", "--clear", "--python", sys.executable, folder)
        _uv("pip", "sync", "--python", folder / "bin" / "python", requirements)
        stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin"


def _uv(*arguments) -> None:
    program = shutil.which("uv", path=f"{LOCAL / 'tools' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        raise Unavailable("uv, which makes its environment, is missing: `make environments` installs it")
    clean = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    ended = subprocess.run(
        [program, "--quiet", *map(str, arguments)],
        env=clean | {"UV_PYTHON_DOWNLOADS": "never"},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ended.returncode:
        said = " ".join(ended.stderr.split())
        raise Unavailable(f"its environment could not be made: {said[:300]}")
