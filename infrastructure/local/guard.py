"""Runs a command so that it, and all that it starts, ends with the process that asked for it: `guard.py COMMAND`.

The asking process holds the other end of this one's standard input. When that closes, for whatever reason, the command
is asked to end, and after `GRACE_SECONDS` everything below it is killed. On Linux the guard also adopts what its
descendants leave behind, and the command itself is asked to end should the guard be killed.

What the command says is passed on. Where that cannot be, as into a log on a full disk, it is lost: supervisord, for
one, would end on being unable to say that it cannot write a log.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import psutil

from parent import end_with_parent, prctl

LAST_WORDS_SECONDS = 5  # where the kernel does not say who else was started, somebody else may hold the output open
GRACE_SECONDS = 60  # longer than all programs of a supervisor may take to stop, one after the other
PR_SET_CHILD_SUBREAPER = 36
IGNORED = (signal.SIGINT, signal.SIGHUP)


def main(command: list[str]) -> int:
    """Runs the command to its end; gives its exit code."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    for ignored in IGNORED:
        signal.signal(ignored, signal.SIG_IGN)
    heard, said = os.pipe()
    child = subprocess.Popen(  # pylint: disable=subprocess-popen-preexec-fn,consider-using-with
        command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, preexec_fn=in_the_child
    ).pid
    os.close(said)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    threading.Thread(target=end_with_stdin, args=(child,), daemon=True).start()
    passing_on = threading.Thread(target=pass_on, args=(heard,), daemon=True)
    passing_on.start()
    status = reap_until(child)
    kill_descendants()
    passing_on.join(LAST_WORDS_SECONDS)
    return status


def in_the_child() -> None:
    """Undoes for the command what is for the guard alone, and has it end with the guard."""
    for reset in IGNORED:
        signal.signal(reset, signal.SIG_DFL)
    end_with_parent()


def pass_on(heard: int) -> None:
    """Writes to standard output what comes in, and goes on where that fails."""
    while said := os.read(heard, 65536):
        with suppress(OSError):
            os.write(1, said)


def end_with_stdin(child: int) -> None:
    """Ends the child once standard input is closed: first kindly, then with all its descendants."""
    while os.read(0, 1024):
        pass
    os.kill(child, signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    kill_descendants()


def reap_until(pid: int) -> int:
    """Waits for adopted children as they end, until the one with this id does; gives its exit code."""
    while True:
        ended, status = os.wait()
        if ended == pid:
            return os.waitstatus_to_exitcode(status)


def kill_descendants() -> None:
    """Kills all processes below this one, also those that are born meanwhile."""
    while descendants := [
        process for process in psutil.Process().children(recursive=True) if process.status() != psutil.STATUS_ZOMBIE
    ]:
        for process in descendants:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                pass
        psutil.wait_procs(descendants, timeout=1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
