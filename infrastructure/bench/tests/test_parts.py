"""Which parts are run, and how."""

import pytest

from runner import parts

NAMES = ["training", "service", "monitoring", "local", "delivery", "code", "tests"]


def test_all_parts_are_run_but_the_tests():
    chosen = parts.choose([], "synthetic")
    assert [part.name for part in chosen] == NAMES
    assert [part.name for part in chosen if not part.command] == ["tests"]


def test_those_that_are_named_are_run_in_the_order_of_the_table():
    chosen = parts.choose(["tests", "service"], "synthetic")
    assert [part.name for part in chosen] == ["service", "tests"]
    assert all(part.command for part in chosen)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="no part speed: there are training, "):
        parts.choose(["speed", "service"], "synthetic")


def test_training_is_given_the_data(tmp_path, monkeypatch):
    (tmp_path / "data.csv").touch()
    monkeypatch.chdir(tmp_path)
    (training,) = parts.choose(["training"], "data.csv")
    assert str(tmp_path / "data.csv") in training.command
    assert parts.absolute("https://example.org/data.csv") == "https://example.org/data.csv"
    with pytest.raises(ValueError, match="DATA_SOURCE=none.csv is no file"):
        parts.choose(["training"], "none.csv")


def test_every_part_has_its_folder():
    assert all(part.folder.is_dir() for part in parts.choose(NAMES, "synthetic"))
