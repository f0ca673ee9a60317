"""What was predicted and what came out, as it is pulled from a real PostgreSQL server."""

import random
import threading
import time
import uuid
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from benchmarks.servers import free_port, wait
from training import explore, postgres, prepare, schema, source, synthetic, validate

START = datetime(2026, 11, 1, tzinfo=UTC)


def _at(day, **more):
    return START + timedelta(days=day, **more)


@pytest.fixture(name="predict")
def _predict(database):
    """A function that adds a prediction `day` days after the start, and gives its id; it shows in the hours spent."""

    def predict(user, day, hours=1.0, its_id=None, **columns):
        its_id = its_id or str(uuid.uuid4())
        row = {
            "timestamp": _at(day),
            "prediction_id": its_id,
            "user_id": user,
            "course_category": "Science",
            "device_type": 1,
            "time_spent_on_course": hours,
            "number_of_videos_watched": 8,
            "number_of_quizzes_taken": 7,
        }
        database.insert("features", [row | columns])
        return its_id

    return predict


@pytest.fixture(name="tell")
def _tell(database):
    """A function that adds what came out, `day` days after the start."""

    def tell(completion, day, user=None, prediction=None, received=0):
        row = {
            "outcome_id": str(uuid.uuid4()),
            "prediction_id": prediction,
            "user_id": user,
            "course_completion": completion,
            "occurred_at": _at(day),
            "received_at": _at(day, hours=received),
        }
        database.insert("outcomes", [row])

    return tell


@pytest.fixture(name="pull")
def _pull(empty_database, tmp_path):
    """A function that pulls from the database, where settings do not say otherwise."""

    def pull(since=None, fallback=False, **settings):
        given = empty_database.settings.model_copy(update=settings)
        return source.pull("postgres", tmp_path / "data", fallback, since, given)

    return pull


@pytest.fixture(name="known")
def _known(pull):
    """A function that gives what was pulled: the hours of the prediction and the outcome, by student."""

    def known(since=None):
        rows = pull(since).rows
        assert rows[schema.STUDENT].is_monotonic_increasing
        values = zip(rows["TimeSpentOnCourse"], rows[schema.TARGET], strict=True)
        return dict(zip(rows[schema.STUDENT], values, strict=True))

    return known


def test_a_row_has_the_columns_of_a_file_with_those_empty_that_requests_do_not_have(predict, tell, pull, tmp_path):
    predict(6001, 0, 42.238989)
    tell(1, 5, user=6001)
    dataset = pull()
    assert list(dataset.rows) == schema.COLUMNS
    assert dataset.rows.drop(columns=schema.NOT_REQUESTED).to_dict("records") == [
        {
            "UserID": 6001,
            "CourseCategory": "Science",
            "DeviceType": 1,
            "TimeSpentOnCourse": 42.238989,
            "NumberOfVideosWatched": 8,
            "NumberOfQuizzesTaken": 7,
            "CourseCompletion": 1,
        }
    ]
    assert dataset.rows[schema.NOT_REQUESTED].isna().all(axis=None)
    assert dataset.file == tmp_path / "data" / "online_course_engagement_data.csv"
    assert (dataset.requested, dataset.source, dataset.since) == ("postgres", "postgres", None)


def test_an_outcome_that_names_the_prediction_counts_before_one_that_names_the_student(predict, tell, known):
    prediction = predict(1, 0)
    tell(1, 3, prediction=prediction)
    tell(0, 9, user=1)
    assert known() == {1: (1.0, 1)}


def test_an_outcome_that_names_a_prediction_says_nothing_of_the_student_s_others(predict, tell, known):
    named = predict(1, 0, 1.0)
    predict(1, 1, 2.0)
    tell(1, 3, user=1, prediction=named)
    assert known() == {1: (1.0, 1)}


def test_a_correction_counts_the_later_one_of_the_same_time_if_it_came_later(predict, tell, known):
    tell(0, 3, prediction=predict(1, 0, its_id=(first := str(uuid.uuid4()))))
    tell(1, 4, prediction=first)
    predict(2, 0)
    tell(1, 4, user=2)
    tell(0, 3, user=2, received=99)
    predict(3, 0)
    tell(1, 4, user=3, received=2)
    tell(0, 4, user=3, received=1)
    assert known() == {1: (1.0, 1), 2: (1.0, 1), 3: (1.0, 1)}


def test_an_outcome_of_a_student_says_nothing_of_predictions_after_it(predict, tell, known):
    for user in (1, 2, 3):
        predict(user, 5, 5.0)
    tell(1, 4, user=1)
    tell(1, 5, user=2)
    predict(3, 3, 3.0)
    tell(1, 4, user=3)
    assert known() == {2: (5.0, 1), 3: (3.0, 1)}


def test_of_a_student_the_latest_prediction_with_a_known_outcome_is_used(predict, tell, known):
    for day in (2, 0, 1):
        predict(1, day, float(day))
    tell(1, 7, user=1)
    predict(1, 8, 8.0)
    named = predict(2, 0, 0.0)
    predict(2, 2, 2.0)
    tell(0, 1, prediction=named)
    tell(1, 3, user=2)
    predict(3, 0)
    assert known() == {1: (2.0, 1), 2: (2.0, 1)}


def test_of_predictions_of_the_same_time_and_outcomes_told_twice_one_row_comes(predict, tell, known):
    ids = sorted(str(uuid.uuid4()) for _ in range(3))
    for hours, its_id in enumerate(ids):
        predict(1, 0, float(hours), its_id)
    for _ in range(2):
        tell(1, 1, user=1)
        tell(0, 1, prediction=ids[0])
    assert known() == {1: (2.0, 1)}


def test_the_day_in_data_since_begins_at_midnight_utc_wherever_the_server_is(database, predict, tell, known):
    database.execute(f"ALTER DATABASE {database.settings.db_name} SET timezone = 'America/New_York'")
    for user, time_ in ((1, -timedelta(microseconds=1)), (2, timedelta()), (3, timedelta(hours=1))):
        tell(1, 5, prediction=predict(user, 0, timestamp=START + time_))
        predict(user + 10, 0, timestamp=START + time_)
        tell(1, 5, user=user + 10)
    assert set(known(since=START.date())) == {2, 3, 12, 13}
    assert len(known()) == 6


def test_predictions_of_nobody_are_left_out(predict, tell, known):
    tell(1, 5, prediction=predict(None, 0))
    tell(1, 5, prediction=predict(1, 0))
    assert set(known()) == {1}


def test_a_missing_number_is_no_fault_and_a_missing_category_is(predict, tell, pull):
    predict(1, 0, hours=None, number_of_videos_watched=None)
    predict(2, 0, course_category=None)
    predict(3, 0, device_type=None)
    predict(4, 0, course_category='say "Art, and\nmore"')
    for user in range(1, 5):
        tell(1, 5, user=user)
    checked = validate.check(pull().rows)
    assert list(checked.rows[schema.STUDENT]) == [1]
    assert list(checked.quarantined["reason"].str[:27]) == [
        "CourseCategory is missing",
        "DeviceType is missing",
        "CourseCategory is 'say \"Art",
    ]


def test_it_gives_what_the_definition_says_whatever_was_written(predict, tell, known):
    random_ = random.Random(1)
    predictions, outcomes = [], []
    for _ in range(300):
        user, day = random_.choice([None, *range(40)]), random_.randrange(12)
        predictions.append((user, day, predict(user, day, len(predictions))))
    for _ in range(120):
        its_id = random_.choice([None, random_.choice(predictions)[2], str(uuid.uuid4())])
        user = random_.randrange(50) if its_id is None or random_.random() < 0.5 else None
        outcomes.append((random_.randrange(2), random_.randrange(14), user, its_id, len(outcomes)))
        tell(*outcomes[-1])

    def outcome(user, day, its_id):
        named = [told for told in outcomes if told[3] == its_id]
        of_student = [told for told in outcomes if told[3] is None and told[2] == user and told[1] >= day]
        found = max(named or of_student, key=lambda told: (told[1], _at(told[1], hours=told[4])), default=None)
        return found and found[0]

    for first in (0, 5):
        expected = {}
        for hours, (user, day, its_id) in sorted(enumerate(predictions), key=lambda row: (row[1][1], row[1][2])):
            if user is not None and day >= first and outcome(user, day, its_id) is not None:
                expected[user] = (hours, outcome(user, day, its_id))
        assert len(expected) > 15
        assert known(_at(first).date() if first else None) == expected


def test_the_same_rows_give_the_same_file_in_whatever_order_they_were_written(database, pull):
    rows = synthetic.generate(rows=300, copies=0)
    database.fill(rows)
    first = pull()
    database.execute("TRUNCATE features, outcomes")
    database.fill(rows.sample(frac=1, random_state=1))
    database.execute(f"ALTER DATABASE {database.settings.db_name} SET extra_float_digits = -3")
    assert pull().sha256 == first.sha256
    by_student = rows.sort_values(schema.STUDENT)
    assert np.array_equal(first.rows["TimeSpentOnCourse"], by_student["TimeSpentOnCourse"])


def test_of_too_many_students_those_of_the_latest_predictions_are_taken(predict, tell, pull, monkeypatch):
    for user, day in ((1, 3), (2, 1), (3, 2)):
        predict(user, day)
        tell(1, 9, user=user)
    monkeypatch.setattr(postgres, "MAX_STUDENTS", 2)
    dataset = pull()
    assert list(dataset.rows[schema.STUDENT]) == [1, 3]
    assert dataset.is_cut and "2 rows from postgres (the most that are read:" in dataset.summary
    monkeypatch.setattr(postgres, "MAX_STUDENTS", 4)
    assert not pull().is_cut


def test_what_was_pulled_goes_through_the_checks_the_split_and_the_exploration(database, pull):
    database.fill(synthetic.generate(rows=2000, copies=0))
    checked = validate.accept(validate.check(pull().rows), 0.0)
    assert (len(checked.rows), checked.copies) == (2000, 0)
    splits = prepare.check(prepare.split_by_student(checked.rows, seed=42))
    found = explore.explore(splits.train)
    assert {at.feature for at in found.thresholds} == set(schema.NUMERICAL)
    assert "no model may use them, and this data does not have them." in found.markdown
    assert b"QuizScores" not in found.files["summary.html"]
    assert all(len(content) > 10_000 for content in found.files.values())


def test_who_may_only_read_the_two_tables_can_pull_and_who_may_not_is_told(database, predict, tell, pull):
    tell(1, 5, prediction=predict(1, 0))
    reader = f"reader_{uuid.uuid4().hex}"
    database.execute(f"CREATE ROLE {reader} LOGIN PASSWORD 'x'; GRANT SELECT ON features TO {reader}")
    as_reader = {"db_user": reader, "db_password": type(database.settings.db_password)("x")}
    with pytest.raises(source.SourceError, match="cannot be read: permission denied for table outcomes"):
        pull(**as_reader)
    database.execute(f"GRANT SELECT ON outcomes TO {reader}")
    assert len(pull(**as_reader).rows) == 1


def test_nobody_who_writes_at_the_same_time_is_waited_for(database, predict, tell, pull):
    tell(1, 5, prediction=predict(1, 0))
    with closing(database.connect()) as writing:
        writing.autocommit = False
        writing.cursor().execute("UPDATE outcomes SET course_completion = 0")
        assert list(pull().rows[schema.TARGET]) == [1]


@pytest.mark.parametrize("missing", ["features", "outcomes"])
def test_a_table_that_is_missing_is_named(database, pull, missing):
    database.execute(f"DROP TABLE {missing}")
    with pytest.raises(source.SourceError, match=f"^The database test_.* has no table {missing}. The prediction"):
        pull()


def test_an_empty_database_lacks_both(pull):
    with pytest.raises(source.SourceError, match="has no table features and no table outcomes. .*DB_HOST and DB_NAME"):
        pull()


def test_without_a_known_outcome_there_is_nothing_to_learn_from(predict, tell, pull, tmp_path):
    for since in (None, date(2026, 11, 1)):
        with pytest.raises(source.SourceError, match="whose outcome is known. The prediction service takes outcomes"):
            pull(since)
    tell(1, 5, prediction=predict(1, 0))
    with pytest.raises(source.SourceError, match=r"has no prediction made since 2026-11-02 \(UTC\) whose outcome is"):
        pull(date(2026, 11, 2))
    assert not list((tmp_path / "data").iterdir())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"db_password": "wr0ng-s3cret"}, "does not let the user mlops into the database .* authentication failed"),
        ({"db_password": ""}, "does not let the user mlops into .* no password supplied"),
        ({"db_user": "stranger"}, "does not let the user stranger into the database"),
        ({"db_name": "nothing"}, 'does not let the user mlops into .* database "nothing" does not exist'),
        ({"db_sslmode": "require"}, "DB_SSLMODE. It says: .* server does not support SSL"),
    ],
)
def test_who_is_not_let_in_is_told_why_without_the_password_and_synthetic_data_does_not_hide_it(
    empty_database, pull, wrong, message
):
    secret = type(empty_database.settings.db_password)
    wrong = {name: secret(value) if name == "db_password" else value for name, value in wrong.items()}
    with pytest.raises(source.SourceError, match=message) as raised:
        pull(fallback=True, **wrong)
    assert not isinstance(raised.value, source.SourceUnreachable)
    assert "\n" not in str(raised.value)
    for password in (empty_database.settings.db_password, wrong.get("db_password")):
        assert not password or password.get_secret_value() not in str(raised.value)


def test_a_server_that_is_away_may_answer_later_or_synthetic_data_takes_its_place(pull):
    away = {"db_port": free_port()}
    with pytest.raises(source.SourceUnreachable, match=r"^Postgres on 127.0.0.1:\d+ does not answer: .* refused"):
        pull(**away)
    dataset = pull(since=date(2026, 11, 1), fallback=True, **away)
    assert (dataset.requested, dataset.source, dataset.since) == ("postgres", "synthetic", None)
    assert "does not answer" in dataset.fallback_reason


@pytest.fixture(name="locked")
def _locked(database):
    """Has whoever reads the predictions wait."""
    with closing(database.connect()) as connection:
        connection.autocommit = False
        connection.cursor().execute("LOCK TABLE features")
        yield


@pytest.mark.usefixtures("locked")
def test_a_query_that_takes_too_long_is_given_up(pull, monkeypatch):
    monkeypatch.setattr(postgres, "STATEMENT_TIMEOUT_MINUTES", 0.02)  # Postgres makes a second of it
    started = time.monotonic()
    with pytest.raises(source.SourceError, match="did not give .* within 0.02 minutes. Set data_since") as raised:
        pull()
    assert not isinstance(raised.value, source.SourceUnreachable)
    assert time.monotonic() - started < 10


@pytest.mark.usefixtures("locked")
def test_a_connection_that_is_cut_may_be_had_later(database, pull):
    def cut():
        with closing(database.connect()) as connection, connection.cursor() as cursor:

            def waits():
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mlpipeline' "
                    "AND wait_event_type = 'Lock' AND datname = current_database()"
                )
                return cursor.rowcount > 0

            wait(waits)

    thread = threading.Thread(target=cut)
    thread.start()
    with pytest.raises(source.SourceUnreachable, match="^The database test_.* stopped answering: .*terminat"):
        pull()
    thread.join()
