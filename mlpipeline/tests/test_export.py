"""The export and the contract."""

import hashlib
import json

import pytest

from training import candidates, export, features, model, proof, schema, selection
from training.selection import Tuned


@pytest.fixture(name="exported", scope="module")
def _exported(pipeline, splits):
    return export.to_onnx(pipeline, splits.train, threshold=0.5)


@pytest.mark.parametrize("family", candidates.ALL_CANDIDATES)
def test_every_candidate_answers_alike_as_onnx_and_loads_without_pickle(family, splits, rows):
    kind = candidates.FAMILIES[family].kind
    engineered = tuple(features.ENGINEERED) if kind == "linear" else ()
    parameters = {name: values[0] for name, values in candidates.FAMILIES[family].grid.items()}
    pipeline = selection.train(Tuned(family, parameters, 0.5, 0.01), splits.train, engineered, seed=1)
    trained = model.with_threshold(pipeline, 0.3, splits)
    exported = export.to_onnx(pipeline, splits.train, 0.3)
    assert proof.prove(exported, trained) > len(rows) + 300


def test_the_label_follows_the_threshold(pipeline, splits):
    for threshold in (0.2, 0.5, 0.7):
        session = export.open_session(export.convert(pipeline, threshold))
        labels, probabilities = export.score(session, splits.test)
        assert list(labels) == list((probabilities >= threshold).astype(int))
        assert 0 < labels.mean() < 1


def test_a_leaf_at_the_threshold_itself_completes(pipeline, splits, predicted):
    leaf = float(predicted.test["probability"].max())
    exported = export.to_onnx(pipeline, splits.train, leaf)
    proof.prove(exported, model.with_threshold(pipeline, leaf, splits))
    labels, _ = export.score(export.open_session(exported.model), splits.test)
    assert labels.sum() == (predicted.test["probability"] == leaf).sum() > 0


def test_the_contract_says_what_the_other_services_need(exported):
    contract = json.loads(json.dumps(exported.contract))
    assert contract["student"] == {"name": "UserID", "column": "user_id"}
    assert contract["target"] == "CourseCompletion"
    assert contract["threshold"] == 0.5
    assert contract["model"] == {"file": "model.onnx", "sha256": hashlib.sha256(exported.model).hexdigest()}
    assert set(contract["versions"]) == {"python", "scikit-learn", "skops", "skl2onnx", "onnx", "onnxruntime"}
    assert contract["features"][:3] == [
        {
            "name": "CourseCategory",
            "column": "course_category",
            "kind": "categorical",
            "type": "string",
            "categories": list(schema.COURSE_CATEGORIES),
        },
        {
            "name": "DeviceType",
            "column": "device_type",
            "kind": "categorical",
            "type": "integer",
            "categories": [0, 1],
            "labels": ["mobile", "laptop"],
        },
        {
            "name": "TimeSpentOnCourse",
            "column": "time_spent_on_course",
            "kind": "numerical",
            "type": "number",
            "minimum": 0,
            "maximum": 10_000,
            "unit": "hours",
        },
    ]


def test_a_category_that_training_has_not_seen_has_no_label_either(pipeline, splits):
    laptops = splits.train[splits.train["DeviceType"] == 1]
    device = export.to_onnx(pipeline, laptops, threshold=0.5).contract["features"][1]
    assert (device["categories"], device["labels"]) == ([1], ["laptop"])
