"""Recorded activity is answered as the service would have answered it, and kept once."""

import json
import subprocess
import sys
import time

import pytest

from serving import recorded
from serving.predictor import Predictor
from serving.recorded import Faulty
from serving.settings import SERVICE

AT = "2026-01-31T12:00:00Z"
PREDICTION = "01a2097b-0805-7bbd-ac27-8488f395cf89"


@pytest.fixture(name="predictor", scope="session")
def _predictor(model):
    return Predictor(model)


@pytest.fixture(name="run")
def _run(database, tmp_path, model, model_cache):
    """Replays lines, and returns what became of it."""
    environment = database[1] | {"RUN_ID": model.run_id, "MODEL_CACHE": str(model_cache)}

    def run(*lines):
        file = tmp_path / "recorded.jsonl"
        file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
        return subprocess.run(
            [sys.executable, "replay.py", str(file)],
            cwd=SERVICE,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(name="read")
def _read(postgres, database):
    return lambda statement: postgres.query(statement, database=database[0])


def _outcome(**changed):
    return {"UserID": 6001, "CourseCompletion": 1, "OccurredAt": AT} | changed


def _faults(predictor, *lines):
    with pytest.raises(Faulty) as caught:
        recorded.read([line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines], predictor)
    return caught.value.faults


def test_activity_is_answered_as_the_service_answers_it_and_kept_with_its_time(run, read, client, request_body, model):
    answer = client.post("/predict", json=request_body).json
    ended = run(request_body | {"OccurredAt": "2026-01-31T13:00:00+01:00"})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"1 predictions by run {model.run_id} and 0 outcomes are kept.\n"
    assert read(
        "SELECT timestamp::text, run_id, user_id, device_type, course_category, time_spent_on_course, "
        "number_of_videos_watched, number_of_quizzes_taken, prediction, probability FROM features"
    ) == [
        ("2026-01-31 12:00:00+00", model.run_id, 6001, 1, "Science", 42.238989, 8, 7)
        + (answer["CourseCompletion"], answer["CompletionProbability"])
    ]
    assert read("SELECT user_id, probability FROM students") == [(6001, answer["CompletionProbability"])]


def test_outcomes_are_kept_as_received_when_they_occurred_or_when_they_say(run, read):
    ended = run(
        _outcome(),
        _outcome(UserID=None, PredictionID=PREDICTION, ReceivedAt="2026-02-03T00:00:00Z", CourseCompletion=0),
    )
    assert "0 predictions" in ended.stdout and "2 outcomes" in ended.stdout
    at = "2026-01-31 12:00:00+00"
    assert read(
        "SELECT user_id, prediction_id::text, course_completion, occurred_at::text, received_at::text "
        "FROM outcomes ORDER BY received_at"
    ) == [(6001, None, 1, at, at), (None, PREDICTION, 0, at, "2026-02-03 00:00:00+00")]


def test_a_file_that_is_replayed_again_adds_nothing(run, read, request_body):
    lines = [request_body | {"UserID": user, "OccurredAt": AT} for user in range(5)] + [_outcome()]
    first, second = run(*lines), run(*lines)
    assert first.stdout == second.stdout != ""
    assert (len(read("SELECT 1 FROM features")), len(read("SELECT 1 FROM outcomes"))) == (5, 1)


def test_nothing_is_written_if_a_line_is_wrong(run, read, request_body):
    good = request_body | {"OccurredAt": AT}
    ended = run(good, good | {"UserID": 1, "TimeSpentOnCourse": "x"}, _outcome(CourseCompletion=2))
    assert ended.returncode == 1 and ended.stdout == ""
    assert ended.stderr.splitlines() == [
        'line 2: TimeSpentOnCourse="x": Input should be a valid number',
        "line 3: CourseCompletion=2: Input should be less than or equal to 1",
    ]
    assert read("SELECT to_regclass('features')") == [(None,)]


def test_many_faults_are_counted_and_the_first_are_named(run):
    ended = run(*[_outcome(UserID=-1)] * 25)
    assert len(ended.stderr.splitlines()) == 21
    assert ended.stderr.endswith("and 5 more\n")


def test_twenty_thousand_lines_take_a_few_seconds(run, read, request_body):
    lines = [request_body | {"UserID": user, "OccurredAt": AT} for user in range(19_000)]
    lines += [_outcome(UserID=user) for user in range(1_000)]
    began = time.monotonic()
    assert "19,000 predictions" in run(*lines).stdout
    assert time.monotonic() - began < 20
    assert read("SELECT count(*), count(DISTINCT prediction_id) FROM features") == [(19_000, 19_000)]


def test_a_file_that_is_not_there_is_said_in_a_line(database):
    ended = subprocess.run(
        [sys.executable, "replay.py", "nothing.jsonl"],
        cwd=SERVICE,
        env=database[1] | {"TRACKING_URI": "http://127.0.0.1:9", "MODEL_CACHE": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1 and len(ended.stderr.splitlines()) == 1


def test_all_faults_of_a_line_are_named_with_what_is_allowed(predictor, request_body):
    del request_body["DeviceType"]
    faults = _faults(predictor, {}, request_body | {"UserID": "1", "OccurredAt": "yesterday"})
    assert "line 1: OccurredAt: Field required" in faults
    assert faults[-3:] == [
        'line 2: UserID="1": Input should be a valid integer',
        "line 2: DeviceType: Field required",
        'line 2: OccurredAt="yesterday": Input should be a time with its offset, such as 2026-01-31T12:00:00Z, '
        "of the years 1000 to 2999",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "it is no JSON"),
        (b"\xff", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"[]", "one JSON object"),
        (b"7", "one JSON object"),
    ],
)
def test_a_line_that_is_no_object_is_named(predictor, line, said):
    (fault,) = _faults(predictor, b"", line)
    assert fault.startswith("line 2: ") and said in fault


def test_an_outcome_beside_activity_in_one_line_is_refused(predictor, request_body):
    (fault,) = _faults(predictor, request_body | _outcome())
    assert fault.startswith("line 1: CourseCompletion: an outcome has no CourseCategory")


def test_an_outcome_names_someone_and_has_times(predictor):
    assert _faults(predictor, _outcome(UserID=None)) == ["line 1: body: Field required: UserID or PredictionID"]
    (fault,) = _faults(predictor, _outcome(ReceivedAt="soon"))
    assert fault.startswith('line 1: ReceivedAt="soon": Input should be a time')


def test_a_student_has_one_prediction_of_a_moment(predictor, request_body):
    first, same = request_body | {"OccurredAt": AT}, request_body | {"OccurredAt": "2026-01-31T13:00:00+01:00"}
    (fault,) = _faults(predictor, first, first | {"UserID": 1}, same)
    assert fault == "line 3: OccurredAt: line 1 has the same student at this time; only one is allowed"


def test_the_id_of_a_prediction_follows_from_run_student_and_time(run, read, request_body):
    run(request_body | {"OccurredAt": AT})
    # Never to be changed: what is in a database may be replayed again.
    assert read("SELECT prediction_id::text FROM features") == [("943ca2ee-594a-5826-93ac-6513b0d8fe4a",)]
