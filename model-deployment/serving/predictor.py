"""From a request body to the answer, and to the rows for the outbox."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic_core import to_json

from serving.activity import ActivityReader, is_array
from serving.ids import new_id
from serving.model import Model
from serving.outbox.segment import text


@dataclass(frozen=True, slots=True)
class Predicted:
    """What came of a request: the answer's body, the rows to keep, and what metrics count."""

    body: bytes
    rows: bytes
    classes: list[int]
    unseen: Counter


class Predictor:
    """Answers with one model. `columns` are those of the rows it makes for the table `features`."""

    def __init__(self, model: Model):
        self.model = model
        self._reader = ActivityReader(model.contract)
        self._student = model.contract["student"]["name"]
        self._target = model.contract["target"]
        self._features = [feature["name"] for feature in model.contract["features"]]
        self._categories = [
            (feature["name"], frozenset(feature["categories"]))
            for feature in model.contract["features"]
            if feature.get("categories")
        ]
        self.columns = (
            "prediction_id",
            "timestamp",
            "run_id",
            model.contract["student"]["column"],
            *(feature["column"] for feature in model.contract["features"]),
            "prediction",
            "probability",
        )

    def predict(self, body: bytes) -> Predicted:
        """Predicts for each student of a request body; raises pydantic's ValidationError, with all its faults."""
        students = self._reader.read(body)
        classes, probabilities = self.model.score(students)
        unseen: Counter = Counter()
        answers, rows = [], []
        common = f"\t{datetime.now(UTC).isoformat()}\t{self.model.run_id}\t"
        for student, label, probability in zip(students, classes, probabilities, strict=True):
            prediction_id = new_id()
            answer = {
                self._target: label,
                "CompletionProbability": probability,
                "PredictionID": prediction_id,
                "RUN_ID": self.model.run_id,
            }
            if warnings := self._warnings(student):
                answer["Warnings"] = warnings
                unseen.update(warning["field"] for warning in warnings)
            answers.append(answer)
            values = "\t".join([text(student[name]) for name in self._features])
            rows.append(f"{prediction_id}{common}{student[self._student]}\t{values}\t{label}\t{probability!r}\n")
        answer_body = to_json(answers if is_array(body) else answers[0])
        return Predicted(answer_body, "".join(rows).encode(), classes, unseen)

    def _warnings(self, student: dict) -> list[dict]:
        return [
            {
                "field": name,
                "value": student[name],
                "message": f"The model was not trained on this value. It knows {', '.join(map(str, sorted(known)))}.",
            }
            for name, known in self._categories
            if student[name] not in known
        ]
