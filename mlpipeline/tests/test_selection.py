"""Searching, tuning and choosing candidates."""

import pytest

from training import candidates, selection, synthetic, validate
from training.selection import Candidate, Trial, Tuned


def _candidate(family, log_loss, onnx_bytes, standard_error=0.01):
    return Candidate(Tuned(family, {}, log_loss, standard_error), 1.0, onnx_bytes, 50.0)


def test_the_simplest_within_one_standard_error_of_the_best_is_chosen():
    best = _candidate("gradient boosting", 0.500, 20_000)
    simple = _candidate("decision tree", 0.509, 2_000)
    simpler_but_worse = _candidate("linear regression", 0.511, 1_000)
    assert selection.choose([best, simple, simpler_but_worse]) is simple
    assert selection.choose([best, simpler_but_worse]) is best


def test_the_standard_error_is_that_of_the_best_candidate():
    best = _candidate("gradient boosting", 0.500, 20_000, standard_error=0.001)
    assert selection.choose([best, _candidate("decision tree", 0.509, 2_000, standard_error=0.1)]) is best


def test_tuning_takes_the_parameters_with_the_best_mean_and_gives_its_standard_error():
    trials = [Trial("lasso", {"alpha": 1}, loss) for loss in (0.5, 0.6)]
    trials += [Trial("lasso", {"alpha": 2}, loss) for loss in (0.4, 0.9)]
    tuned = selection.tune(trials)[0]
    assert (tuned.family, tuned.parameters) == ("lasso", {"alpha": 1})
    assert tuned.log_loss == pytest.approx(0.55)
    assert tuned.standard_error == pytest.approx(0.05)  # deviation 0.0707 over the root of two folds


def test_folds_hold_out_each_row_once_with_equal_outcomes(splits):
    held_out = [fold for _, fold in selection.folds(splits.train, 1)]
    assert sorted(place for fold in held_out for place in fold) == list(range(len(splits.train)))
    rates = [splits.train["CourseCompletion"].iloc[fold].mean() for fold in held_out]
    assert max(rates) - min(rates) < 0.01


def test_the_search_scores_every_set_of_parameters_on_the_fold(splits):
    trials = selection.search("decision tree", 0, splits.train, (), seed=1)
    sizes = candidates.FAMILIES["decision tree"].grid["model__max_leaf_nodes"]
    assert [trial.parameters["model__max_leaf_nodes"] for trial in trials] == sizes
    assert all(0.45 < trial.log_loss < 0.65 for trial in trials)
    assert selection.search("decision tree", 0, splits.train, (), seed=1) == trials


def test_more_than_twenty_thousand_rows_are_compared_on_a_sample():
    many = validate.check(synthetic.generate(rows=21_000, copies=0)).rows
    assert len(selection.sample(many, 1)) == 20_000
    assert selection.sample(many.head(100), 1).equals(many.head(100))


def test_a_candidate_is_weighed_with_its_cost(splits, tree):
    weighed = selection.weigh(tree, splits.train, (), seed=1)
    assert 1_000 < weighed.onnx_bytes < 10_000
    assert 0 < weighed.scoring_microseconds < 10_000
    assert 0 < weighed.training_seconds < 60
