"""Data and models that several tests use."""

import os
import uuid
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg2.extras import execute_values

from benchmarks.servers import PostgresServer
from training import model, prepare, schema, selection, synthetic, validate
from training.selection import Tuned
from training.settings import Settings

REAL_DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "online_course_engagement_data.csv"


@pytest.fixture(name="rows", scope="session")
def _rows():
    """Synthetic data as it comes out of validation."""
    return validate.check(synthetic.generate()).rows


@pytest.fixture(name="splits", scope="session")
def _splits(rows):
    return prepare.split_by_student(rows, seed=42)


@pytest.fixture(name="tree", scope="session")
def _tree():
    """The candidate that usually wins."""
    return Tuned("decision tree", {"model__max_leaf_nodes": 8}, log_loss=0.5, standard_error=0.01)


@pytest.fixture(name="pipeline", scope="session")
def _pipeline(tree, splits):
    return selection.train(tree, splits.train, (), seed=42)


@pytest.fixture(name="trained", scope="session")
def _trained(pipeline, splits):
    return model.with_threshold(pipeline, 0.5, splits)


@pytest.fixture(name="predicted", scope="session")
def _predicted(trained):
    return trained.splits


@pytest.fixture(name="real_data", scope="session")
def _real_data():
    """The public dataset, which is not part of the project: REAL_DATA names the file."""
    file = Path(os.environ.get("REAL_DATA", REAL_DATA))
    if not file.is_file():
        pytest.skip("needs the Kaggle file: set REAL_DATA to its path")
    return file


@pytest.fixture(name="postgres_server", scope="session")
def _postgres_server(tmp_path_factory):
    server = PostgresServer(tmp_path_factory.mktemp("postgres"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


class Database:
    """A database of its own, empty at first: what the prediction service writes can be written to it."""

    def __init__(self, server):
        name = f"test_{uuid.uuid4().hex}"
        self.environment = server.create(name)
        self.settings = Settings(**{setting.lower(): value for setting, value in self.environment.items()})
        self.connect = lambda: server.connect(name)
        self._connection = self.connect()

    def close(self):
        """Closes the connection that it writes by."""
        self._connection.close()

    def execute(self, statement):
        """Runs a statement in a transaction of its own."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)

    def make_tables(self):
        """As the prediction service makes them."""
        self.execute("""
            CREATE TABLE features (
                timestamp timestamptz NOT NULL,
                user_id bigint,
                device_type integer,
                course_category text,
                time_spent_on_course double precision,
                number_of_videos_watched integer,
                number_of_quizzes_taken integer,
                prediction integer,
                prediction_id uuid NOT NULL,
                run_id text,
                probability double precision,
                PRIMARY KEY (prediction_id, timestamp)
            );
            CREATE INDEX ON features (timestamp);
            CREATE INDEX ON features (user_id, timestamp);
            CREATE TABLE outcomes (
                outcome_id uuid NOT NULL,
                received_at timestamptz NOT NULL,
                prediction_id uuid,
                user_id bigint,
                course_completion integer NOT NULL,
                occurred_at timestamptz NOT NULL,
                PRIMARY KEY (outcome_id, occurred_at)
            );
            CREATE INDEX ON outcomes (prediction_id);
            CREATE INDEX ON outcomes (user_id, occurred_at);
            """)

    def insert(self, table, rows):
        """Adds rows, each a dictionary with the same columns."""
        names = list(rows[0])
        with self._connection.cursor() as cursor:
            values = [[row[name] for name in names] for row in rows]
            execute_values(cursor, f"INSERT INTO {table} ({', '.join(names)}) VALUES %s", values, page_size=1000)

    def fill(self, rows, predicted="2026-11-01", occurred="2026-11-30"):
        """Has each row predicted on one day, and what came out told on another, by the student's id."""
        predicted, occurred = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (predicted, occurred))
        columns = {feature.name: feature.column for feature in schema.FEATURES} | {schema.STUDENT: "user_id"}
        features = rows[list(columns)].rename(columns=columns).astype(object).to_dict("records")
        self.insert(
            "features", [row | {"timestamp": predicted, "prediction_id": str(uuid.uuid4())} for row in features]
        )
        told = rows[[schema.STUDENT, schema.TARGET]].set_axis(["user_id", "course_completion"], axis=1)
        new = {"occurred_at": occurred, "received_at": occurred}
        self.insert(
            "outcomes",
            [row | new | {"outcome_id": str(uuid.uuid4())} for row in told.astype(object).to_dict("records")],
        )


@pytest.fixture(name="empty_database")
def _empty_database(postgres_server):
    with closing(Database(postgres_server)) as database:
        yield database


@pytest.fixture(name="database")
def _database(empty_database):
    """A database with the tables of the prediction service, without rows."""
    empty_database.make_tables()
    return empty_database
