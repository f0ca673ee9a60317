"""Whatever ends first, nothing stays behind. The tree: a guard, a child, and a grandchild that left its parent."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

GUARD = Path(__file__).resolve().parent.parent / "guard.py"
LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="the kernel helps on Linux only")

CHILD = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.{handler})
detached = subprocess.Popen(["sh", "-c", "sleep 600 & echo $!"], stdout=subprocess.PIPE, text=True,
                            start_new_session=True)
print(os.getpid(), detached.stdout.readline().strip(), flush=True)
time.sleep(600)
"""


@pytest.fixture(name="tree")
def _tree(spawn):
    """A function that starts a guard with its child and detached grandchild."""

    def start(handler="SIG_DFL", grace=30):
        run_guard = (
            f"import sys; sys.path.insert(0, {str(GUARD.parent)!r}); import guard; guard.GRACE_SECONDS = {grace}; "
            "sys.exit(guard.main(sys.argv[1:]))"
        )
        command = [sys.executable, "-c", CHILD.format(handler=handler)]
        guard = spawn("-c", run_guard, *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        child, grandchild = map(int, guard.stdout.readline().split())
        assert psutil.pid_exists(child) and psutil.pid_exists(grandchild)
        return guard, child, grandchild

    return start


def _alive(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@LINUX_ONLY
def test_when_its_input_closes_everything_ends(tree, wait):
    guard, child, grandchild = tree()
    guard.stdin.close()
    wait(lambda: guard.poll() is not None)
    assert not _alive(child) and not _alive(grandchild)


@LINUX_ONLY
def test_when_it_is_told_to_end_everything_ends(tree, wait):
    guard, child, grandchild = tree()
    guard.terminate()
    wait(lambda: guard.poll() is not None)
    assert not _alive(child) and not _alive(grandchild)


@LINUX_ONLY
def test_when_the_child_is_killed_what_it_left_ends_too(tree, wait):
    guard, child, grandchild = tree()
    psutil.Process(child).kill()
    wait(lambda: guard.poll() is not None)
    assert not _alive(grandchild)


@LINUX_ONLY
def test_when_the_guard_is_killed_the_child_is_told_to_end(tree, wait):
    guard, child, _ = tree()
    guard.kill()
    wait(lambda: not _alive(child))


def test_ctrl_c_and_a_closed_terminal_are_for_the_one_that_asked(tree):
    guard, child, grandchild = tree()
    for number in (signal.SIGINT, signal.SIGHUP):
        guard.send_signal(number)
    with pytest.raises(subprocess.TimeoutExpired):
        guard.wait(timeout=0.5)
    assert _alive(child) and _alive(grandchild)


def test_it_gives_the_exit_code_of_its_command(spawn):
    guard = spawn(GUARD, sys.executable, "-c", "raise SystemExit(7)", stdin=subprocess.PIPE)
    assert guard.wait(timeout=10) == 7


def test_what_its_command_says_last_is_passed_on(spawn):
    last_words = "import sys; print('x' * 100_000); sys.stdout.flush(); sys.exit('the end')"
    guard = spawn(GUARD, sys.executable, "-c", last_words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert guard.stdout.read() == "x" * 100_000 + "\nthe end\n"
    assert guard.wait(timeout=10) == 1


@LINUX_ONLY
def test_a_command_goes_on_where_the_disk_has_no_room_for_what_it_says(spawn):
    speaks = "import sys; print('said', flush=True); print('said', file=sys.stderr, flush=True); sys.exit(7)"
    with open("/dev/full", "wb") as full:
        guard = spawn(GUARD, sys.executable, "-c", speaks, stdin=subprocess.PIPE, stdout=full, stderr=full)
    assert guard.wait(timeout=10) == 7


@LINUX_ONLY
def test_a_child_that_does_not_listen_is_killed_after_the_grace_time(tree, wait):
    guard, child, grandchild = tree(handler="SIG_IGN", grace=1)
    guard.stdin.close()
    wait(lambda: guard.poll() is not None)
    assert not _alive(child) and not _alive(grandchild)
