"""When a challenger becomes champion."""

import numpy as np
import pytest

from training import promotion
from training.promotion import Comparison, Decision


@pytest.fixture(name="students", scope="module")
def _students():
    """Outcomes of 1,600 students, and the probabilities of a model that knows all that can be known of them."""
    random = np.random.default_rng(1)
    probability = random.choice([0.05, 0.25, 0.75], 1600)
    return (random.random(1600) < probability).astype(int), probability


def _decide(students, challenger, champion, margin=0.01):
    comparison = promotion.compare(students[0], challenger, champion, seed=1)
    return promotion.decide("1", comparison, margin, [])


def test_the_same_model_again_is_promoted(students):
    decision = _decide(students, students[1], students[1], margin=0.0)
    assert decision.promoted
    assert decision.comparison == Comparison(0, 0, 0)


def test_a_better_model_is_promoted_and_the_worse_one_not(students):
    blurred = 0.5 * students[1] + 0.5 * 0.4
    assert _decide(students, students[1], blurred).promoted
    kept = _decide(students, blurred, students[1])
    assert not kept.promoted
    assert kept.reason.startswith("may be worse than the champion: log loss +0.0")
    assert kept.comparison.low > 0


def test_a_model_that_is_only_perhaps_as_good_is_not_promoted_by_accident(students):
    few = (students[0][:40], students[1][:40])
    noisy = np.clip(few[1] + np.random.default_rng(2).normal(0, 0.2, 40), 0.02, 0.98)
    assert not _decide(few, noisy, few[1]).promoted


def test_the_margin_says_how_much_worse_is_still_good_enough(students):
    slightly = np.clip(students[1] * 0.9 + 0.04, 0, 1)
    high = promotion.compare(students[0], slightly, students[1], seed=1).high
    assert high > 0
    assert _decide(students, slightly, students[1], margin=high + 0.001).promoted
    assert not _decide(students, slightly, students[1], margin=high - 0.001).promoted


def test_the_interval_is_that_of_a_mean_of_paired_differences(students):
    actual, champion = students
    challenger = 0.8 * champion + 0.08
    losses = [-np.log(np.where(actual == 1, given, 1 - given)) for given in (challenger, champion)]
    error = (losses[0] - losses[1]).std() / len(actual) ** 0.5
    # An end of 2,000 resamples is off by 3%; the mean of ten, by 1%.
    found = [promotion.compare(actual, challenger, champion, seed=seed) for seed in range(10)]
    assert found[0].difference == pytest.approx((losses[0] - losses[1]).mean())
    assert np.mean([one.high - one.difference for one in found]) == pytest.approx(1.96 * error, rel=0.03)
    assert np.mean([one.difference - one.low for one in found]) == pytest.approx(1.96 * error, rel=0.03)


def test_the_same_seed_gives_the_same_interval_also_where_memory_is_short(students, monkeypatch):
    def compare(seed):
        return promotion.compare(students[0], 0.8 * students[1] + 0.08, students[1], seed)

    found = compare(1)
    assert compare(2) != found
    monkeypatch.setattr(promotion, "CHUNK", 1)
    assert compare(1) == found


def test_each_student_may_be_drawn():
    alike = np.full(8, 0.5)
    for student in range(8):
        better = np.where(np.arange(8) == student, 0.9, alike)
        assert promotion.compare(np.ones(8), better, alike, seed=1).low < 0


def test_certainty_that_is_wrong_costs_much_but_is_not_infinite():
    found = promotion.compare(np.array([1, 0]), np.array([0.0, 0.0]), np.array([0.5, 0.5]), seed=1)
    assert 5 < found.difference < 20
    found = promotion.compare(np.array([0, 0]), np.array([1.0, 0.5]), np.array([0.5, 0.5]), seed=1)
    assert 5 < found.difference < 20


# Zeros that were rounded have no sign of their own.
MEASURED = "log loss +0.0000 against the champion, 95% interval -0.0200 to {}, margin 0.01"


@pytest.mark.parametrize(
    ("high", "objections", "promoted", "reason"),
    [
        (0.01, [], True, f"not worse than the champion: {MEASURED.format('+0.0100')}"),
        (0.0102, [], False, f"may be worse than the champion: {MEASURED.format('+0.0102')}"),
        (0.01, ["fails x", "fails y"], False, "fails x; fails y"),
    ],
)
def test_a_decision_says_what_was_compared_and_why(high, objections, promoted, reason):
    comparison = Comparison(-0.00004, -0.02, high)
    decision = promotion.decide("3", comparison, 0.01, objections)
    assert decision == Decision(promoted, reason, 0.01, "3", comparison)


def test_a_model_with_an_objection_is_not_promoted_even_without_a_champion():
    decision = promotion.decide(None, None, 0.01, ["fails the behaviour checks: direction of NumberOfQuizzesTaken"])
    assert decision == Decision(False, "fails the behaviour checks: direction of NumberOfQuizzesTaken", 0.01)
    assert decision.summary.startswith("not promoted, and there is no champion: fails the behaviour checks")
    assert promotion.decide("3", None, 0.01, ["x"]).summary == "not promoted, the champion stays: x"


def test_the_first_model_is_promoted():
    assert promotion.decide(None, None, 0.01, []) == Decision(True, "there was no champion", 0.01)


def test_a_champion_that_cannot_be_scored_stays_and_all_that_speaks_against_the_challenger_is_said():
    objections = ["fails the behaviour checks: x", promotion.cannot_be_scored("3", KeyError("Gone"))]
    decision = promotion.decide("3", None, 0.01, objections)
    assert not decision.promoted
    assert decision.reason == (
        "fails the behaviour checks: x; the champion, version 3, cannot be scored on the test split (KeyError: "
        "'Gone'); to promote this version all the same: python champion.py rollback VERSION"
    )
