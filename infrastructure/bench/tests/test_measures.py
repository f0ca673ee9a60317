"""What the measures of the whole project are made of."""

import json
import subprocess

import pytest

from measures import checkout, delivery
from measures.sheet import Sheet


def test_a_sheet_names_all_figures_from_the_start_on(tmp_path):
    file = tmp_path / "figures.json"
    sheet = Sheet(file, [("one", "< 3 s"), ("two", "")])
    assert [row["measured"] for row in json.loads(file.read_text(encoding="utf-8"))] == [None, None]
    sheet.put("one", "2.0 s", True)
    assert json.loads(file.read_text(encoding="utf-8")) == [
        {"what": "one", "target": "< 3 s", "measured": "2.0 s", "met": True},
        {"what": "two", "target": "", "measured": None, "met": None},
    ]
    with pytest.raises(KeyError):
        sheet.put("three", "1", None)


def test_a_fresh_checkout_has_the_code_and_nothing_that_was_made_and_is_gone_after():
    if not (checkout.ROOT / ".git").exists():
        pytest.skip("this is no checkout of git")
    with checkout.fresh("of-a-test") as folder:
        assert (folder / "Makefile").read_bytes() == (checkout.ROOT / "Makefile").read_bytes()
        assert not (folder / ".local").exists()
        assert not list(folder.glob("*/.venv"))
    assert not folder.exists()


@pytest.fixture(name="engines")
def _engines(monkeypatch):
    """What the engines answer, by engine and image; those without an answer are not there."""
    answers = {}

    def inspect(command, **_):
        size = answers[command[0]].get(command[3])
        config = {"Labels": {delivery.COMMIT: "abc1234"} if command[3] == delivery.WEB else None}
        printed = json.dumps([{"Size": size, "Config": config}])
        return subprocess.CompletedProcess(command, 0 if size else 1, printed if size else "[]", "")

    monkeypatch.setattr(delivery.shutil, "which", lambda name: name if name in answers else None)
    monkeypatch.setattr(delivery.subprocess, "run", inspect)
    return answers


def test_the_size_of_an_image_is_what_it_adds_to_its_base(engines):
    engines["docker"] = {}
    engines["podman"] = {delivery.WEB: 330_000_000, delivery.BASE: 130_000_000}
    assert delivery.image() == ("200 MB, built at commit abc1234", True)
    engines["podman"][delivery.WEB] = 400_000_000
    assert delivery.image() == ("270 MB, built at commit abc1234", False)


def test_without_an_engine_or_an_image_the_reason_is_said(engines):
    assert delivery.image() == ("not measured: neither docker nor podman is there", None)
    engines["podman"] = {delivery.BASE: 130_000_000}
    measured, met = delivery.image()
    assert measured.startswith("not measured: online-course-web:local or its base is not in podman") and met is None
