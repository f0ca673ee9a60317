"""Processes that run beside those that answer requests: the outbox's shipper, and the champion's follower."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time

from serving.settings import SERVICE

LOG = logging.getLogger(__name__)
RESTART_SECONDS = 1.0
STOP_SECONDS = 10.0
PARENT = "COMPANION_OF"  # the id of the process that starts a companion, in the companion's environment
# Not both at once: a process forked meanwhile would keep open the pipe at whose end Popen sees that its program runs.
_STARTING = threading.Lock()
os.register_at_fork(before=_STARTING.acquire, after_in_parent=_STARTING.release, after_in_child=_STARTING.release)


class Life:
    """How long a companion runs: until SIGTERM, until its parent is gone, or for some seconds. For use within it."""

    def __init__(self, seconds: float | None = None):
        # Told by the parent itself, which may be gone before this line is reached.
        self._parent = int(os.environ.get(PARENT) or os.getppid())
        self._ends = time.monotonic() + seconds if seconds is not None else float("inf")
        self._stopped = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: self._stopped.set())

    def goes_on(self) -> bool:
        """Whether it is to go on."""
        return not self._stopped.is_set() and os.getppid() == self._parent and time.monotonic() < self._ends

    def wait(self, seconds: float) -> None:
        """Waits, but not beyond the end."""
        until = min(time.monotonic() + seconds, self._ends)
        while self.goes_on() and (left := until - time.monotonic()) > 0:
            self._stopped.wait(min(left, 0.5))


class Companion:
    """A module that is run as a process of its own, and started again whenever it ends. For use by its parent."""

    def __init__(self, module: str):
        self._module = module
        self._process: subprocess.Popen | None = None
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name=f"keeper of {module}", daemon=True)

    def start(self) -> None:
        """Starts it; returns at once."""
        self._keeper.start()

    def ask_to_end(self) -> None:
        """Has it end; returns at once."""
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """Has it end, and waits for that."""
        deadline = time.monotonic() + STOP_SECONDS
        while self._keeper.is_alive() and time.monotonic() < deadline:
            self.ask_to_end()  # again, since it may be starting just now
            self._keeper.join(0.2)
        if self._keeper.is_alive() and self._process is not None:
            LOG.warning("%s did not end within %d seconds, and is killed.", self._module, STOP_SECONDS)
            self._process.kill()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                self._process = start(self._module)
                self._process.wait()
            except OSError as error:  # such as no memory
                LOG.error("%s cannot be started: %s", self._module, error)
            if not self._stopping.wait(RESTART_SECONDS):
                LOG.warning("%s has ended, and is started again.", self._module)


def start(module: str, *arguments: str) -> subprocess.Popen:
    """Starts a module of this service as a process."""
    command = [sys.executable, "-m", module, *arguments]
    with _STARTING:
        # Ctrl-C reaches the whole group of a terminal's command; the parent says when this process is to end.
        return subprocess.Popen(command, cwd=SERVICE, env=os.environ | {PARENT: str(os.getpid())}, process_group=0)
