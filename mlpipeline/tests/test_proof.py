"""The proof of the export: what it compares, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from training import export, model, proof, schema, selection
from training.selection import Tuned


@pytest.fixture(name="exported", scope="module")
def _exported(pipeline, splits):
    return export.to_onnx(pipeline, splits.train, threshold=0.5)


def test_the_thresholds_of_the_data_are_among_those_that_are_tried(pipeline):
    found = proof.thresholds(pipeline)
    assert min(abs(found["TimeSpentOnCourse"] - 20)) < 0.2
    assert 5.5 in found["NumberOfVideosWatched"]
    assert 3.5 in found["NumberOfQuizzesTaken"]


@pytest.mark.parametrize("family", ["random forest", "gradient boosting", "logistic regression"])
def test_thresholds_are_found_in_other_models_too(family, splits):
    engineered = ("steps",) if family == "logistic regression" else ()
    pipeline = selection.train(Tuned(family, {}, 0.5, 0.01), splits.train, engineered, seed=1)
    assert all(len(proof.thresholds(pipeline)[name]) > 5 for name in schema.NUMERICAL)


@pytest.mark.parametrize("is_rounded_up", [False, True])
def test_a_missing_number_is_on_the_same_side_of_the_edge_at_the_median(splits, is_rounded_up):
    """The median lies halfway between two numbers of float32, of which the even one is taken."""
    train = splits.train.head(len(splits.train) // 2 * 2).sort_values("TimeSpentOnCourse", ignore_index=True)
    even = np.float32(np.median(train["TimeSpentOnCourse"].to_numpy(np.float32)).round())
    odd = np.nextafter(even, np.float32(0 if is_rounded_up else 1e4))
    train.loc[len(train) // 2 - 1 : len(train) // 2, "TimeSpentOnCourse"] = sorted([even, odd])
    tuned = Tuned("logistic regression", {}, 0.5, 0.01)
    trained = model.with_threshold(selection.train(tuned, train, ("steps",), 1), 0.5, splits)
    assert proof.prove(export.to_onnx(trained.pipeline, train, 0.5), trained) > len(splits.train)


def test_a_model_of_other_outcomes_is_refused(exported, splits, tree):
    other = selection.train(tree, splits.train.assign(CourseCompletion=1 - splits.train["CourseCompletion"]), (), 1)
    with pytest.raises(proof.ExportError, match="another label on .* rows of the data.* is not registered"):
        proof.prove(exported, model.with_threshold(other, 0.5, splits))


def test_a_threshold_that_is_off_by_the_next_number_is_refused(trained, exported):
    """Such a fault shows on no row of the data: that is what the rows at the thresholds are for."""
    exported_model = export.onnx.load_from_string(exported.model)
    (trees,) = [node for node in exported_model.graph.node if node.op_type == "TreeEnsembleClassifier"]
    (values,) = [attribute for attribute in trees.attribute if attribute.name == "nodes_values"]
    root = values.floats[0]
    values.floats[0] = float(np.nextafter(np.nextafter(np.float32(root), np.float32(99)), np.float32(99)))
    with pytest.raises(proof.ExportError, match="rows at thresholds"):
        proof.prove(replace(exported, model=exported_model.SerializeToString()), trained)


def test_a_probability_that_is_off_is_refused_even_where_no_label_changes(trained, exported):
    exported_model = export.onnx.load_from_string(exported.model)
    (trees,) = [node for node in exported_model.graph.node if node.op_type == "TreeEnsembleClassifier"]
    (weights,) = [attribute for attribute in trees.attribute if attribute.name == "class_weights"]
    weights.floats[:] = [weight * 1.0001 for weight in weights.floats]
    with pytest.raises(proof.ExportError, match="another label on 0 of .* off by up to "):
        proof.prove(replace(exported, model=exported_model.SerializeToString()), trained)


def test_an_answer_that_is_not_a_number_is_refused(trained, exported, monkeypatch):
    score = export.score

    def without_numbers(session, rows):
        labels, probabilities = score(session, rows)
        return labels, np.full_like(probabilities, np.nan)

    monkeypatch.setattr(export, "score", without_numbers)
    with pytest.raises(proof.ExportError, match="off by up to nan"):
        proof.prove(exported, trained)


def test_a_feature_that_is_always_the_same_has_no_thresholds(splits):
    constant = replace(splits, train=splits.train.assign(NumberOfVideosWatched=7))
    pipeline = selection.train(Tuned("logistic regression", {}, 0.5, 0.01), constant.train, ("steps",), seed=1)
    assert proof.thresholds(pipeline)["NumberOfVideosWatched"].size == 0
    assert proof.prove(export.to_onnx(pipeline, constant.train, 0.5), model.with_threshold(pipeline, 0.5, constant))
