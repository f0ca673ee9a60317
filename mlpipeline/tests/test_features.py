"""What the model is shown, and whether an engineered feature earns its place."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from training import features, schema, selection


def test_it_sees_only_what_a_request_holds(rows):
    assert list(features.model_input(rows)) == schema.FEATURE_NAMES


def test_numbers_are_rounded_to_what_the_service_computes_with(rows):
    exact = rows.head(1).assign(TimeSpentOnCourse=20.123456789)
    assert features.model_input(exact)["TimeSpentOnCourse"].iloc[0] == float(np.float32(20.123456789))


@pytest.fixture(name="linear", scope="module")
def _linear(splits):
    return features.choose("linear", splits.train, selection.folds(splits.train, 1), seed=1)


def test_steps_earn_their_place_in_linear_models_and_nothing_else_does(linear):
    assert [tried.feature for tried in linear if tried.kept] == ["steps"]
    steps = linear[0]
    assert steps.improvement > 0.04
    others = [name for name in features.ENGINEERED if name != "steps"]
    assert [tried.feature for tried in linear] == ["steps", *others, *others]
    assert [tried.beside for tried in linear[-len(others) :]] == [("steps",)] * len(others)


def test_trees_find_the_thresholds_themselves(splits):
    tried = features.choose("trees", splits.train, selection.folds(splits.train, 1), seed=1)
    assert [found.feature for found in tried] == list(features.ENGINEERED)
    assert not any(found.kept for found in tried)


def test_where_completion_follows_no_threshold_no_step_is_kept(splits):
    random = np.random.default_rng(1)
    likely = 1 / (1 + np.exp(-(splits.train["TimeSpentOnCourse"] - 50) / 20))
    smooth = splits.train.assign(CourseCompletion=(random.random(len(likely)) < likely).astype(int))
    tried = features.choose("linear", smooth, selection.folds(smooth, 1), seed=1)
    assert not any(found.kept for found in tried)


def test_edges_are_numbers_that_the_service_can_hold(splits):
    trained = features.pipeline("linear", ["steps"], LogisticRegression()).fit(
        features.model_input(splits.train), splits.train[schema.TARGET]
    )
    features.round_edges(trained)
    for edges in features.edges(trained).values():
        assert (edges == edges.astype(np.float32)).all()
        assert len(edges) > 5
