"""Probabilities as the service keeps them are the reference's, whatever was lost on the way."""

import numpy as np

from benchmarks import population
from monitor import distances, shift
from tests.conftest import students


def test_what_rounding_and_the_export_lose_is_no_drift(reference):
    served = students(800).drop(columns="actual")
    served["probability"] = served["probability"].astype(np.float32).astype(float).round(6) + 1e-6
    shifts = shift.compare(
        distances.typed(served, reference),
        distances.typed(reference.rows, reference),
        population.CATEGORICAL,
        population.NUMERICAL,
    )
    assert not [one for one in shifts if one.drifted]


def test_another_probability_stays_another(reference):
    served = students(800).drop(columns="actual").assign(probability=0.123)
    assert (distances.typed(served, reference)["probability"] == 0.123).all()
