"""What docs/training.md says of the flow is so."""

import re

import train_model
from training import behaviour, postgres, schema, validate
from training.candidates import FAMILIES
from training.settings import SERVICE
from training.steps import RETRY_AFTER_SECONDS

TRAINING = (SERVICE.parent / "docs" / "training.md").read_text(encoding="utf-8")
README = (SERVICE.parent / "README.md").read_text(encoding="utf-8")
CANDIDATES = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")[len(FAMILIES)]


def test_each_parameter_is_in_the_table_with_its_default():
    table = re.findall(r"^\| `(\w+)` \| (.*?) \|", TRAINING.split("| parameter |")[1].split("\n\n")[0], re.MULTILINE)
    shown = {"": "empty", None: "empty", False: "false", train_model.ALL_CANDIDATES: f"all {CANDIDATES}"}
    parameters = train_model.run_pipeline.parameters.properties
    assert dict(table) == {
        name: shown.get(tuple(given["default"]) if isinstance(given["default"], (list, tuple)) else given["default"])
        or str(given["default"])
        for name, given in parameters.items()
    }


def test_each_column_of_the_data_is_in_the_table_with_what_it_may_hold():
    table = re.findall(r"^\| (`.*?) \| (.*) \|$", TRAINING.split("| column |")[1].split("\n\n")[0], re.MULTILINE)
    described = {name: said for names, said in table for name in re.findall(r"`(\w+)`", names)}
    assert set(described) == set(schema.COLUMNS)
    for feature in schema.FEATURES:
        limits = feature.categories or (int(feature.minimum), feature.maximum)
        assert all(re.search(rf"\b{limit}\b", described[feature.name]) for limit in limits), feature.name
    assert str(validate.LARGEST_STUDENT) in described[schema.STUDENT]


def test_the_readme_counts_the_candidates():
    assert f"compares {CANDIDATES} kinds of models" in README


def test_each_module_that_the_page_names_exists():
    named = re.findall(r"`(\w+\.py)`", TRAINING)
    assert len(named) > 10
    for name in named:
        assert (SERVICE / "training" / name).is_file(), name


def test_the_limits_that_the_page_gives_are_those_of_the_code():
    assert f"fewer than {validate.MIN_ROWS} students" in TRAINING
    assert f"more than {behaviour.MAX_MEAN_CHANGE} in the mean" in TRAINING
    assert f"by more than {behaviour.MAX_MEAN_FALL}, in the mean" in TRAINING
    assert f"{behaviour.SHARE_OF_A_STEP:.0%} of\nthe training rows" in TRAINING
    assert behaviour.STANDARD_ERRORS == 3 and "three standard errors" in TRAINING
    assert f"more than {behaviour.MAX_SHARE_CHANGED:.1%} of the students" in TRAINING
    assert f"more than {postgres.MAX_STUDENTS:,} students" in TRAINING
    assert f"more than {postgres.STATEMENT_TIMEOUT_MINUTES} minutes" in " ".join(TRAINING.split())
    assert f"ids above {validate.LARGEST_STUDENT};" in TRAINING
    after = [str(seconds) for seconds in RETRY_AFTER_SECONDS]
    assert f"after {', '.join(after[:-1])} and {after[-1]} seconds" in TRAINING
