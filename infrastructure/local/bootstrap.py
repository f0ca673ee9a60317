"""Makes the tools environment of the local stack, and goes on in it: `python start.py COMMAND`.

This file runs on a bare Python, with the standard library alone. The tools are pinned in requirements.txt; uv is
installed first, since it installs the others in a tenth of the time that pip needs.
"""

import fcntl
import hashlib
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TextIO

import soundness

HERE = Path(__file__).resolve().parent
LOCAL = HERE.parent.parent / ".local"
TOOLS = LOCAL / "tools"
LOG = LOCAL / "logs" / "tools.log"
REQUIREMENTS = HERE / "requirements.txt"
STAMP = TOOLS / "made-from"
# What needs no tools where there are none, and must not wait for new ones where a stack runs with the old.
LOOKING = {"stop": "Not running.", "release": "Not running.", "status": "Not running. Start it with: make run"}


def main() -> None:
    """Brings the tools environment up to date, and becomes the command that was asked for."""
    command = sys.argv[1]
    if LOCAL.is_dir() or command not in LOOKING:
        refuse_anothers()
    if command in LOOKING and not STAMP.is_file() and not is_held(Path(os.environ.get("LOCAL_DIR") or LOCAL)):
        print(LOOKING[command], flush=True)
        return
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with open(LOCAL / "tools.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if command in LOOKING:
            if not soundness.is_whole(TOOLS):
                make()
        elif not is_current():
            refuse_while_in_use()
            make()
    os.execv(TOOLS / "bin" / "python", [str(TOOLS / "bin" / "python"), str(HERE), *sys.argv[1:]])


def refuse_anothers() -> None:
    """What one user made is for that user alone: another cannot read all of it, and root would take files from them."""
    if LOCAL.is_dir():
        folder, is_mine = LOCAL, LOCAL.stat().st_uid == os.geteuid()
    else:
        folder, is_mine = LOCAL.parent, os.access(LOCAL.parent, os.W_OK)
    if not is_mine:
        sys.exit(
            f"{folder} belongs to the user {owner(folder)}. Run make as that user, or in a clone of your own; or have "
            f"{folder} given to you: sudo chown -R $(id -u) {shlex.quote(str(folder))}"
        )


def owner(folder: Path) -> str:
    """The name of the user whose folder it is, or the number of one who has no name here."""
    try:
        return folder.owner()
    except KeyError:
        return str(folder.stat().st_uid)


def is_current() -> bool:
    """Whether the environment is what requirements.txt asks for, and whole."""
    return STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted() and soundness.is_whole(TOOLS)


def refuse_while_in_use() -> None:
    """The programs of a running stack run in the tools environment, so it is not replaced under them."""
    if is_held(LOCAL):
        sys.exit("The tools have to be made anew, and a running stack uses them: make stop first.")


def is_held(local_dir: Path) -> bool:
    """Whether a stack runs that keeps its things in this folder."""
    try:
        with open(local_dir / "run.lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # no such file, or not for this user to read
        pass
    return False


def wanted() -> str:
    """What the environment is made from. It knows its own path, so it is made anew in a folder that was moved."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    return f"{digest} {sys.version} {TOOLS}"


def make() -> None:
    """Makes the environment anew. It counts as made only once everything is in it."""
    started = time.monotonic()
    print("Making the tools environment (once; pip, from the package index) ...", flush=True)
    with open(LOG, "w", encoding="utf-8") as log, tempfile.TemporaryDirectory() as folder:
        uv_only = Path(folder) / "uv.txt"
        uv_only.write_text(pinned("uv"), encoding="utf-8")
        python = str(TOOLS / "bin" / "python")
        sync = [python, "-m", "uv", "pip", "sync", "--require-hashes", "--python", python, str(REQUIREMENTS)]
        call([sys.executable, "-m", "venv", "--clear", str(TOOLS)], log)
        call([python, "-m", "pip", "install", "--require-hashes", "-r", str(uv_only)], log)
        call(sync, log)
        if mending := soundness.past_the_cache(TOOLS):
            call([*sync, *mending], log)
    STAMP.write_text(wanted(), encoding="utf-8")
    print(f"Making the tools environment took {time.monotonic() - started:.1f} s", flush=True)


def call(command: list[str], log: TextIO) -> None:
    """Runs a command whose output goes to the log; ends with what may have gone wrong where it fails."""
    if subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode:
        lines = LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        sys.exit(
            f"The tools environment could not be made. {soundness.why_not_made(LOCAL, LOG)}\n"
            + "\n    ".join([f"The log is {LOG}; it ends:", *lines])
        )


def pinned(package: str) -> str:
    """The lines of requirements.txt that pin this package."""
    found = re.search(rf"^{package}==(.+\\\n)+.+\n", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        sys.exit(f"{REQUIREMENTS} does not pin {package}")
    return found.group()


def begin() -> None:
    """Carries out the command line; what stands in the way is said in a sentence."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        main()
    except OSError as problem:
        where = LOCAL if LOCAL.is_dir() and soundness.is_full(LOCAL) else "the output"
        sys.exit(f"{problem.strerror}: {problem.filename or where}")
    except KeyboardInterrupt:
        sys.exit("Interrupted; the same command goes on from here.")
