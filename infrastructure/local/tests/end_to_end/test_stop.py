"""However a stack ends while it starts, nothing is left behind. That of one that is up is ended in test_run."""

import os
import pty
import signal
import subprocess
import sys

import pytest

from stack import instance, leftovers
from stack.settings import LOCK, ROOT

LOCAL = ROOT / "infrastructure" / "local"


def test_sigterm(new_stack):
    new_stack.start().wait_until_launched("prefect")
    new_stack.process.terminate()
    assert new_stack.process.wait(timeout=60) == 0
    assert not leftovers.find(new_stack.folder)
    assert "Stopped." in new_stack.output


def test_make_stop_from_elsewhere_after_the_terminal_of_nohup_was_closed(new_stack):
    new_stack.start(("nohup", "make", "run"), start_new_session=True).wait_until_launched("prefect")
    os.killpg(new_stack.process.pid, signal.SIGHUP)
    stopping = [sys.executable, LOCAL, "stop"]
    said = subprocess.run(stopping, env=new_stack.environment, check=True, capture_output=True, text=True).stdout
    assert said == "Stopped.\n"
    new_stack.process.wait(timeout=60)
    assert not leftovers.find(new_stack.folder)


def test_a_closed_terminal_whose_first_process_is_make(new_stack, wait):
    """Once all is up, nothing is printed that would fail."""
    terminal, inside = pty.openpty()
    of_the_terminal = {"stdin": inside, "stdout": inside, "stderr": inside}

    def enter():
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which nohup, where it has started us, has ignored
        os.login_tty(inside)

    new_stack.start(("make", "postgres"), **of_the_terminal, preexec_fn=enter)
    os.close(inside)
    wait(lambda: (instance.read(new_stack.folder) or {}).get("is_up"), 120)
    os.close(terminal)
    new_stack.assert_nothing_left()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel helps on Linux only")
def test_a_kill_of_make(new_stack):
    new_stack.start(("make", "run")).wait_until_launched("prefect")
    os.kill(new_stack.process.pid, signal.SIGKILL)
    new_stack.assert_nothing_left()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel helps on Linux only")
def test_a_kill_of_the_runner_and_of_the_guard(new_stack):
    new_stack.start().wait_for_program("prefect")
    (guard,) = [process for process in leftovers.find(new_stack.folder) if _is_of(process, "guard.py", "supervisord")]
    new_stack.process.kill()
    guard.kill()
    new_stack.assert_nothing_left()


def _is_of(process, *words):
    return all(word in " ".join(process.cmdline()) for word in words)


def test_a_file_that_is_no_engagement_data_is_refused_before_anything_is_waited_for(new_stack, tmp_path):
    file = tmp_path / "students.csv"
    file.write_text("UserID,Score\n1,2\n", encoding="utf-8")
    new_stack.start(env=new_stack.environment | {"DATA_SOURCE": str(file)})
    assert new_stack.process.wait(timeout=120) == 1
    new_stack.assert_nothing_left()
    assert f"DATA_SOURCE '{file}' lacks the columns CourseCategory" in new_stack.output
    assert "Postgres" not in new_stack.output and "Traceback" not in new_stack.output


def test_a_step_that_fails_says_so_with_its_log_and_leaves_nothing(new_stack):
    """A database that is none stands for whatever keeps a server from starting."""
    (new_stack.folder / "mlflow").mkdir(parents=True)
    (new_stack.folder / "mlflow" / "mlflow.db").write_text("no database", encoding="utf-8")
    (new_stack.folder / LOCK).touch()
    new_stack.start()
    assert new_stack.process.wait(timeout=120) == 1
    new_stack.assert_nothing_left()
    assert "mlflow ended while it was starting." in new_stack.output
    assert f"The log is {new_stack.folder / 'logs' / 'mlflow.log'}" in new_stack.output
    assert "file is not a database" in new_stack.output
    assert "Traceback" not in new_stack.output
