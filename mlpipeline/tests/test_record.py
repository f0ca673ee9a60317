"""What a run leaves for the other services, and what its model is made of."""

import io
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import BaseEstimator

from training import features, model, record, reports, schema, selection, source
from training.results import Origin
from training.selection import Tuned
from training.settings import Settings


def test_the_reference_has_features_outcome_and_predictions(predicted, splits):
    saved = pd.read_parquet(io.BytesIO(reports.reference(predicted.validation)))
    assert list(saved) == [*schema.FEATURE_NAMES, schema.TARGET, "prediction", "probability"]
    assert len(saved) == len(splits.validation)


def test_held_out_requests_are_such_as_the_service_takes(splits):
    rows = splits.test.head(3).copy()
    rows["NumberOfVideosWatched"] = [13.0, np.nan, 7.0]
    sent = json.loads(reports.held_out_requests(rows).to_json(orient="records"))
    assert [request["NumberOfVideosWatched"] for request in sent] == [13, None, 7]
    assert isinstance(sent[0]["NumberOfVideosWatched"], int)


def test_the_run_says_where_its_data_came_from_when_it_fell_back(tmp_path):
    dataset = replace(source.pull("synthetic", tmp_path), requested="kaggle", fallback_reason="Kaggle is away.")
    assert dataset.summary.startswith("Kaggle is away. Going on with synthetic data: 9000 rows from synthetic")


class Stranger(BaseEstimator):
    """A type that nobody vouches for."""


@pytest.mark.parametrize("family", ["lasso", "gradient boosting"])
def test_a_model_is_rebuilt_from_types_that_are_vouched_for(family, splits):
    pipeline = selection.train(Tuned(family, {}, 0.5, 0.01), splits.train, (), seed=1)
    classifier = model.with_threshold(pipeline, 0.4, splits).classifier
    types = record.trusted_types(classifier)
    loaded = skops.io.loads(skops.io.dumps(classifier), trusted=types)
    given = features.model_input(splits.test)
    assert (loaded.predict(given) == classifier.predict(given)).all()
    assert ("training.clipped.ClippedRegressor" in types) == (family == "lasso")


def test_a_model_of_other_types_is_refused():
    with pytest.raises(record.UntrustedModel, match="test_record.Stranger; allowed are types of sklearn"):
        record.trusted_types(Stranger())


def test_a_file_that_another_run_has_replaced_is_not_kept_as_this_one_s_data(tmp_path):
    dataset = source.pull("synthetic", tmp_path)
    dataset.file.write_text("other rows", encoding="utf-8")
    with pytest.raises(record.DataChanged, match="was changed while the run was under way"):
        record.log_run(Settings(), Origin("run", {}, "commit"), SimpleNamespace(dataset=dataset))


def test_a_token_in_the_parameter_data_source_is_not_logged():
    asked = {
        "data_source": "https://user:s3cret@host/a.csv?token=s3cret",
        "data_since": None,
        "candidates": ("lasso", "decision tree"),
    }
    tuned = Tuned("lasso", {"model__regressor__alpha": 0.1}, 0.5, 0.01)
    comparison = SimpleNamespace(chosen=SimpleNamespace(tuned=tuned), engineered=())
    assert record.params(Origin("run", asked, "commit"), comparison) == {
        "data_source": "https://host/a.csv",
        "data_since": "",
        "candidates": "lasso, decision tree",
        "model": "lasso",
        "engineered_features": "none",
        "model__regressor__alpha": 0.1,
    }
