"""Answers recorded activity as the service would have answered it then, and puts the rows into Postgres."""

import uuid
from pathlib import Path
from typing import Iterator

from serving import champion, outcomes, recorded
from serving.activity import MAX_ROWS
from serving.model import Model
from serving.outbox.postgres import Postgres
from serving.predictor import Predictor
from serving.recorded import Activity, RecordedOutcome
from serving.service import PREDICTIONS
from serving.settings import Settings

# A prediction that is replayed again gets the same id, so that it is kept once.
NAMESPACE = uuid.UUID("5d5f0c63-6cf4-5b0b-8f8a-0d0f5f2f9a37")


class NotTaken(Exception):
    """Postgres does not take a row; the message says which, and why."""


def replay(file: Path, settings: Settings) -> str:
    """Predicts with the model that the service would serve now, and writes; returns a sentence about that.

    Raises Faulty, and then nothing is written; FetchError, OSError, NotTaken, or as Postgres.insert. Once what it was
    is mended, the file is replayed again: what is there already is left as it is.
    """
    predictor = Predictor(Model(settings.model_cache / champion.bring(settings)))
    with open(file, "rb") as lines:
        activities, happened = recorded.read(lines, predictor)
    postgres = Postgres(settings)
    try:
        for some in _batches(activities):
            _write(postgres, PREDICTIONS, predictor.columns, prediction_rows(some, predictor))
        for some in _batches(happened):
            _write(postgres, outcomes.TABLE, outcomes.COLUMNS, outcome_rows(some))
    finally:
        postgres.close()
    return f"{len(activities):,} predictions by run {predictor.model.run_id} and {len(happened):,} outcomes are kept."


def prediction_rows(activities: list[Activity], predictor: Predictor) -> bytes:
    """Predicts, and gives rows of the predictor's columns."""
    classes, probabilities = predictor.model.score([one.student for one in activities])
    rows = []
    for one, label, probability in zip(activities, classes, probabilities, strict=True):
        moment = one.occurred_at.isoformat()
        said = (predictor.model.run_id, one.student[predictor.student], moment)
        prediction_id = str(uuid.uuid5(NAMESPACE, repr(said)))
        rows.append(predictor.row(prediction_id, moment, one.student, label, probability))
    return "".join(rows).encode()


def outcome_rows(happened: list[RecordedOutcome]) -> bytes:
    """Rows of outcomes.COLUMNS."""
    return "".join(outcomes.row(one, one.received_at or one.occurred_at) for one in happened).encode()


def _batches(found: list) -> Iterator[list]:
    for start in range(0, len(found), MAX_ROWS):
        yield found[start : start + MAX_ROWS]


def _write(postgres: Postgres, table: str, columns: tuple[str, ...], rows: bytes) -> None:
    for rejected in postgres.insert(table, list(columns), rows):
        raise NotTaken(f"Postgres does not take a row for {table}: {rejected.reason}: {rejected.row.decode().strip()}")
