"""When the champion of an earlier start is kept."""

import hashlib

import pytest

from stack.tracking import Champion, is_trained_on


def _champion(**tags):
    return Champion("1", "r", {f"data.{name}": value for name, value in tags.items()}, {})


@pytest.mark.parametrize(
    ("tags", "source", "kept"),
    [
        ({"requested": "synthetic"}, None, True),
        ({"requested": "synthetic"}, "synthetic", True),
        ({"requested": "synthetic"}, "kaggle", False),
        ({"requested": "kaggle", "fallback_reason": ""}, "kaggle", True),
        ({"requested": "kaggle", "fallback_reason": "Kaggle is away"}, "kaggle", False),
        ({"requested": "kaggle", "fallback_reason": "Kaggle is away"}, None, True),
        ({"requested": "https://host/a.csv"}, "https://host/a.csv", True),
    ],
)
def test_a_source_by_its_name(tags, source, kept):
    assert is_trained_on(_champion(**tags), source) == kept


def test_a_file_by_its_content(tmp_path):
    file = tmp_path / "data.csv"
    file.write_bytes(b"x")
    champion = _champion(requested="/elsewhere.csv", sha256=hashlib.sha256(b"x").hexdigest())
    assert is_trained_on(champion, str(file))
    file.write_bytes(b"y")
    assert not is_trained_on(champion, str(file))
