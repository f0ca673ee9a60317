"""What is read of a day's predictions, on a real Postgres."""

import uuid
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError, OperationalError

from benchmarks.tables import execute, predict, rows_of
from monitor import database, days, predictions
from monitor.predictions import NoFeaturesTable
from tests.conftest import students

UTC_ZONE, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
DAY = days.day(date(2026, 3, 2), UTC_ZONE)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def _run(engine, run_id="run", day=DAY):
    return {run.run_id: run for run in predictions.runs_of_day(engine, day)}[run_id]


def _read(engine, reference, max_students=50_000):
    return predictions.read(engine, DAY, _run(engine), reference, max_students)


def test_a_day_has_its_first_moment_and_not_that_of_the_next(engine):
    moment = timedelta(microseconds=1)
    predict(engine, students(4), [DAY.start - moment, DAY.start, DAY.end - moment, DAY.end])
    run = _run(engine)
    assert (run.rows, run.first_prediction, run.last_prediction) == (2, DAY.start, DAY.end - moment)


@pytest.mark.parametrize(("change", "hours"), [(date(2026, 10, 25), 25), (date(2026, 3, 29), 23)])
def test_where_clocks_change_each_prediction_is_of_one_day_and_none_is_lost(engine, change, hours):
    around = [days.day(change + timedelta(days=number), BERLIN) for number in (-1, 0, 1)]
    times = [around[0].start + timedelta(hours=number) for number in range(48 + hours)]
    predict(engine, students(len(times)), times)
    assert [_run(engine, day=day).rows for day in around] == [24, hours, 24]


def test_counts_are_exact_where_rows_are_a_sample(engine, reference):
    day = students(5000)
    day.loc[:99, "TimeSpentOnCourse"] = np.nan
    day.loc[100:149, "CourseCategory"] = "Music"
    predict(engine, pd.concat([day, day[:1000]]), NOON, users=[*range(5000), *range(1000)])
    run, found = _run(engine), _read(engine, reference, max_students=1000)
    assert (run.rows, run.students) == (6000, 5000)
    assert run.prediction_rate == pytest.approx(pd.concat([day, day[:1000]])["prediction"].mean())
    assert run.mean_probability == pytest.approx(pd.concat([day, day[:1000]])["probability"].mean())
    assert len(found.students) < 1200
    assert (found.missing_cells, found.unseen_rows) == (200, 100)


def test_the_sample_is_the_same_each_time_and_about_as_large_as_asked_for(engine, reference):
    execute(
        engine,
        """
        INSERT INTO features
        SELECT :noon, number, 0, 'Arts', number, 1, 1, 1, gen_random_uuid(), 'run', 0.5
        FROM generate_series(1, 20000) AS number
        """,
        noon=NOON,
    )
    sample = _read(engine, reference, max_students=4000).students
    # Within five standard deviations.
    assert abs(len(sample) - 4000) < 5 * np.sqrt(4000 * 0.8)
    assert abs(sample["TimeSpentOnCourse"].mean() - 10_000) < 5 * 5774 / np.sqrt(4000)
    execute(engine, "UPDATE features SET prediction = 0")
    again = _read(engine, reference, max_students=4000).students
    assert again["TimeSpentOnCourse"].tolist() == sample["TimeSpentOnCourse"].tolist()


def test_a_day_of_as_many_students_as_asked_for_is_read_whole(engine, reference):
    predict(engine, students(1000), NOON)
    assert len(_read(engine, reference, max_students=1000).students) == 1000


def test_columns_are_named_as_in_the_reference(engine, reference):
    day = students(20)
    predict(engine, day, NOON)
    found = _read(engine, reference)
    names = [feature["name"] for feature in reference.features]
    assert list(found.students.columns) == [*names, "prediction", "probability"]
    pd.testing.assert_frame_equal(
        found.students.sort_values("TimeSpentOnCourse", ignore_index=True),
        day[found.students.columns].sort_values("TimeSpentOnCourse", ignore_index=True),
        check_dtype=False,
    )
    assert not found.absent


def test_a_student_counts_with_the_last_prediction_of_the_day(engine, reference):
    day = students(3).assign(TimeSpentOnCourse=[1.0, 2.0, 3.0])
    predict(engine, day, [NOON, NOON + 2 * MINUTE, NOON + MINUTE], users=[7, 7, 7])
    run, found = _run(engine), _read(engine, reference)
    assert (run.rows, run.students) == (3, 1)
    assert found.students["TimeSpentOnCourse"].tolist() == [2.0]


def test_of_predictions_of_the_same_moment_one_counts_always_the_same(engine, reference):
    predict(engine, students(50).assign(TimeSpentOnCourse=range(50)), NOON, users=[7] * 50)
    first = _read(engine, reference).students
    execute(engine, "UPDATE features SET time_spent_on_course = time_spent_on_course WHERE random() < 0.5")
    assert _read(engine, reference).students.equals(first) and len(first) == 1


def test_predictions_without_a_student_are_each_of_somebody_else(engine, reference):
    predict(engine, students(5), NOON, users=[None, None, None, 7, 7])
    assert (_run(engine).rows, _run(engine).students) == (5, 4)
    assert len(_read(engine, reference).students) == 4


def test_each_model_is_counted_for_itself_and_the_last_at_work_comes_last(engine):
    predict(engine, students(3), NOON + MINUTE, run_id="old")
    predict(engine, students(2), NOON + 2 * MINUTE, run_id="new")
    predict(engine, students(4), NOON, run_id=None)
    found = predictions.runs_of_day(engine, DAY)
    assert [(run.run_id, run.rows) for run in found] == [(None, 4), ("old", 3), ("new", 2)]


def test_only_the_rows_of_the_model_are_read(engine, reference):
    predict(engine, students(3), NOON)
    predict(engine, students(50).assign(CourseCategory=None), NOON, run_id="other")
    found = _read(engine, reference)
    assert (len(found.students), found.missing_cells) == (3, 0)


def test_a_column_that_the_table_lacks_counts_as_missing_in_each_prediction(engine, reference):
    predict(engine, students(10), NOON, users=[1] * 5 + [2] * 5)
    execute(engine, "ALTER TABLE features DROP COLUMN number_of_videos_watched")
    found = _read(engine, reference)
    assert found.absent == ["NumberOfVideosWatched"]
    assert found.students["NumberOfVideosWatched"].isna().all() and len(found.students) == 2
    assert found.missing_cells == 10


def test_without_any_feature_column_there_is_still_the_prediction(engine, reference):
    predict(engine, students(10), NOON)
    for feature in reference.features:
        execute(engine, f"ALTER TABLE features DROP COLUMN {feature['column']}")
    found = _read(engine, reference)
    assert (found.missing_cells, found.unseen_rows, len(found.absent)) == (50, 0, 5)
    assert found.students["prediction"].notna().all()


def test_missing_values_are_counted_in_each_feature_and_in_the_prediction(engine, reference):
    day = students(10)
    day.loc[0, ["CourseCategory", "NumberOfQuizzesTaken"]] = None
    day.loc[1:2, "prediction"] = np.nan
    day.loc[3, "probability"] = np.nan
    predict(engine, day, NOON)
    assert _read(engine, reference).missing_cells == 4


def test_a_prediction_with_two_unseen_categories_is_one_and_a_missing_category_is_none(engine, reference):
    day = students(4)
    day.loc[0, "CourseCategory"], day.loc[0, "DeviceType"] = "Music", 7
    day.loc[1, "DeviceType"] = 7
    day.loc[2, "CourseCategory"] = None
    predict(engine, day, NOON)
    assert _read(engine, reference).unseen_rows == 2


def test_a_day_without_predictions_has_no_model(engine):
    predict(engine, students(1), DAY.end)
    assert predictions.runs_of_day(engine, DAY) == []


def test_without_the_table_it_is_said_who_makes_it(empty_engine):
    with pytest.raises(NoFeaturesTable, match="has no table features. The prediction service makes it"):
        predictions.runs_of_day(empty_engine, DAY)


def test_reading_cannot_write(engine):
    with pytest.raises(InternalError, match="read-only transaction"), database.reading(engine) as connection:
        connection.execute(text("DELETE FROM features"))


def test_reading_needs_no_right_but_to_read(engine, reference):
    predict(engine, students(5), NOON)
    role = f"reader_{uuid.uuid4().hex}"
    execute(engine, f"CREATE ROLE {role}; GRANT SELECT ON features TO {role}")
    # From now on every connection is that role's.
    execute(engine, f'ALTER ROLE CURRENT_USER IN DATABASE "{engine.url.database}" SET role = {role}')
    engine.dispose()
    with pytest.raises(Exception, match="permission denied"):
        execute(engine, "DELETE FROM features")
    assert len(_read(engine, reference).students) == 5


def test_reading_holds_up_nobody_who_writes_and_sees_one_moment(engine):
    predict(engine, students(5), NOON)
    with database.reading(engine) as connection:
        count = text("SELECT count(*) FROM features")
        assert connection.scalar(count) == 5
        execute(
            engine,
            """
            SET LOCAL lock_timeout = '2s';
            UPDATE features SET prediction = 0;
            INSERT INTO features (timestamp, prediction_id) VALUES (now(), gen_random_uuid());
            """,
        )
        assert connection.scalar(count) == 5
    assert rows_of(engine, "SELECT count(*) FROM features") == [(6,)]


def test_who_writes_holds_up_nobody_who_reads(engine, reference):
    predict(engine, students(5), NOON)
    with engine.begin() as writer:
        writer.execute(text("UPDATE features SET time_spent_on_course = NULL"))
        assert _read(engine, reference).missing_cells == 0


def test_a_failing_query_is_a_fault_of_the_database_that_can_be_told_from_others(engine):
    with database.reading(engine) as connection, pytest.raises(OperationalError):
        connection.execute(text("SET LOCAL statement_timeout = '10ms'"))
        database.rows(connection, text("SELECT pg_sleep(1)"))
