"""The flow's parameters, as Prefect's UI and API know them."""

import pytest
from prefect.exceptions import ParameterTypeError
from prefect.utilities.callables import parameter_schema

import train_model
from training.candidates import ALL_CANDIDATES


def test_each_has_a_type_a_description_and_a_default():
    properties = parameter_schema(train_model.run_pipeline).model_dump()["properties"]
    assert list(properties) == [
        "data_source",
        "data_since",
        "fallback_to_synthetic",
        "seed",
        "max_quarantined_share",
        "candidates",
        "decision_threshold",
        "promotion_margin",
    ]
    for name, given in properties.items():
        assert len(given["description"]) > 15, name
        assert "default" in given and ("type" in given or "anyOf" in given), name
    assert properties["data_since"]["anyOf"][0] == {"type": "string", "format": "date"}
    assert properties["candidates"]["items"]["enum"] == list(ALL_CANDIDATES)
    assert (properties["seed"]["minimum"], properties["max_quarantined_share"]["maximum"]) == (0, 1)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("seed", -1, "greater than or equal to 0"),
        ("max_quarantined_share", 1.5, "less than or equal to 1"),
        ("candidates", ["oracle"], "'logistic regression', 'linear regression'"),
        ("candidates", [], "at least 1 item"),
        ("decision_threshold", 0, "greater than 0"),
        ("promotion_margin", "much", "valid number"),
        ("data_since", "last month", "valid date"),
    ],
)
def test_a_wrong_one_is_refused_before_anything_starts(name, value, message):
    with pytest.raises(ParameterTypeError, match=message):
        train_model.run_pipeline.validate_parameters({name: value})
