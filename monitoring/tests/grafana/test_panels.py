"""What is expanded, run and evaluated without Grafana is what Grafana would."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import SQLAlchemyError

from monitor import panels

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(hours=6)


@pytest.mark.parametrize(
    "sql, expanded",
    [
        ("$__timeFrom()", "'2026-03-01T00:00:00Z'"),
        ("$__timeTo()::timestamptz - interval '1 day'", "'2026-03-01T06:00:00Z'::timestamptz - interval '1 day'"),
        ("$__timeFilter(a.b)", "a.b BETWEEN '2026-03-01T00:00:00Z' AND '2026-03-01T06:00:00Z'"),
        (
            "$__timeFilter(day::timestamp AT TIME ZONE 'UTC')",
            "day::timestamp AT TIME ZONE 'UTC' BETWEEN '2026-03-01T00:00:00Z' AND '2026-03-01T06:00:00Z'",
        ),
        ("$__timeGroup(t, '5m')", "floor(extract(epoch from t)/300)*300"),
        ("$__timeGroupAlias(t, $__interval)", 'floor(extract(epoch from t)/90)*90 AS "time"'),
        ("'$__interval_ms ms'", "'90000 ms'"),
        ("x < $risk OR x < ${risk}", "x < 0.5 OR x < 0.5"),
        ("c IN (${category:sqlstring})", "c IN ('Arts','Children''s')"),
        ("'100%' LIKE '%a'", "'100%' LIKE '%a'"),
    ],
)
def test_macros_and_variables_become_what_grafana_sends(sql, expanded):
    variables = {"risk": 0.5, "category": ["Arts", "Children's"]}
    assert panels.expand(sql, START, END, 90, variables) == expanded


@pytest.mark.parametrize("sql", ["$__unixEpochFilter(t)", "$__timeGroup(t, 'soon')", "$other", "${other}", "${a:json}"])
def test_what_is_not_known_is_an_error_and_not_sent(sql):
    with pytest.raises(panels.UnknownMacro):
        panels.expand(sql, START, END, variables={"a": "1"})


def test_times_in_another_zone_are_sent_in_utc():
    berlin = datetime.fromisoformat("2026-03-01T01:00:00+01:00")
    assert panels.expand("$__timeFrom()", berlin, END) == "'2026-03-01T00:00:00Z'"


def test_the_interval_is_never_below_that_of_the_panel():
    panel = panels.Panel("d", 1, "t", "timeseries", (), {"interval": "1m"})
    assert panels.interval_of(START, END, panel) == 60
    assert panels.interval_of(START, START + timedelta(days=30), panel) == 2592


def test_a_time_column_becomes_datetimes_and_other_numbers_stay(empty):
    table = panels.run(empty, "SELECT 1772323200 AS \"time\", 7 AS n, '5%' AS text")
    assert table == panels.Table(("time", "n", "text"), ((START, 7, "5%"),))


def test_what_writes_fails_and_the_connection_goes_on(demo):
    with pytest.raises(SQLAlchemyError, match="read-only|permission denied"):
        panels.run(demo, "DELETE FROM metrics")
    assert panels.run(demo, "SELECT count(*) > 0 FROM metrics").rows == ((True,),)


def test_the_caller_s_own_transaction_can_still_write(postgres, empty_database, engine_of):
    settings = empty_database
    postgres.query("CREATE TABLE t (n int)", settings["DB_NAME"])
    with engine_of(settings, settings["DB_USER"], settings["DB_PASSWORD"]).begin() as connection:
        with pytest.raises(SQLAlchemyError, match="read-only"):
            panels.run(connection, "INSERT INTO t VALUES (1)")
        connection.exec_driver_sql("INSERT INTO t VALUES (2)")
    assert postgres.query("SELECT n FROM t", settings["DB_NAME"]) == [(2,)]


def test_lines_are_named_as_grafana_names_them():
    one = panels.Table(("time", "metric", "value"), ((START, "a", 1), (START, "b", None), (END, "a", 2)))
    assert panels.series(one) == {"a": [(START, 1.0), (END, 2.0)], "b": [(START, None)]}
    several = panels.Table(("time", "instance", "p50", "p99"), ((START, "host", 1, 2),))
    assert panels.series(several) == {"host p50": [(START, 1.0)], "host p99": [(START, 2.0)]}
