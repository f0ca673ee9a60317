"""What the environment may say."""

import pytest
from pydantic import ValidationError

from stack.settings import Settings


@pytest.mark.parametrize("source", ["kaggle", "synthetic", "https://example.org/data.csv"])
def test_a_source_that_is_no_file_is_taken_as_it_is(source):
    assert Settings(data_source=source).data_source == source


def test_the_path_of_a_file_is_made_absolute(tmp_path, monkeypatch):
    (tmp_path / "data.csv").touch()
    monkeypatch.chdir(tmp_path)
    assert Settings(data_source="data.csv").data_source == str(tmp_path / "data.csv")


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("data_source", "nowhere.csv", "is no file; allowed are"),
        ("data_source", "s3://bucket/data.csv", "is no file; allowed are"),
        ("web_port", "99999", "less than or equal to 65535"),
    ],
)
def test_a_wrong_setting_is_refused(setting, value, message):
    with pytest.raises(ValidationError, match=message):
        Settings(**{setting: value})
