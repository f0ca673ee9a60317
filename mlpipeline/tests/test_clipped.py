"""A regression as a probability model."""

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

from training.clipped import ClippedRegressor


def test_its_probabilities_are_the_regression_clipped():
    given, outcome = np.arange(10.0).reshape(-1, 1), np.array([0] * 5 + [1] * 5)
    model = ClippedRegressor(LinearRegression()).fit(given, outcome)
    straight = LinearRegression().fit(given, outcome).predict(given)
    assert straight.min() < 0 and straight.max() > 1
    probabilities = model.predict_proba(given)
    assert np.allclose(probabilities[:, 1], np.clip(straight, 0.01, 0.99))
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert list(model.predict(given)) == list(outcome)


def test_it_is_cloned_with_its_parameters():
    model = ClippedRegressor(LinearRegression(fit_intercept=False))
    assert clone(model).get_params()["regressor__fit_intercept"] is False
