"""What is found of what became of the students, on a real Postgres."""

import uuid
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from benchmarks.tables import execute, predict, tell
from monitor import days, outcomes, predictions
from tests.conftest import students

DAY = days.day(date(2026, 3, 2), ZoneInfo("UTC"))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MONTH = timedelta(days=30)
LATER = NOON + 3 * MONTH


def _student(prediction=1, probability=0.75):
    return pd.DataFrame({"CourseCategory": ["Arts"], "prediction": [prediction], "probability": [probability]})


def _known(engine, max_students=1000):
    runs = {run.run_id: run for run in predictions.runs_of_day(engine, DAY)}
    return outcomes.known(outcomes.of_day(engine, DAY, runs["run"], max_students))


def _sorted(known):
    rows = known.assign(probability=known["probability"].round(6))[["prediction", "probability", "actual"]]
    return sorted(rows.itertuples(index=False, name=None))


def _actual(engine):
    return _known(engine)["actual"].tolist()


def test_an_outcome_belongs_to_the_prediction_that_it_names(engine):
    day = students(200)
    ids = predict(engine, day, NOON)
    tell(engine, day["actual"], NOON + MONTH, prediction_id=ids)
    found = _known(engine)
    assert list(found.columns) == ["prediction", "probability", "actual"]
    assert _sorted(found) == _sorted(day)


def test_an_outcome_belongs_to_the_student_that_it_names(engine):
    day = students(200)
    predict(engine, day, NOON)
    tell(engine, day["actual"], NOON + MONTH, user_id=range(1, 201))
    assert _sorted(_known(engine)) == _sorted(day)


def test_students_of_whom_nothing_is_known_are_missing_values_and_are_left_out(engine):
    ids = predict(engine, students(10), NOON)
    tell(engine, [1, 0], NOON + MONTH, prediction_id=ids[:2])
    tell(engine, [1], NOON + MONTH, user_id=[3])
    tell(engine, [1], NOON + MONTH, user_id=[4711])
    (run,) = predictions.runs_of_day(engine, DAY)
    assert outcomes.of_day(engine, DAY, run, 1000)["actual"].isna().sum() == 7
    assert sorted(_actual(engine)) == [0, 1, 1]


def test_what_names_the_prediction_counts_more_than_what_names_the_student_however_late(engine):
    ids = predict(engine, _student(), NOON)
    tell(engine, [1], NOON + HOUR, prediction_id=ids)
    tell(engine, [0], NOON + MONTH, user_id=[1])
    assert _actual(engine) == [1]


def test_a_correction_replaces_what_was_told_before(engine):
    ids = predict(engine, pd.concat([_student(), _student()]), NOON)
    for actual, at in ((0, NOON + MONTH), (1, NOON + MONTH + HOUR), (0, NOON + HOUR)):
        tell(engine, [actual], at, prediction_id=ids[:1])
        tell(engine, [actual], at, user_id=[2])
    assert _actual(engine) == [1, 1]


def test_of_two_outcomes_of_the_same_moment_the_one_received_last_counts(engine):
    ids = predict(engine, _student(), NOON)
    tell(engine, [0], NOON + HOUR, received=NOON + 2 * HOUR, prediction_id=ids)
    tell(engine, [1], NOON + HOUR, received=NOON + 3 * HOUR, prediction_id=ids)
    assert _actual(engine) == [1]


def test_what_became_of_a_student_before_the_prediction_is_not_what_was_predicted(engine):
    predict(engine, _student(), NOON)
    tell(engine, [1], NOON - HOUR, received=NOON + MONTH, user_id=[1])
    assert _actual(engine) == []
    tell(engine, [0], NOON, user_id=[1])
    assert _actual(engine) == [0]


def test_a_student_counts_once_with_the_last_prediction_of_the_day(engine):
    three = pd.concat([_student(0, 0.1), _student(1, 0.9), _student(0, 0.2)])
    predict(engine, three, [NOON, NOON + 2 * HOUR, NOON + HOUR], users=[7, 7, 7])
    tell(engine, [1], NOON + MONTH, user_id=[7])
    assert _known(engine).to_dict("records") == [{"prediction": 1, "probability": 0.9, "actual": 1}]


def test_the_outcome_of_an_earlier_prediction_is_not_that_of_the_last(engine):
    ids = predict(engine, pd.concat([_student(), _student()]), [NOON, NOON + HOUR], users=[7, 7])
    tell(engine, [1], NOON + MONTH, prediction_id=ids[:1])
    assert _actual(engine) == []


def test_predictions_without_a_student_are_known_by_their_id_alone(engine):
    ids = predict(engine, pd.concat([_student()] * 3), NOON, users=[None] * 3)
    tell(engine, [1, 0], NOON + MONTH, prediction_id=ids[:2])
    assert sorted(_actual(engine)) == [0, 1]


def test_other_days_other_models_and_predictions_without_a_probability_are_left_out(engine):
    ids = predict(engine, _student(), NOON)
    ids += predict(engine, _student(), DAY.end, users=[2])
    ids += predict(engine, _student(), NOON, run_id="other", users=[3])
    ids += predict(engine, _student(probability=None), NOON, users=[4])
    tell(engine, [1, 1, 0, 1], NOON + MONTH, prediction_id=ids)
    assert _actual(engine) == [1]


def test_of_a_large_day_the_students_are_those_that_drift_is_measured_on(engine, reference):
    day = students(5000).assign(probability=lambda rows: (rows.index + 1) / 5001)
    predict(engine, day, NOON)
    tell(engine, day["actual"], NOON + MONTH, user_id=range(1, 5001))
    (run,) = predictions.runs_of_day(engine, DAY)
    measured = predictions.read(engine, DAY, run, reference, 1000).students
    assert set(_known(engine)["probability"]) == set(measured["probability"])
    assert 850 < len(measured) < 1150


def test_an_older_prediction_service_has_no_outcomes(engine):
    assert outcomes.exist(engine)
    execute(engine, "DROP TABLE outcomes")
    assert not outcomes.exist(engine)


def test_days_with_news_are_those_of_the_predictions_and_not_of_the_outcomes(engine):
    ids = predict(engine, pd.concat([_student()] * 4), [NOON + n * 24 * HOUR for n in range(4)], users=[1, 2, 3, 4])
    tell(engine, [1], NOON + MONTH, prediction_id=ids[:1])
    tell(engine, [0], NOON + MONTH, user_id=[3])
    tell(engine, [0], NOON + MONTH, received=NOON + MONTH - HOUR, user_id=[4])
    assert outcomes.days_with_news(engine, NOON + MONTH, LATER, "UTC") == [date(2026, 3, 2), date(2026, 3, 4)]
    assert outcomes.days_with_news(engine, NOON + MONTH + HOUR, LATER, "UTC") == []


def test_news_of_a_student_are_about_all_days_before_that_the_student_was_predicted(engine):
    times = [NOON, NOON + 24 * HOUR, NOON + 2 * MONTH]
    predict(engine, pd.concat([_student()] * 3), times, users=[1, 1, 1])
    tell(engine, [1], NOON + MONTH, user_id=[1])
    assert outcomes.days_with_news(engine, NOON, LATER, "UTC") == [date(2026, 3, 2), date(2026, 3, 3)]


def test_news_are_looked_for_up_to_a_moment_and_so_far_before_it(engine):
    times = [LATER - outcomes.HORIZON - HOUR, LATER - outcomes.HORIZON, LATER - HOUR, LATER]
    ids = predict(engine, pd.concat([_student()] * 4), times, users=[1, 2, 3, 4])
    tell(engine, [1] * 4, LATER + HOUR, prediction_id=ids)
    tell(engine, [1] * 4, LATER + HOUR, user_id=[1, 2, 3, 4])
    found = outcomes.days_with_news(engine, LATER, LATER, "UTC")
    assert found == [(LATER - outcomes.HORIZON).date(), (LATER - HOUR).date()]


def test_days_with_news_are_days_of_the_time_zone(engine):
    ids = predict(engine, _student(), datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    tell(engine, [1], NOON + MONTH, prediction_id=ids)
    assert outcomes.days_with_news(engine, NOON, LATER, "Europe/Berlin") == [date(2026, 3, 3)]
    assert outcomes.days_with_news(engine, NOON, LATER, "UTC") == [date(2026, 3, 2)]


def test_known_since_counts_students_and_not_predictions_or_corrections(engine):
    ids = predict(engine, pd.concat([_student()] * 5), [NOON] * 4 + [NOON - 48 * HOUR], users=[1, 1, 2, 3, 4])
    tell(engine, [1, 0, 1, 1], NOON + MONTH, prediction_id=[ids[0], ids[1], ids[1], ids[4]])
    tell(engine, [1, 0], NOON + MONTH, user_id=[2, 2])
    assert outcomes.known_since(engine, NOON - HOUR) == 2
    assert outcomes.known_since(engine, NOON - 48 * HOUR) == 3


def test_known_since_counts_no_outcome_of_before_the_prediction(engine):
    predict(engine, _student(), NOON)
    tell(engine, [1], NOON - HOUR, user_id=[1])
    assert outcomes.known_since(engine, NOON - HOUR) == 0


def test_an_outcome_of_a_prediction_that_is_gone_is_no_news(engine):
    tell(engine, [1], NOON, prediction_id=[uuid.uuid4()])
    assert outcomes.days_with_news(engine, NOON - HOUR, LATER, "UTC") == []
    assert outcomes.known_since(engine, NOON - MONTH) == 0
