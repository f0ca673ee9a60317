"""When the model of an earlier start is kept."""

import hashlib

import pytest

from stack.tracking import Version, is_trained_on, why_not_champion


def _model(**tags):
    return Version("1", "r", {}, {f"data.{name}": value for name, value in tags.items()}, {})


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
        ({"requested": "https://host/a.csv"}, "https://user:s3cret@host/a.csv", True),
        ({"requested": "https://host/a.csv"}, "https://host/a.csv?cohort=2", False),
        ({"requested": "https://host/a.csv"}, "https://host/b.csv", False),
    ],
)
def test_a_source_by_its_name(tags, source, kept):
    assert is_trained_on(_model(**tags), source) == kept


def test_a_file_by_its_content(tmp_path):
    file = tmp_path / "data.csv"
    file.write_bytes(b"x")
    model = _model(requested="/elsewhere.csv", sha256=hashlib.sha256(b"x").hexdigest())
    assert is_trained_on(model, str(file))
    file.write_bytes(b"y")
    assert not is_trained_on(model, str(file))


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"promotion.decision": "not promoted", "promotion.reason": "it is worse"}, "it is worse"),
        (
            {"promotion.decision": "promoted", "promotion.reason": "it is better"},
            "it was champion, until somebody made another version champion",
        ),
    ],
)
def test_why_a_later_version_is_not_champion(tags, why):
    assert why_not_champion(Version("2", "r", tags, {}, {})) == why
