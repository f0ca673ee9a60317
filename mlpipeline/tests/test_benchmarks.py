"""The limit that the benchmark compares with."""

import pandas as pd
import pytest

from benchmarks import limit
from training import validate


def test_knowing_the_rule_scores_what_was_measured_on_distinct_rows(rows):
    scores = limit.scores(rows)
    assert scores["accuracy"] == pytest.approx(0.777, abs=0.012)
    assert scores["roc_auc"] == pytest.approx(0.808, abs=0.012)
    assert scores["brier_score"] == pytest.approx(0.165, abs=0.006)


def test_on_the_real_data_too(real_data):
    scores = limit.scores(validate.check(pd.read_csv(real_data)).rows)
    assert scores["accuracy"] == pytest.approx(0.777, abs=0.001)
    assert scores["roc_auc"] == pytest.approx(0.808, abs=0.002)
    assert scores["brier_score"] == pytest.approx(0.165, abs=0.002)
