"""What happens while the tools are being made, of which a process holds the lock here."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import bootstrap
import parent

HERE = Path(bootstrap.__file__).parent
MAKER = """
import fcntl, os, sys, time
with open(sys.argv[1], "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print(os.getpid(), *sys.argv[2:], file=lock, flush=True)
    print("holds", flush=True)
    time.sleep(600)
"""
CALLER = """
import os, subprocess, sys
sys.path.insert(0, sys.argv[1])
import bootstrap
class Disturbed(subprocess.Popen):
    def __init__(self, *of, **options):
        super().__init__(*of, **options)
        for ending in sys.argv[2:]:
            os.kill(os.getpid(), int(ending))
bootstrap.subprocess.Popen = Disturbed
bootstrap.main = lambda: bootstrap.call(["sh", "-c", "sleep 600 & echo $!; wait"], sys.stdout)
bootstrap.begin()
"""


@pytest.fixture(name="making")
def _making(tmp_path, monkeypatch, spawn):
    """A function that starts a process which makes the tools for this command, of the folder .local or another."""
    local = tmp_path / ".local"
    local.mkdir()
    monkeypatch.setattr(bootstrap, "LOCAL", local)
    monkeypatch.setattr(bootstrap, "LOCK", local / "tools.lock")
    monkeypatch.delenv("LOCAL_DIR", raising=False)

    def start(command, folder=local):
        maker = spawn("-c", MAKER, bootstrap.LOCK, command, folder, stdout=subprocess.PIPE, text=True)
        assert maker.stdout.readline() == "holds\n"
        return maker

    return start


def test_status_says_that_a_stack_is_starting(making, capsys):
    maker = making("run")
    assert bootstrap.look_at_the_maker("status")
    assert capsys.readouterr().out.startswith(f"Starting, process {maker.pid}:")


@pytest.mark.parametrize("command", ["stop", "release"])
def test_stop_and_clean_end_a_stack_that_is_starting(making, capsys, command):
    maker = making("demo")
    assert bootstrap.look_at_the_maker(command)
    assert capsys.readouterr().out == "Stopped.\n"
    assert maker.wait(30) == -signal.SIGTERM


def test_what_is_no_stack_of_this_folder_is_not_ended_and_nothing_is_deleted_under_it(making, tmp_path):
    for of, folder in (("environments", bootstrap.LOCAL), ("run", tmp_path / "another one")):
        maker = making(of, folder)
        assert not bootstrap.look_at_the_maker("stop") and not bootstrap.look_at_the_maker("status")
        with pytest.raises(SystemExit, match=rf"Process {maker.pid} is making the tools \(make {of}\)"):
            bootstrap.look_at_the_maker("release")
        assert maker.poll() is None
        maker.kill()
        maker.wait()


def test_who_made_the_tools_before_is_not_looked_for(making):
    maker = making("run")
    maker.kill()
    maker.wait()
    assert not bootstrap.look_at_the_maker("stop")


@pytest.mark.parametrize("ending", parent.ENDINGS)
def test_nothing_that_makes_the_tools_goes_on_after_the_end(spawn, wait, ending):
    caller = spawn("-c", CALLER, HERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    below = psutil.Process(int(caller.stdout.readline()))
    caller.send_signal(ending)
    assert caller.wait(30) == 1
    assert caller.stderr.read() == "Interrupted; the same command goes on from here.\n"
    wait(lambda: not below.is_running() or below.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize("ending", parent.ENDINGS)
def test_nor_after_an_end_that_comes_while_it_is_started(spawn, ending):
    caller = spawn("-c", CALLER, HERE, str(int(ending)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # Whatever goes on would keep the output open.
    assert caller.communicate(timeout=30)[1] == "Interrupted; the same command goes on from here.\n"


def test_nor_is_an_end_called_a_fault_that_comes_as_the_last_of_it_ends(monkeypatch):
    def wait(process, timeout=None, waits=subprocess.Popen.wait):
        waits(process, timeout)
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "wait", wait)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.call([sys.executable, "-c", ""], sys.__stdout__)


def test_under_nohup_it_goes_on_when_the_terminal_is_closed(spawn):
    caller = spawn(
        *("-c", CALLER, HERE),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    caller.stdout.readline()
    caller.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        caller.wait(0.5)
    caller.terminate()
    assert caller.wait(30) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel helps on Linux only")
def test_it_ends_with_a_make_that_is_killed(spawn, wait):
    """The shell is make; it stays, since it has something left to do."""
    command = ["sh", "-c", 'MAKE_PID=$$ "$0" -c "$1" "$2"; true', sys.executable, CALLER, str(HERE)]
    make = spawn("-c", f"import subprocess; subprocess.run({command!r})", stdout=subprocess.PIPE, text=True)
    below = psutil.Process(int(make.stdout.readline()))
    psutil.Process(make.pid).children()[0].kill()
    wait(lambda: not below.is_running() or below.status() == psutil.STATUS_ZOMBIE)


def test_it_does_not_begin_where_make_was_killed_before(spawn):
    gone = spawn("-c", "")
    gone.wait()
    caller = spawn("-c", CALLER, HERE, env=os.environ | {"MAKE_PID": str(gone.pid)}, stdout=subprocess.PIPE)
    assert caller.communicate(timeout=30) == (b"", None) and caller.returncode == 1


@pytest.mark.parametrize("name", ["100%", "a [1] b", "what?", "x:y", "a=b", "$HOME", "Über uns #1"])
def test_a_clone_whose_path_cannot_be_used_is_told_so_before_anything_is_made(tmp_path, name):
    copy = tmp_path / name / "infrastructure" / "local"
    copy.mkdir(parents=True)
    for file in ("start.py", "bootstrap.py", "parent.py", "soundness.py"):
        (copy / file).write_bytes((HERE / file).read_bytes())
    ended = subprocess.run([sys.executable, copy / "start.py", "run"], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{tmp_path / name} has ") and "Move it to another folder" in ended.stderr
    assert not (tmp_path / name / ".local").exists()
