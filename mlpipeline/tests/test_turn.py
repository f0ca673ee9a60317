"""Trainings that share a data folder."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from training import turn


def test_a_second_training_says_that_it_waits_and_begins_once_the_first_has_ended(tmp_path):
    waits, order = Event(), []

    def second():
        with turn.take(tmp_path / "data", waits.set):
            order.append("second")

    with ThreadPoolExecutor() as pool:
        with turn.take(tmp_path / "data", lambda: order.append("waited")):
            other = pool.submit(second)
            assert waits.wait(30)
            order.append("first")
        other.result(30)
    assert order == ["first", "second"]
    with turn.take(tmp_path / "data", lambda: order.append("waited")):
        pass
    assert "waited" not in order
