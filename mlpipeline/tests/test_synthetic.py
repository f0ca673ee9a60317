"""The generated data against what was measured on the real data."""

import pandas as pd
import pytest

from training import schema, synthetic


def test_has_the_measured_properties_of_the_real_data():
    data = synthetic.generate()
    distinct = data.drop_duplicates()
    assert (len(data), len(distinct)) == (9000, 8123)
    assert distinct["UserID"].is_unique
    assert data["CourseCompletion"].mean() == pytest.approx(0.396, abs=0.01)
    assert distinct["CourseCompletion"].mean() == pytest.approx(0.439, abs=0.01)
    assert set(data.columns) == set(schema.COLUMNS)


def test_agrees_with_the_real_data(real_data):
    real, made_up = pd.read_csv(real_data), synthetic.generate()
    assert list(made_up.columns) == list(real.columns)
    for column in [*schema.NUMERICAL, *schema.NOT_REQUESTED, schema.TARGET, "DeviceType"]:
        spread = real[column].std()
        assert made_up[column].mean() == pytest.approx(real[column].mean(), abs=0.05 * spread)
        assert made_up[column].std() == pytest.approx(spread, rel=0.05)
    assert set(made_up["CourseCategory"]) == set(real["CourseCategory"])


def test_the_seed_decides():
    pd.testing.assert_frame_equal(synthetic.generate(1), synthetic.generate(1))
    assert not synthetic.generate(1).equals(synthetic.generate(2))
