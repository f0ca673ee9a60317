"""Every alert rule fires on data that it is for, and does not on data that are well."""

from datetime import timedelta

import pytest

from monitor import panels

RULES = {rule.uid: rule for rule in panels.rules()}
END = "timestamptz '2026-03-29 00:00:00Z'"
METRICS = """
    INSERT INTO metrics (timestamp, day, run_id, rows, students, compared, last_prediction, status, share_missing_values,
        missing_values_jumped)
    VALUES
"""
QUALITY = """
    INSERT INTO live_quality (day, run_id, outcomes, predictions, accuracy, test_accuracy, status)
    VALUES
"""


def _service(ago="10 seconds", **values):
    columns = "".join(f", {name}" for name in values)
    cells = "".join(f", {value}" for value in values.values())
    return (
        f"INSERT INTO service_metrics (timestamp, instance{columns}) " f"SELECT {END} - interval '{ago}', 'host'{cells}"
    )


def _decided(ago):
    return (
        "INSERT INTO decisions (timestamp, day, action, reason, drifted_days, days, done) "
        f"SELECT {END} - interval '{ago}', '2026-03-28', 'none', 'all well', 0, 0, true"
    )


def _predicted(ago):
    return f"INSERT INTO features (timestamp, prediction_id) VALUES ({END} - interval '{ago}', gen_random_uuid())"


def _days(statuses, run="a", first_ago=None, missing="0.001, false"):
    """A row of metrics for each status, the last of them a day before the end."""
    first_ago = first_ago or len(statuses)
    rows = [
        f"({END}, date '2026-03-29' - {first_ago - number}, '{run}', 200, 200, 200, {END} - interval '1 day', "
        f"'{status}', {missing})"
        for number, status in enumerate(statuses)
    ]
    return METRICS + ", ".join(rows)


def _quality(day, status, run="a"):
    return QUALITY + f"('{day}', '{run}', 200, 200, 0.7, 0.78, '{status}')"


D, S, N = "drift", "stable", "not enough data"
FIRES = [
    ("service-silent", [_service("6 minutes")]),
    ("server-errors", [_service(requests=100, server_errors=2)]),
    ("requests-refused", [_service("9 minutes", refused=1)]),
    ("outbox-growing", [_service(outbox_oldest_seconds=301)]),
    ("rows-rejected", [_service("50 minutes", rejected_rows=1)]),
    ("no-predictions", [_predicted("25 hours")]),
    ("monitoring-did-not-run", [_decided("27 hours"), _days([S])]),
    ("monitoring-did-not-run", [_predicted("27 hours")]),
    ("drift-persists", [_days([S, D, D, S, D])]),
    ("drift-persists", [_days([D, D, N, N, D])]),
    ("drift-persists", [_days([D, S, D, S, D, N, N])]),
    ("accuracy-below-test", [_days([S]), _quality("2026-03-01", "below test")]),
    (
        "accuracy-below-test",
        [_days([S]), _quality("2026-03-01", "below test"), _quality("2026-03-02", "not enough data")],
    ),
    ("missing-values", [_days([S], missing="0.06, true")]),
]
IS_QUIET = [
    ("service-silent", [_service("4 minutes"), _service("3 hours")]),
    ("service-silent", [_service("25 hours")]),
    ("server-errors", [_service(requests=1000, server_errors=9)]),
    ("server-errors", [_service(requests=19, server_errors=19)]),
    ("server-errors", [_service("11 minutes", requests=100, server_errors=100)]),
    ("requests-refused", [_service("11 minutes", refused=5), _service(refused=0)]),
    ("outbox-growing", [_service(outbox_oldest_seconds=299), _service("6 minutes", outbox_oldest_seconds=900)]),
    ("rows-rejected", [_service("61 minutes", rejected_rows=1), _service(rejected_rows=0)]),
    ("no-predictions", [_predicted("25 hours"), _predicted("23 hours")]),
    ("monitoring-did-not-run", [_predicted("90 days"), _decided("25 hours")]),
    ("monitoring-did-not-run", [_predicted("25 hours")]),
    ("drift-persists", [_days([D, D, D, D, S])]),
    ("drift-persists", [_days([D, S, S, S, D, D])]),
    ("drift-persists", [_days([D, N, D, N])]),
    ("drift-persists", [_days([D, D, D, D, D], run="old", first_ago=6), _days([S], run="new")]),
    ("drift-persists", [_days([D, D, D, D, D], first_ago=30)]),
    ("accuracy-below-test", [_days([S]), _quality("2026-03-01", "below test"), _quality("2026-03-02", "as tested")]),
    ("accuracy-below-test", [_days([S], run="new"), _quality("2026-03-01", "below test", run="old")]),
    ("missing-values", [_days([S], first_ago=2, missing="0.06, true"), _days([S])]),
]


@pytest.fixture(name="evaluate")
def _evaluate(postgres, tables, end):
    """Evaluates a rule at the end of the demo, on tables with these rows only."""
    settings, connection = tables

    def evaluate(uid, statements):
        names = "features, outcomes, students, service_metrics, metrics, feature_drift, live_quality, decisions"
        postgres.query(f"TRUNCATE {names}", settings["DB_NAME"])
        for statement in statements:
            postgres.query(statement, settings["DB_NAME"])
        result = panels.evaluate(RULES[uid], connection, end)
        connection.rollback()  # an open transaction would hold up the next TRUNCATE
        return result

    return evaluate


@pytest.fixture(name="tables", scope="module")
def _tables(new_tables, reader_of):
    settings = new_tables()
    with reader_of(settings).connect() as connection:
        yield settings, connection


@pytest.mark.parametrize("uid, statements", FIRES)
def test_it_fires(uid, statements, evaluate):
    assert evaluate(uid, statements)[1]


@pytest.mark.parametrize("uid, statements", IS_QUIET)
def test_it_does_not_fire(uid, statements, evaluate):
    assert not evaluate(uid, statements)[1]


def test_every_rule_is_tried_both_ways():
    assert {uid for uid, _ in FIRES} == {uid for uid, _ in IS_QUIET} == set(RULES)


@pytest.mark.parametrize("uid", RULES)
def test_a_new_installation_is_quiet(uid, empty, end):
    assert panels.evaluate(RULES[uid], empty, end) == (0, False)


def test_the_demo_s_last_days_fire_what_they_should(demo, end):
    fired = {uid for uid, rule in RULES.items() if panels.evaluate(rule, demo, end)[1]}
    assert fired == {"drift-persists", "missing-values"}


@pytest.mark.parametrize("uid", RULES)
def test_a_rule_does_not_read_all_predictions(uid, large, end):
    rule = RULES[uid]
    sql = panels.expand(rule.sql, end - timedelta(seconds=rule.seconds), end)
    plan = "\n".join(row[0] for row in panels.run(large, f"EXPLAIN {sql}").rows)
    assert "Seq Scan on features" not in plan
