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
    """Answers with one model. `columns` are those of the rows it makes for the table `features`, and `student` is the
    field that names a student."""

    def __init__(self, model: Model):
        self.model = model
        self._reader = ActivityReader(model.contract)
        self.student = model.contract["student"]["name"]
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

    def read(self, body: bytes) -> list[dict]:
        """The students of a request body; raises pydantic's ValidationError, with all its faults."""
        return self._reader.read(body)

    def row(self, prediction_id: str, moment: str, student: dict, label: int, probability: float) -> str:
        """A prediction as a row for the table, of these columns."""
        values = "\t".join([text(student[name]) for name in self._features])
        begin = f"{prediction_id}\t{moment}\t{self.model.run_id}\t{student[self.student]}"
        return f"{begin}\t{values}\t{label}\t{probability!r}\n"

    def predict(self, body: bytes) -> Predicted:
        """Predicts for each student of a request body; raises pydantic's ValidationError, with all its faults."""
        students = self.read(body)
        classes, probabilities = self.model.score(students)
        unseen: Counter = Counter()
        answers, rows = [], []
        now = datetime.now(UTC).isoformat()
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
            rows.append(self.row(prediction_id, now, student, label, probability))
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
