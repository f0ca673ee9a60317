"""The page of the dashboards: each type of panel, with data and without, and what the database holds as text."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import plotly.graph_objects as go
import pytest

from monitor import page, page_cells, page_charts, page_lines, page_values, panels
from monitor.page_story import Day, Event, Figure, Story
from monitor.panels import Panel, Table

END = datetime(2026, 11, 23, tzinfo=UTC)
START = END - timedelta(days=30)
EVIL = "</script><script>alert(1)</script><b>&"
OPTIONS = {"noValue": "Nothing, since nobody came", "unit": "short"}


def _panel(kind, defaults=None, overrides=(), **definition):
    field_config = {"defaults": OPTIONS | (defaults or {}), "overrides": list(overrides)}
    grid = {"x": 0, "y": 0, "w": 12, "h": 8}
    definition = {"fieldConfig": field_config, "gridPos": grid, "description": EVIL, "options": {}} | definition
    return Panel("model-and-data", 1, f"Title {EVIL}", kind, (), definition)


def _draw(panel, columns, *rows, **options):
    return page.draw(panel, {"A": Table(columns, rows)}, START, END, [], **options)


def _named(name, **properties):
    listed = [{"id": key.replace("custom_", "custom."), "value": value} for key, value in properties.items()]
    return {"matcher": {"id": "byName", "options": name}, "properties": listed}


def _steps(*steps):
    return {"thresholds": {"steps": [{"value": value, "color": colour} for value, colour in steps]}}


def _days(count):
    return [END - timedelta(days=count - number) for number in range(count)]


@pytest.fixture(name="shown")
def _shown(monkeypatch):
    """The page of one dashboard with these panels, in place of a database's."""

    def shown(*drawn, story=None):
        definition = {"templating": {"list": []}, "description": EVIL}
        dashboard = panels.Dashboard("model-and-data", "Model and data", (), {}, (), (), definition)
        monkeypatch.setattr(page.panels, "dashboards", lambda: [dashboard])
        monkeypatch.setattr(page, "section", lambda *_: page.Section(dashboard, START, END, list(drawn)))
        monkeypatch.setattr(page, "alerts", lambda *_: [page.Alert("Drift lasts", 3.0, True)])
        monkeypatch.setattr(page, "get_plotlyjs", lambda: "/* plotly */")
        return page.render(None, END, story)

    return shown


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("timeseries", ("time", "value")),
        ("status-history", ("time", "metric", "value")),
        ("barchart", ("what", "count")),
        ("table", ("Day", "Why")),
    ],
)
def test_a_panel_without_rows_says_why_in_its_own_words(kind, columns, shown):
    drawn = _draw(_panel(kind), columns)
    assert drawn.empty == "Nothing, since nobody came"
    assert "Nothing, since nobody came" in shown(drawn)


@pytest.mark.parametrize("rows", [[], [(None,)]])
def test_a_single_value_that_there_is_not_says_why(rows):
    (cell,) = _draw(_panel("stat"), ("since",), *rows).stats
    assert cell.text == "Nothing, since nobody came"


def test_a_panel_of_an_unknown_type_is_refused():
    with pytest.raises(KeyError, match="nodeGraph"):
        _draw(_panel("nodeGraph"), ("a",), (1,))


def test_all_types_of_panels_that_the_dashboards_have_are_drawn():
    types = {panel.type for dashboard in panels.dashboards() for panel in dashboard.panels}
    assert types <= {"stat", "table", "text", "timeseries", "barchart", "status-history"}


def test_a_single_value_has_the_colour_of_its_threshold():
    panel = _panel("stat", {"unit": "percentunit", "decimals": 1} | _steps((None, "green"), (0.5, "red")))
    cells = _draw(panel, ("few", "many"), (0.1234, 0.5)).stats
    assert [(cell.name, cell.text) for cell in cells] == [("few", "12.3%"), ("many", "50.0%")]
    assert [cell.colour for cell in cells] == [page_values.COLOURS["green"], page_values.COLOURS["red"]]


def test_a_word_has_the_text_and_the_colour_that_it_is_mapped_to():
    mapping = {"type": "value", "options": {"drift": {"text": "drifted", "color": "#123456"}}}
    (cell,) = _draw(_panel("stat", {"mappings": [mapping], **_steps((None, "blue"))}), ("status",), ("drift",)).stats
    assert (cell.text, cell.colour) == ("drifted", "#123456")


@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        (1234567, {}, "1,234,567"),
        (0.5, {"unit": "percentunit"}, "50.0%"),
        (0.5, {"unit": "percentunit", "decimals": 0}, "50%"),
        (0.0042, {"unit": "s"}, "4.2 ms"),
        (0.5, {"unit": "s"}, "500 ms"),
        (90, {"unit": "s"}, "1.5 min"),
        (7200, {"unit": "s", "decimals": 0}, "2 h"),
        (-3, {"unit": "s"}, "0 s"),
        (12.345, {"unit": "h", "decimals": 1}, "12.3 h"),
        (0.00012, {"unit": "sci"}, "1.2e-04"),
        (4711, {"unit": "none"}, "4711"),
        (0, {"unit": "dateTimeAsIso"}, "1970-01-01 00:00"),
        (END, {"unit": "dateTimeAsIso"}, "2026-11-23 00:00"),
        (True, {}, "True"),
        (None, {"noValue": "none yet"}, "none yet"),
        (None, {}, "–"),
    ],
)
def test_a_value_is_shown_in_its_unit(value, options, expected):
    assert page_values.text(value, page_values.Config(options)) == expected


def test_an_override_by_name_counts_for_its_column_alone():
    panel = _panel("table", overrides=[_named("Share", unit="percentunit", decimals=0)])
    assert [cell.text for cell in _draw(panel, ("Share", "Other"), (0.5, 0.5)).rows[0]] == ["50%", "0.5"]


def test_a_bar_in_a_table_is_as_long_as_its_share():
    gauge = _named("Chance", custom_cellOptions={"type": "gauge"}, color={"mode": "continuous-RdYlGr"}, min=0, max=1)
    cells = [row[0] for row in _draw(_panel("table", overrides=[gauge]), ("Chance",), (0.0,), (0.5,), (1.0,)).rows]
    assert [cell.share for cell in cells] == [0, 0.5, 1]
    assert [cell.colour for cell in cells] == [page_values.COLOURS[name] for name in ("red", "yellow", "green")]


@pytest.mark.parametrize(
    ("address", "with_links", "link"),
    [
        ("https://example.org/run", True, "https://example.org/run"),
        ("https://example.org/run", False, None),
        ("javascript:alert(1)", True, None),
    ],
)
def test_only_addresses_of_pages_are_links_and_none_are_where_servers_are_gone(address, with_links, link):
    panel = _panel("table", overrides=[_named("Run", links=[{"url": "${__value.raw}"}])])
    ((cell,),) = _draw(panel, ("Run",), (address,), with_links=with_links).rows
    assert cell.link == link


def test_lines_have_the_names_that_the_panel_gives_them():
    table = Table(("time", "instance", "p50"), ((END, "host", 1.0),))
    assert [line.name for line in page_lines.lines(_panel("timeseries"), [table])] == ["host p50"]
    named = _panel("timeseries", {"displayName": "${__field.labels.instance}: ${__field.name}"})
    assert [line.name for line in page_lines.lines(named, [table])] == ["host: p50"]
    metric = Table(("time", "metric", "value"), ((END, "run", 1),))
    assert [line.name for line in page_lines.lines(_panel("timeseries"), [metric])] == ["run"]


def test_a_time_series_is_a_figure_that_plotly_takes():
    band = {"custom_lineWidth": 0, "custom_hideFrom": {"legend": True}}
    overrides = [
        _named("low", **band),
        _named("high", custom_fillBelowTo="low", custom_fillOpacity=15, **band),
        _named("share", custom_axisPlacement="right", unit="percentunit", max=1),
        _named("count", custom_drawStyle="bars"),
        _named("jumped", custom_drawStyle="points", color={"mode": "fixed", "fixedColor": "red"}),
    ]
    panel = _panel("timeseries", {"min": 0, "custom": {"fillOpacity": 10, "showPoints": "always"}}, overrides)
    rows = [(day, 1.0, 0.5, 1.5, 0.2, 3, None) for day in _days(5)]
    columns = ("time", "live", "low", "high", "share", "count", "jumped")
    tables = {"A": Table(columns, tuple(rows))}
    figure = go.Figure(page_lines.timeseries(panel, tables, START, END, [(END, EVIL)]))
    names = [trace.name for trace in figure.data]
    assert names.index("high") == names.index("low") + 1, "the band is between a line and the one before it"
    by_name = {trace.name: trace for trace in figure.data}
    assert by_name["high"].fill == "tonexty"
    assert not by_name["low"].showlegend
    assert (by_name["share"].yaxis, by_name["count"].type, by_name["jumped"].mode) == ("y2", "bar", "markers")
    assert tuple(figure.layout.yaxis2.range) != tuple(figure.layout.yaxis.range)
    (mark,) = figure.layout.annotations
    assert "<" not in mark.hovertext


def test_thresholds_are_lines_where_the_data_comes_near_them():
    options = {"min": 0, "custom": {"thresholdsStyle": {"mode": "dashed"}}}
    panel = _panel("timeseries", options | _steps((None, "green"), (0.8, "orange"), (50, "red")))
    rows = tuple((day, 1.0) for day in _days(3))
    figure = page_lines.timeseries(panel, {"A": Table(("time", "value"), rows)}, START, END, [])
    assert [(shape["y0"], shape["line"]["color"]) for shape in figure["layout"]["shapes"]] == [
        (0.8, page_values.COLOURS["orange"])
    ]


def test_a_stacked_line_of_zeros_is_not_drawn_over_the_one_below():
    panel = _panel("timeseries", {"custom": {"stacking": {"mode": "normal"}}})
    rows = tuple((day, 5, 0) for day in _days(3))
    answered, refused = page_lines.timeseries(
        panel, {"A": Table(("time", "answered", "refused"), rows)}, START, END, []
    )["data"]
    assert answered["line"]["width"] > 0 == refused["line"]["width"]


@pytest.mark.parametrize(
    ("values", "mode"), [((1, 2, None), "lines"), ((None, 2, None), "lines+markers"), ((1,), "lines+markers")]
)
def test_a_value_between_gaps_is_a_point_since_a_line_would_not_show_it(values, mode):
    table = Table(("time", "p50"), tuple(zip(_days(3), values)))
    (trace,) = page_lines.timeseries(_panel("timeseries"), {"A": table}, START, END, [])["data"]
    assert trace["mode"] == mode


@pytest.mark.parametrize("days", [1, 2, 7])
def test_bars_are_wide_enough_and_within_what_is_shown_and_beside_each_other(days):
    panel = _panel("timeseries", {"custom": {"drawStyle": "bars"}})
    end = END + timedelta(hours=3)
    rows = tuple((END - timedelta(days=number), 10, 9, 8) for number in range(days))
    tables = {"A": Table(("time", "predictions", "students", "outcomes"), rows)}
    figure = go.Figure(page_lines.timeseries(panel, tables, START, end, []))
    shown = [datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in figure.layout.xaxis.range]
    left = None
    for drawn in figure.data:
        edges = [END + timedelta(milliseconds=drawn.offset), END + timedelta(milliseconds=drawn.offset + drawn.width)]
        assert shown[0] <= edges[0] < edges[1] <= shown[1]
        assert edges[1] - edges[0] > (shown[1] - shown[0]) / 200
        assert left is None or abs(edges[0] - left) < timedelta(seconds=1), "they neither overlap nor lie apart"
        left = edges[1]


def test_bars_say_how_much():
    table = Table(("Course category", "at risk"), (("Arts", 1200), (EVIL, 3)))
    figure = go.Figure(page_charts.barchart(_panel("barchart", _steps((None, "blue"))), table))
    assert figure.data[0].text == ("1,200", "3")
    assert figure.data[0].x[0] == "Arts"
    assert "<" not in figure.data[0].x[1]


def test_a_text_that_has_no_room_in_its_cell_is_left_to_the_pointer():
    """A cell is a day wide, however many there are."""
    mappings = {"mappings": [{"type": "value", "options": {"1": {"text": "no predictions", "index": 0}}}]}
    panel = _panel("status-history", _steps((None, "blue")) | mappings)
    for start, text in ((END - timedelta(days=10), "no predictions"), (START, "")):
        for days in (1, 4):
            rows = tuple((day, "a", 1.0) for day in _days(days))
            found = page_charts.status_history(panel, Table(("time", "metric", "value"), rows), start, END)
            (heatmap,) = found["data"]
            assert heatmap["text"] == [[text] * days]
            assert heatmap["customdata"] == [["no predictions"] * days]


def test_cells_of_a_history_have_the_colours_of_their_values_and_gaps_where_there_is_none():
    mappings = [{"type": "range", "options": {"from": 1.01, "to": 2, "result": {"text": "drifted", "color": "red"}}}]
    options = {"unit": "percentunit", "decimals": 0, "mappings": mappings} | _steps((None, "green"), (0.1, "orange"))
    first, second = _days(2)
    rows = ((first, "a", 0.05), (first, "b", 0.2), (second, "a", 1.4))
    panel = _panel("status-history", options)
    found = page_charts.status_history(panel, Table(("time", "metric", "value"), rows), first, END)
    (heatmap,) = go.Figure(found).data
    colours = [colour for _, colour in heatmap.colorscale][::2]
    shown = [[None if place is None else colours[place] for place in row] for row in heatmap.z]
    green, orange, red = (page_values.COLOURS[name] for name in ("green", "orange", "red"))
    assert shown == [[green, red], [orange, None]]
    assert [list(row) for row in heatmap.text] == [["5%", "drifted"], ["20%", ""]]


def test_what_the_database_holds_is_text_and_never_code(shown):
    drawn = [
        _draw(_panel("table"), ("Why", EVIL), (EVIL, EVIL)),
        _draw(_panel("stat", _steps((None, "blue"))), (EVIL,), (EVIL,)),
        _draw(_panel("timeseries"), ("time", "metric", "value"), (END, EVIL, 1)),
        _draw(_panel("status-history", _steps((None, "blue"))), ("time", "metric", "value"), (END, EVIL, 1)),
        _draw(_panel("barchart", _steps((None, "blue"))), ("what", "count"), (EVIL, 1)),
        page.draw(_panel("text", options={"content": f"**{EVIL}**"}), {}, START, END, []),
    ]
    day = END.date()
    story = Story(
        title=EVIL,
        text=EVIL,
        days=[Day(day=day, status=EVIL, version=EVIL)],
        events=[Event(day=day, kind="cause", title=EVIL, text=EVIL)],
        figures=[Figure(label=EVIL, value=EVIL, text=EVIL)],
        notes={"model-and-data": EVIL},
    )
    html = shown(*drawn, story=story)
    assert "<script>alert" not in html
    assert html.count("</script>") == html.count("<script")
    figures = re.findall(r'<script type="application/json">(.*?)</script>', html)
    assert len(figures) == 3
    for figure in figures:
        assert "<script" not in json.dumps(json.loads(figure)["data"])


def test_texts_have_their_paragraphs_and_what_is_bold(shown):
    drawn = page.draw(_panel("text", options={"content": "One **bold** word\n\nand more"}), {}, START, END, [])
    assert "<p>One <b>bold</b> word</p><p>and more</p>" in shown(drawn)


def test_the_story_shows_each_event_at_its_day_and_each_model_over_its_days(shown):
    days = [Day(day=date(2026, 11, number), status="stable", version=str(number > 2)) for number in (1, 2, 3)]
    events = [
        Event(day=date(2026, 11, 1), kind="cause", title="First", text="A"),
        Event(day=date(2026, 11, 3), kind="good", title="Second", text="B"),
    ]
    story = Story(title="T", text="t", days=days, events=events, figures=[])
    assert [story.numbers(day.day) for day in days] == [[(1, "cause")], [], [(2, "good")]]
    html = shown(story=story)
    assert "<time>day 1, 01 Nov</time>" in html and "<time>day 3, 03 Nov</time>" in html
    assert "grid-column: 1 / span 2" in html and "grid-column: 3 / span 1" in html


def test_alerts_that_fire_stand_out(shown):
    assert '<span class="fires">Drift lasts: fires</span>' in shown()


@pytest.mark.parametrize(("before", "hours"), [("now-6h", 6), ("now-30d", 720), ("now-2w", 336), ("now-90m", 1.5)])
def test_the_time_range_is_the_dashboards(before, hours):
    assert page.duration(before) == timedelta(hours=hours)


def test_a_single_day_has_a_cell_as_wide_as_a_day():
    panel, noon = _panel("status-history", _steps((None, "blue"))), START + timedelta(hours=12)
    table = Table(("time", "metric", "value"), ((noon, "column", 1.0),))
    (heatmap,) = page_charts.status_history(panel, table, START, END)["data"]
    edges = [datetime.fromisoformat(edge) for edge in heatmap["x"]]
    assert edges[1] - edges[0] == timedelta(days=1)


def test_days_that_were_not_monitored_are_blank_and_those_beside_them_no_wider():
    panel = _panel("status-history", _steps((None, "blue")))
    first, *between, last = _days(4)
    table = Table(("time", "metric", "value"), ((first, "a", 1.0), (last, "a", 1.0)))
    (heatmap,) = page_charts.status_history(panel, table, START, END)["data"]
    assert [datetime.fromisoformat(place).day for place in heatmap["x"]] == [day.day for day in (first, *between, last)]
    assert heatmap["z"] == [[0, None, None, 0]]


def test_a_time_range_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="now/d"):
        page.duration("now/d")


def test_what_is_missing_in_a_column_of_numbers_stands_where_they_do():
    table = Table(("number", "text"), ((None, None), (1.5, "word")))
    rows = page_cells.rows(_panel("table"), table, True)
    assert [[cell.is_right for cell in row] for row in rows] == [[True, False], [True, False]]


def test_rows_keep_the_order_of_their_columns():
    panel = _panel("table")
    assert [[cell.name for cell in row] for row in page_cells.rows(panel, Table(("b", "a"), ((1, 2),)), True)] == [
        ["b", "a"]
    ]
