"""The examples of docs/extending.md, each applied to a copy of this repository and tried there."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from training.settings import SERVICE

ROOT = SERVICE.parent
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^## (.*)\n(?:(?!## ).*\n)*?```diff\n((?:.*\n)*?)```$", PAGE, re.MULTILINE)
OPENING = """
from training import candidates, evaluate, export, features, model, prepare, proof, selection, synthetic, validate
rows = validate.check(synthetic.generate(rows=1500, copies=0)).rows
splits = prepare.split_by_student(rows, 7)

def proved(tuned, engineered):
    pipeline = selection.train(tuned, splits.train, engineered, 7)
    trained = model.with_threshold(pipeline, 0.5, splits)
    return proof.prove(export.to_onnx(pipeline, splits.train, 0.5), trained) > len(rows)
"""
TRIED = {
    "An engineered feature": """
tried = features.choose("linear", rows, selection.folds(rows, 7), 7)
assert "squares" in {one.feature for one in tried}
assert proved(selection.Tuned("logistic regression", {}, 0.5, 0.01), ("squares",))
""",
    "A candidate model": """
assert "neural network" in candidates.ALL_CANDIDATES
(tuned,) = selection.tune([trial for fold in (0, 1) for trial in selection.search("neural network", fold, rows, (), 7)])
assert proved(tuned, ())
""",
    "A score of the model": """
predicted = rows.assign(prediction=1, probability=0.9)
assert evaluate.scores(predicted)["specificity"] == 0
assert "specificity" in evaluate.intervals(predicted, 7)
""",
    "A field of the request": """
faulty = synthetic.generate(rows=1500, copies=0)
faulty.loc[0, "NumberOfForumPosts"] = -1
assert list(validate.check(faulty).quarantined["reason"]) == ["NumberOfForumPosts is '-1', allowed are 0 to 100000"]
tuned = selection.Tuned("logistic regression", {}, 0.5, 0.01)
exported = export.to_onnx(selection.train(tuned, splits.train, (), 7), splits.train, 0.5)
assert exported.contract["features"][-1]["column"] == "number_of_forum_posts"
assert proved(tuned, ())
""",
}


def _apply(change, folder, *options):
    # Out of any repository: within one, git would leave out what is not in it.
    outside = {"GIT_CEILING_DIRECTORIES": str(folder.parent), "PATH": os.environ["PATH"]}
    return not subprocess.run(
        ["git", "apply", *options, "-"], cwd=folder, input=change, text=True, env=outside, check=False
    ).returncode


def test_every_example_is_tried():
    assert {title for title, _ in EXAMPLES} == set(TRIED)


@pytest.mark.parametrize("title, change", EXAMPLES, ids=[title for title, _ in EXAMPLES])
def test_an_example_fits_the_code_and_works(title, change, tmp_path):
    for folder in ("mlpipeline/training", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    if not _apply(change, tmp_path, "--reverse", "--check"):  # who tried it has it
        assert _apply(change, tmp_path)
    script = OPENING + TRIED[title]
    tried = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path / "mlpipeline", capture_output=True, text=True, check=False
    )
    assert tried.returncode == 0, tried.stderr


def test_each_program_that_sends_requests_is_named():
    senders = [
        file.relative_to(ROOT)
        for file in (ROOT / "infrastructure").rglob("*.py")
        if "tests" not in file.parts and "NumberOfQuizzesTaken" in file.read_text(encoding="utf-8")
    ]
    assert len(senders) > 2
    assert not [str(sender) for sender in senders if f"`{sender}`" not in PAGE]
