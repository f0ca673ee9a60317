"""The programs of this service, as they are called by hand."""

import runpy
import sys

import pytest

from training.settings import SERVICE

PROGRAMS = sorted(file for file in SERVICE.glob("*.py") if '"__main__"' in file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("program", PROGRAMS, ids=[program.name for program in PROGRAMS])
def test_a_program_that_is_called_wrongly_says_how_and_does_nothing(program, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(program), "--unknown"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(program), run_name="__main__")
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"usage: {program.name}")
