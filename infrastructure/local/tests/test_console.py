"""What a person reads when a step fails."""

import pytest

from stack import console
from stack.console import StepFailed


class _Status:
    """Keeps what the spinner says."""

    def __init__(self):
        self.said = ""

    def update(self, said):
        """As the step calls it."""
        self.said = said


def test_what_passes_by_is_gone_once_the_task_that_it_was_a_part_of_is_done():
    status = _Status()
    step = console.Step("Training", status)
    step.say_task("weigh decision tree", 0.1, is_part=True)
    assert status.said == "Training: weigh decision tree"
    step.say_task("compare-candidates", 9.0)
    assert status.said == "Training"


@pytest.fixture(name="log")
def _log(tmp_path):
    return tmp_path / "web.log"


def test_a_failed_step_shows_the_end_of_its_log_and_no_endless_lines(log):
    log.write_text("\n".join([*map(str, range(100)), "x" * 10_000]), encoding="utf-8")
    message = str(StepFailed("web ended.", log))
    assert message.startswith(f"web ended.\nThe log is {log}; it ends:\n    93\n")
    assert len(message) < 600 and console.MENDED_BY not in message


@pytest.mark.parametrize(
    "line",
    [
        "ModuleNotFoundError: No module named 'flask'",
        "Original error was: No module named 'numpy._core._multiarray_umath'",
        "ImportError: /a/b.so: invalid ELF header",
        "/a/b.so: cannot open shared object file: No such file or directory",
        '{"exc_info": "ModuleNotFoundError: No module named \'flask\'"}',
    ],
)
def test_where_a_package_is_not_whole_it_says_what_to_do(log, line):
    log.write_text(f"{line}\n", encoding="utf-8")
    assert str(StepFailed("web ended.", log)).endswith(console.MENDED_BY)


@pytest.mark.parametrize(
    "line", ["MemoryError", "ImportError: /a/_rust.abi3.so: failed to map segment from shared object"]
)
def test_where_there_is_no_memory_nothing_is_called_damaged(log, line):
    log.write_text(f"{line}\n", encoding="utf-8")
    assert str(StepFailed("mlflow ended.", log)).endswith(console.NEEDS_MEMORY)
