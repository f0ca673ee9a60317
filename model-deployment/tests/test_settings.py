"""What the environment may say."""

import pytest
from pydantic import ValidationError

from serving.settings import Settings


@pytest.mark.parametrize(
    ("variable", "value"), [("RUN_ID", "latest"), ("DB_PORT", "0"), ("WEB_PORT", "70000"), ("WEB_CONCURRENCY", "none")]
)
def test_a_wrong_setting_is_refused_at_start_by_its_name(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError, match=variable.lower()):
        Settings()


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("RUN_ID", "")
    assert Settings().run_id is None


def test_the_password_is_not_printed(monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", "s3cret")
    assert "s3cret" not in repr(Settings())
