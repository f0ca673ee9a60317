"""What `make run` says while it is up."""

import os
import threading
from pathlib import Path

import pytest
from rich.console import Console

import soundness
from stack import console, run, things_to_try
from stack.addresses import Addresses
from stack.postgres import Database

UP, ENDED, GIVEN_UP = (1, "RUNNING"), (0, "BACKOFF"), (0, "FATAL")


class Supervisor:
    """Stands in for supervisord: what it says of Postgres, one after the other, and then it is gone."""

    def __init__(self, *seen):
        self._seen = iter(seen)

    def processes(self):
        """The process and state of Postgres."""
        try:
            return {"postgres": next(self._seen)}
        except StopIteration:
            raise console.StepFailed("supervisord ended.") from None

    @staticmethod
    def log(name):
        """Where the log is."""
        return Path(f"{name}.log")


@pytest.fixture(name="said")
def _said(monkeypatch):
    """What is said, without the time of day that it begins with; nothing is waited for."""
    said = []
    monkeypatch.setattr(console, "warning", lambda message: said.append(message.partition(" ")[2]))
    monkeypatch.setattr(run, "WATCH_SECONDS", 0)
    return said


def _watch(*seen):
    with pytest.raises(console.StepFailed):
        run._watch(Supervisor(*seen))  # pylint: disable=protected-access


def test_a_full_disk_and_its_end_are_told_once(said, monkeypatch):
    seen, all_seen = iter([False, True, True, False, False]), threading.Event()

    def is_full(_):
        full = next(seen, None)
        if full is None:
            all_seen.set()
        return bool(full)

    monkeypatch.setattr(soundness, "is_full", is_full)
    with run.watching_the_disk(Path("local")):
        assert all_seen.wait(timeout=30)
    assert said == [
        "The disk with local is full, or nearly: until there is space, predictions may be answered 503, and training "
        "and monitoring fail.",
        "The disk with local has space again.",
    ]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has an output that is always full")
def test_it_goes_on_where_its_own_output_is_on_the_full_disk(monkeypatch):
    monkeypatch.setattr(run, "WATCH_SECONDS", 0)
    with open("/dev/full", "w", encoding="utf-8", buffering=1) as output:
        monkeypatch.setattr(console, "out", Console(file=output))
        _watch(UP, ENDED, UP)
        os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())  # where what was not written goes in the end


def test_what_becomes_of_a_program_is_told_once(said):
    _watch(UP, UP, ENDED, ENDED, (2, "RUNNING"), ENDED, GIVEN_UP, GIVEN_UP)
    assert said == [
        "postgres ended; its log is postgres.log",
        "postgres is up again; its log is postgres.log",
        "postgres ended; its log is postgres.log",
        "postgres did not come back: start anew; its log is postgres.log",
    ]


def test_who_brings_data_is_not_told_to_train_on_other():
    addresses = Addresses(Database("127.0.0.1", 1, "mlops", "secret", "course"), None, 2, 3, 4)
    assert "set data_source to synthetic" in things_to_try.text(addresses, has_data_source=False)
    own = things_to_try.text(addresses, has_data_source=True)
    assert "reads your DATA_SOURCE again" in own and "synthetic" not in own
