"""One stack a folder, and its end."""

import os
import subprocess
import time

import pytest

import bootstrap
import soundness
from stack import console, environments, instance, leftovers, manage, run
from stack.settings import Settings


def test_one_stack_a_folder(tmp_path):
    with instance.claim(tmp_path) as claimed:
        claimed.publish(addresses={"MLflow UI": "http://127.0.0.1:5000"})
        assert instance.read(tmp_path)["addresses"] == {"MLflow UI": "http://127.0.0.1:5000"}
        with pytest.raises(instance.AlreadyRunning), instance.claim(tmp_path):
            pass
    assert instance.read(tmp_path) is None
    with instance.claim(tmp_path):
        assert instance.read(tmp_path)["addresses"] == {}


def test_a_claim_ends_with_its_process_however_that_ends(tmp_path, spawn, wait):
    code = (
        f"import time\nfrom pathlib import Path\nfrom stack import instance\n"
        f"with instance.claim(Path({str(tmp_path)!r})):\n    print('claimed', flush=True)\n    time.sleep(600)"
    )
    process = spawn("-c", code, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "claimed\n"
    assert instance.read(tmp_path)["pid"] == process.pid
    process.kill()
    wait(lambda: instance.read(tmp_path) is None)


def test_that_a_stack_runs_is_seen_without_the_tools(tmp_path):
    assert not bootstrap.is_held(tmp_path)
    with instance.claim(tmp_path):
        assert bootstrap.is_held(tmp_path)
    assert not bootstrap.is_held(tmp_path)


@pytest.fixture(name="alone")
def _alone(monkeypatch):
    """Stacks that run in this checkout beside the test are not seen."""
    monkeypatch.setattr(leftovers, "folders", lambda _: set())


def test_environments_that_a_stack_in_another_folder_uses_are_not_deleted(tmp_path, spawn, wait, capsys):
    elsewhere = tmp_path / "else where"
    here = Settings(local_dir=tmp_path / "here")
    process = spawn("-c", "import time; time.sleep(600)", env=os.environ | {leftovers.MARK: str(elsewhere)})
    wait(lambda: str(elsewhere) in leftovers.folders(here.local_dir))
    assert manage.release(here) == 1
    assert f"make stop LOCAL_DIR='{elsewhere}'" in " ".join(capsys.readouterr().out.split())
    process.kill()
    wait(lambda: str(elsewhere) not in leftovers.folders(here.local_dir))


@pytest.mark.usefixtures("alone")
def test_environments_that_are_being_made_are_not_deleted(tmp_path, monkeypatch, capsys):
    settings = Settings(local_dir=tmp_path / "local")
    monkeypatch.setattr(environments, "LOCK", tmp_path / "environments.lock")
    monkeypatch.setattr(environments, "SERVICES", [tmp_path])
    assert manage.release(settings) == 0
    monkeypatch.setattr(environments, "make", lambda *_: manage.release(settings) == 1)
    capsys.readouterr()
    environments.make_all(settings)
    said = capsys.readouterr().out
    said = " ".join(said.split())
    assert "The environments are being made, or" in said and "nothing was deleted" in said and "installed" in said
    assert manage.release(settings) == 0


@pytest.mark.usefixtures("alone")
def test_nor_under_a_stack_in_another_folder_that_has_started_nothing_yet(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(environments, "LOCK", tmp_path / "environments.lock")
    monkeypatch.setattr(run, "_stop_on_signals", lambda: None)
    here = Settings(local_dir=tmp_path / "here")
    released = []
    run.hold(Settings(local_dir=tmp_path / "there"), lambda *_: released.append(manage.release(here)), "")
    assert released == [1]
    assert "a stack that needs them is starting, and nothing was deleted" in " ".join(capsys.readouterr().out.split())
    assert manage.release(here) == 0


def test_status_and_stop_when_nothing_runs(tmp_path, capsys):
    settings = Settings(local_dir=tmp_path)
    assert manage.status(settings) == manage.stop(settings) == 0
    assert "Not running. Start it with: make run" in capsys.readouterr().out


def test_status_says_whether_all_of_it_answers(tmp_path, capsys):
    settings = Settings(local_dir=tmp_path)
    with instance.claim(settings.demo_dir):
        manage.status(settings)
        assert "Not running." in (said := capsys.readouterr().out)
        assert f"A demo runs since {time.strftime('%Y-')}" in said and f"process {os.getpid()}" in said
    with instance.claim(tmp_path) as claimed:
        claimed.publish(addresses={"MLflow UI": "http://127.0.0.1:5000"})
        manage.status(Settings(local_dir=tmp_path))
        assert "Starting since" in capsys.readouterr().out
        claimed.publish(is_up=True)
        manage.status(Settings(local_dir=tmp_path))
        said = capsys.readouterr().out
        assert "Running since" in said and "http://127.0.0.1:5000" in said


def test_make_run_says_so_where_only_postgres_runs(tmp_path, capsys):
    settings = Settings(local_dir=tmp_path)
    with instance.claim(tmp_path) as claimed:
        claimed.publish(addresses={"Postgres": "postgresql://..."}, is_up=True)
        assert run.hold(settings, lambda *_: None, "") == 1
        assert "Only Postgres is running, started by make postgres. First: make stop" in capsys.readouterr().out
        assert run.run_postgres(settings) == 0
        claimed.publish(addresses={"Postgres": "postgresql://...", "MLflow UI": "http://127.0.0.1:5000"})
        assert run.hold(settings, lambda *_: None, "") == 0
        assert "It is running already." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("failure", "said"),
    [(OSError(28, "No space left on device"), ""), (console.StepFailed("prefect ended."), "prefect ended.\n")],
)
def test_a_full_disk_is_named_whatever_failed_for_it(tmp_path, monkeypatch, failure, said):
    def fail(*_):
        raise failure

    settings = Settings(local_dir=tmp_path)
    with pytest.raises(console.StepFailed) as without:
        run.hold(settings, fail, "")
    assert "The disk" not in str(without.value)
    monkeypatch.setattr(soundness, "TOO_LITTLE", 2**80)
    with pytest.raises(console.StepFailed) as raised:
        run.hold(settings, fail, "")
    assert str(raised.value) == (
        f"{said}The disk with {tmp_path} is full, or nearly. Once there is space, the same command goes on from here."
    )


def test_stop_ends_what_a_killed_stack_left(tmp_path, spawn, capsys):
    left = spawn("-c", "import time; time.sleep(600)", env={"LOCAL_STACK_DIR": str(tmp_path)})
    other = spawn("-c", "import time; time.sleep(600)", env={"LOCAL_STACK_DIR": str(tmp_path / "other")})
    assert manage.stop(Settings(local_dir=tmp_path)) == 0
    assert left.poll() is not None
    assert other.poll() is None
    assert "Ended what an earlier start had left (processes: 1)." in capsys.readouterr().out
