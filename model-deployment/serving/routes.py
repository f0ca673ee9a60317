"""The addresses of the service."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request

from serving.activity import ActivityReader
from serving.model import Model, Prediction
from serving.store import PredictionStore


@dataclass(frozen=True)
class Predicted:
    """A student's activity, what the model says of it, and the id of this prediction."""

    row: dict
    prediction: Prediction
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


def blueprint(model: Model, store: PredictionStore) -> Blueprint:
    """Routes that answer with this model's predictions, once the store has them."""
    routes = Blueprint("routes", __name__)
    reader = ActivityReader(model.contract)

    @routes.post("/")
    @routes.post("/predict")
    def predict() -> Response:
        rows, is_array = reader.read(request.get_data())
        predicted = [Predicted(row, prediction) for row, prediction in zip(rows, model.score(rows))]
        store.write([_record(model, one) for one in predicted])
        answers = [_answer(model, one) for one in predicted]
        return jsonify(answers if is_array else answers[0])

    @routes.get("/health")
    def health() -> Response:
        return jsonify(status="ok", RUN_ID=model.run_id)

    return routes


def _record(model: Model, predicted: Predicted) -> dict:
    """The row that is kept of a prediction, by the columns of the table."""
    student = model.contract["student"]
    return {
        "prediction_id": predicted.id,
        "timestamp": datetime.now(UTC),
        "run_id": model.run_id,
        student["column"]: predicted.row[student["name"]],
        **{feature["column"]: predicted.row[feature["name"]] for feature in model.contract["features"]},
        "prediction": predicted.prediction.completion,
        "probability": predicted.prediction.probability,
    }


def _answer(model: Model, predicted: Predicted) -> dict:
    return {
        model.contract["target"]: predicted.prediction.completion,
        "CompletionProbability": predicted.prediction.probability,
        "PredictionID": predicted.id,
        "RUN_ID": model.run_id,
    }
