"""Every query of the dashboards on a real Postgres, as the role that Grafana has."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from benchmarks import dashboards
from monitor import panels

DASHBOARDS = {dashboard.uid: dashboard for dashboard in panels.dashboards()}
PANELS = [panel for dashboard in DASHBOARDS.values() for panel in dashboard.panels if panel.queries]


def _named(panel):
    return f"{panel.dashboard}-{panel.id}"


def _start(uid, end):
    return end - timedelta(hours=dashboards.HOURS[DASHBOARDS[uid].definition["time"]["from"]])


def _run(connection, panel, end):
    return panels.run_panel(connection, panel, _start(panel.dashboard, end), end, DASHBOARDS[panel.dashboard].variables)


@pytest.mark.parametrize("panel", PANELS, ids=_named)
def test_a_panel_shows_a_demo_s_data(panel, demo, end):
    for query in panel.queries:
        table = _run(demo, panel, end)[query.ref_id]
        assert table.rows
        assert len(set(table.columns)) == len(table.columns)
        numbers = [
            index
            for index, column in enumerate(table.columns)
            if column != "time" and any(isinstance(row[index], (int, float, Decimal)) for row in table.rows)
        ]
        if query.format == "time_series":
            assert table.columns[0] == "time" and numbers
            times = [row[0] for row in table.rows]
            assert all(isinstance(moment, datetime) for moment in times) and times == sorted(times)
        elif panel.type == "barchart":
            assert len(table.columns) == 2 and numbers == [1] and all(isinstance(row[0], str) for row in table.rows)
        elif panel.type == "stat":
            assert len(table.rows) == 1 and all(value is not None for value in table.rows[0])
        # An override of a column that the query does not give would do nothing.
        names = {
            override["matcher"]["options"]
            for override in panel.definition["fieldConfig"]["overrides"]
            if override["matcher"]["id"] == "byName"
        }
        assert names <= set(table.columns)


@pytest.mark.parametrize("panel", PANELS, ids=_named)
def test_a_panel_of_empty_tables_is_empty(panel, empty, end):
    for table in _run(empty, panel, end).values():
        assert all(value is None for row in table.rows for value in row)


@pytest.mark.parametrize("uid", DASHBOARDS)
def test_variables_and_annotations_have_what_grafana_needs(uid, demo, empty, end):
    dashboard = DASHBOARDS[uid]
    start = end - timedelta(days=30)
    for query in dashboard.variable_queries:
        assert panels.run(demo, panels.expand(query.sql, start, end)).rows[0] == ("Arts",)
        assert not panels.run(empty, panels.expand(query.sql, start, end)).rows
    for query in dashboard.annotations:
        table = panels.run(demo, panels.expand(query.sql, start, end))
        assert table.columns == ("time", "text") and "bbbbbbbb22222222" in table.rows[-1][1]
        assert not panels.run(empty, panels.expand(query.sql, start, end)).rows


def _students(connection, end, **variables):
    panel = next(panel for panel in DASHBOARDS["students-at-risk"].panels if panel.id == 3)
    known = {**DASHBOARDS["students-at-risk"].variables, **variables}
    (table,) = panels.run_panel(connection, panel, end - timedelta(days=7), end, known).values()
    return [dict(zip(table.columns, row)) for row in table.rows]


def test_the_list_of_students_begins_with_the_most_endangered_and_ends_at_200(demo, end):
    chances = [student["Chance to complete"] for student in _students(demo, end)]
    assert len(chances) == 200 and chances == sorted(chances) and max(chances) < 0.5


def test_the_list_of_students_follows_category_and_limit(demo, end):
    students = _students(demo, end, category=["Arts", "Health"], risk="0.1")
    assert {student["Course category"] for student in students} == {"Arts", "Health"}
    assert max(student["Chance to complete"] for student in students) < 0.1


def test_a_student_s_change_is_against_a_week_before_and_known_outcomes_are_left_out(
    postgres, new_tables, reader_of, end
):
    settings = new_tables()
    rows = [(1, 0, 0.2), (1, 3, 0.9), (1, 8, 0.6), (1, 20, 0.1), (2, 0, 0.3), (3, 0, 0.4), (4, 0, 0.1), (5, 30, 0.1)]
    for number, (user, days, probability) in enumerate(rows):
        moment = (end - timedelta(days=days, hours=1)).isoformat()
        identity = f"00000000-0000-0000-0000-{number:012d}"
        postgres.query(
            f"INSERT INTO features VALUES ('{moment}', {user}, 1, 'Arts', 12.5, 3, 4, 0, '{identity}', 'r', "
            f"{probability})",
            settings["DB_NAME"],
        )
        postgres.query(
            "INSERT INTO students SELECT user_id, timestamp, prediction_id, run_id, course_category, prediction, "
            f"probability FROM features WHERE prediction_id = '{identity}' ON CONFLICT DO NOTHING",
            settings["DB_NAME"],
        )
    # The outcome of 2 is known by the student, that of 3 by the prediction; that of 4 is of an earlier course.
    postgres.query(
        f"""INSERT INTO outcomes SELECT gen_random_uuid(), '{end.isoformat()}', prediction_id::uuid, user_id, 1,
            timestamptz '{end.isoformat()}' - age FROM (VALUES
            (NULL, 2, interval '1 minute'), ('00000000-0000-0000-0000-000000000005', NULL, interval '1 minute'),
            (NULL, 4, interval '3 days')) AS known (prediction_id, user_id, age)""",
        settings["DB_NAME"],
    )
    with reader_of(settings).connect() as connection:
        students = _students(connection, end)
    assert [student["Student"] for student in students] == [4, 1]
    assert students[1]["Change in a week"] == pytest.approx(0.2 - 0.6)
    assert students[0]["Change in a week"] is None
    assert (students[1]["Time spent"], students[1]["Videos"], students[1]["Quizzes"]) == (12.5, 3, 4)


@pytest.mark.parametrize("uid", DASHBOARDS)
def test_no_query_reads_all_predictions(uid, large):
    for title, query in dashboards.queries(DASHBOARDS[uid]):
        # The dashboard's own time, and the longest that is sensible.
        for shown in (None, timedelta(days=30)):
            sql = dashboards.expand(DASHBOARDS[uid], query, shown)
            plan = "\n".join(row[0] for row in panels.run(large, f"EXPLAIN {sql}").rows)
            assert "Seq Scan on features" not in plan, f"{title}\n{plan}"
