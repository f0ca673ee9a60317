"""What a run leaves for the other services: the export, the contract, the reference."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import onnxruntime
import pandas as pd
import pytest

from training import export, model, registry, schema, source, synthetic


@pytest.fixture(name="exported", scope="module")
def _exported(pipeline, rows):
    return export.to_onnx(pipeline, rows)


def test_the_export_answers_as_the_model_on_missing_numbers_and_unseen_categories(exported, pipeline, rows):
    strange = rows.head(200).copy()
    strange["CourseCategory"] = "Cooking"
    strange["DeviceType"] = 7
    strange[schema.NUMERICAL] = strange[schema.NUMERICAL].astype(float)
    strange.loc[strange.index[::2], schema.NUMERICAL] = np.nan
    inputs = {name: strange[[name]].to_numpy(np.float32) for name in schema.FEATURE_NAMES if name != "CourseCategory"}
    inputs["CourseCategory"] = strange[["CourseCategory"]].to_numpy(object)
    labels, probabilities = onnxruntime.InferenceSession(exported.model).run(None, inputs)
    features = model.model_input(strange)
    assert (labels == pipeline.predict(features)).all()
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(features), atol=1e-5)


def test_an_export_that_answers_otherwise_is_refused(pipeline, rows, monkeypatch):
    other = model.train(rows.assign(CourseCompletion=1 - rows["CourseCompletion"]), seed=42)
    convert = export.convert_sklearn
    monkeypatch.setattr(
        export,
        "convert_sklearn",
        lambda _, initial_types, options: convert(
            other, initial_types=initial_types, options={id(other[-1]): list(options.values())[0]}
        ),
    )
    with pytest.raises(export.ExportError, match="is not registered"):
        export.to_onnx(pipeline, rows)


def test_the_contract_says_what_the_other_services_need(exported):
    contract = json.loads(json.dumps(exported.contract))
    assert contract["student"] == {"name": "UserID", "column": "user_id"}
    assert contract["target"] == "CourseCompletion"
    assert contract["model"] == {"file": "model.onnx", "sha256": hashlib.sha256(exported.model).hexdigest()}
    assert contract["features"][:3] == [
        {
            "name": "CourseCategory",
            "column": "course_category",
            "kind": "categorical",
            "type": "string",
            "categories": synthetic.COURSE_CATEGORIES,
        },
        {
            "name": "DeviceType",
            "column": "device_type",
            "kind": "categorical",
            "type": "integer",
            "categories": [0, 1],
        },
        {
            "name": "TimeSpentOnCourse",
            "column": "time_spent_on_course",
            "kind": "numerical",
            "type": "number",
            "minimum": 0,
        },
    ]


def test_the_run_says_where_its_data_came_from_when_it_fell_back(tmp_path):
    dataset = replace(source.pull("synthetic", tmp_path), requested="kaggle", fallback_reason="Kaggle is away.")
    assert dataset.summary.startswith("Kaggle is away. Going on with synthetic data: 9000 rows from synthetic")


def test_the_reference_has_features_outcome_and_predictions(pipeline, splits, tmp_path):
    predicted = model.predict(pipeline, splits)
    file = registry.save_reference(predicted.validation, tmp_path / "monitoring_data")
    saved = pd.read_parquet(file)
    assert list(saved) == [*schema.FEATURE_NAMES, schema.TARGET, "prediction", "probability"]
    assert len(saved) == len(splits.validation)


def test_held_out_requests_are_such_as_the_service_takes(splits):
    rows = splits.test.head(3).copy()
    rows["NumberOfVideosWatched"] = [13.0, np.nan, 7.0]
    rows["CourseCategory"] = ["Arts", "Arts", None]
    sent = json.loads(registry.held_out_requests(rows).to_json(orient="records"))
    assert [request["NumberOfVideosWatched"] for request in sent] == [13, None]
    assert isinstance(sent[0]["NumberOfVideosWatched"], int)
