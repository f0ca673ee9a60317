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
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import parent
import soundness

HERE = Path(__file__).resolve().parent
LOCAL = HERE.parent.parent / ".local"
TOOLS = LOCAL / "tools"
LOG = LOCAL / "logs" / "tools.log"
LOCK = LOCAL / "tools.lock"  # held while the tools are made, by the process whose id and command it has in it
REQUIREMENTS = HERE / "requirements.txt"
STAMP = TOOLS / "made-from"
STACKS = ("run", "demo", "postgres")  # what a stack is started with
# What needs no tools where there are none, and must not wait for new ones where a stack runs with the old.
LOOKING = {"stop": "Not running.", "release": "Not running.", "status": "Not running. Start it with: make run"}


def main() -> None:
    """Brings the tools environment up to date, and becomes the command that was asked for."""
    command = sys.argv[1]
    if LOCAL.is_dir() or command not in LOOKING:
        refuse_anothers()
    if command in LOOKING:
        if look_at_the_maker(command):
            return
        if not STAMP.is_file() and not is_held(local_dir()):
            print(LOOKING[command], flush=True)
            return
    elif why := soundness.why_not_here(HERE):
        sys.exit(f"{LOCAL.parent} {why}. Move it to another folder, or clone into one.")
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with open(LOCK, "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        if command in LOOKING:
            if not (is_of_this_machine() and soundness.is_whole(TOOLS)):
                make()
        elif not is_current():
            refuse_while_in_use()
            print(os.getpid(), command, local_dir(), file=lock, flush=True)
            make()
    os.execv(TOOLS / "bin" / "python", [str(TOOLS / "bin" / "python"), str(HERE), *sys.argv[1:]])


def local_dir() -> Path:
    """The folder that the command is about."""
    return Path(os.environ.get("LOCAL_DIR") or LOCAL).expanduser().resolve()


def look_at_the_maker(command: str) -> bool:
    """Does what was asked of a stack that is making its tools just now; says whether there is one.

    `make clean` does not delete tools under a process that makes them for something else.
    """
    if not is_locked(LOCK) or not (maker := LOCK.read_text(encoding="utf-8").rstrip("\n")):
        return False
    process, of, folder = maker.split(" ", 2)
    if of not in STACKS or folder != str(local_dir()):
        if command == "release":
            sys.exit(f"Process {process} is making the tools (make {of}). Once it is done, the same command goes on.")
        return False
    if command == "status":
        print(f"Starting, process {process}:\n    it is still making its tools", flush=True)
        return True
    os.kill(int(process), signal.SIGTERM)
    while is_locked(LOCK):
        time.sleep(0.1)
    print("Stopped.", flush=True)
    return True


def refuse_anothers() -> None:
    """What one user made is for that user alone: another cannot read all of it, and root would take files from them."""
    clone = LOCAL.parent
    folder = LOCAL if LOCAL.is_dir() else clone
    if folder.stat().st_uid == os.geteuid():
        if not os.access(folder, os.W_OK):
            sys.exit(f"{folder} cannot be written to. Make it writable, or clone into a folder that is.")
    elif folder == LOCAL or not os.access(clone, os.W_OK):
        sys.exit(
            f"{folder} belongs to the user {owner(folder)}. Run make as that user, or in a clone of your own; or have "
            f"{clone} given to you: sudo chown -R $(id -u) {shlex.quote(str(clone))}"
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


def is_of_this_machine() -> bool:
    """Whether the environment was made on a machine of this kind: a folder may be shared by two."""
    return STAMP.is_file() and STAMP.read_text(encoding="utf-8").startswith(f"{os.uname().machine} ")


def refuse_while_in_use() -> None:
    """The programs of a running stack run in the tools environment, so it is not replaced under them."""
    if is_held(LOCAL):
        sys.exit("The tools have to be made anew, and a running stack uses them: make stop first.")


def is_held(folder: Path) -> bool:
    """Whether a stack runs that keeps its things in this folder."""
    return is_locked(folder / "run.lock")


def is_locked(file: Path, kind: int = fcntl.LOCK_SH) -> bool:
    """Whether a process holds this lock in a way that keeps others from one of this kind."""
    try:
        with open(file, "rb") as lock:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # no such file, or not for this user to read
        pass
    return False


def wanted() -> str:
    """What the environment is made from. It knows its own path, so it is made anew in a folder that was moved."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    return f"{os.uname().machine} {digest} {sys.version} {TOOLS}"


def make() -> None:
    """Makes the environment anew. It counts as made only once everything is in it."""
    started = time.monotonic()
    STAMP.unlink(missing_ok=True)
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
    # In a group of its own, of which nothing is to go on once this process does not. A signal that comes while it is
    # being started waits until it can be ended too.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, parent.ENDINGS)
    with subprocess.Popen(  # pylint: disable=subprocess-popen-preexec-fn  # nothing else runs here
        command,
        stdout=log,
        stderr=subprocess.STDOUT,
        process_group=0,
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before),
    ) as process:
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            process.wait()
        except BaseException:
            with suppress(ProcessLookupError):  # all of it has just ended by itself
                os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
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
    parent.end_with_make()
    parent.on_the_end(signal.default_int_handler)
    try:
        main()
    except OSError as problem:
        where = LOCAL if LOCAL.is_dir() and soundness.is_full(LOCAL) else "the output"
        sys.exit(f"{problem.strerror}: {problem.filename or where}")
    except KeyboardInterrupt:
        sys.exit("Interrupted; the same command goes on from here.")
