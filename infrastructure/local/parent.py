"""Processes that end with the one that started them. Runs on a bare Python, without packages."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1


def prctl(option: int, value: int) -> None:
    """The Linux system call; does nothing elsewhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value)


def end_with_parent() -> None:
    """Has the kernel end this process when its parent is gone. Runs in the child, between fork and exec."""
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def on_the_end(handler: Callable) -> None:
    """Has the signals that end this process call this. A closed terminal does not end it if nohup has started it."""
    for ending in ENDINGS:
        if ending != signal.SIGHUP or signal.getsignal(ending) != signal.SIG_IGN:
            signal.signal(ending, handler)


def hang_up_with_terminal() -> None:
    """Passes on that the terminal was closed, which only the first process of a session is told: make tells nobody."""
    if os.getsid(0) != os.getppid() or not _has_terminal():
        return
    while _has_terminal():
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGHUP)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def end_with_make() -> None:
    """Has the kernel end this process when make, whose id is in MAKE_PID where that has started it, is gone.

    It stays so in what this process becomes.
    """
    if make := os.environ.pop("MAKE_PID", ""):
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(make):  # gone before the kernel was asked
            sys.exit("make was killed.")
