"""One HTML page of all dashboards: each panel's SQL is run and its data drawn, with no Grafana and no server."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs
from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

from monitor import page_cells, page_charts, page_lines, page_values, panels
from monitor.page_cells import Cell
from monitor.page_story import Story
from monitor.panels import Dashboard, Panel, Table

TEMPLATE = "page.html.j2"
# Those who are called every day come first.
ORDER = ("students-at-risk", "model-and-data", "service")
RANGE = re.compile(r"now-(\d+)([mhdw])")
BOLD = re.compile(r"[*]{2}(.+?)[*]{2}")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass
class Drawn:
    """A panel as the page shows it: one of cells, rows, a figure or a text; or why there is nothing to show."""

    panel: Panel
    empty: str | None = None
    figure: dict | None = None
    stats: list[Cell] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    rows: list[list[Cell]] = field(default_factory=list)
    text: Markup | None = None
    is_filled: bool = False

    @property
    def place(self) -> str:
        """Where it is in the grid, as CSS."""
        at = self.panel.definition["gridPos"]
        return f"grid-column: {at['x'] + 1} / span {at['w']}; grid-row: {at['y'] + 1} / span {at['h']}"

    @property
    def description(self) -> str:
        """What the panel says of itself."""
        return self.panel.definition.get("description", "")

    @property
    def is_tall(self) -> bool:
        """Whether there is room for the description below the title."""
        return self.panel.definition["gridPos"]["h"] >= 7 and self.panel.definition["gridPos"]["w"] >= 7


@dataclass(frozen=True)
class Section:
    """A dashboard as the page shows it."""

    dashboard: Dashboard
    start: datetime
    end: datetime
    drawn: list[Drawn]

    @property
    def variables(self) -> list[tuple[str, str]]:
        """What is chosen of the dashboard's variables, by their labels."""
        defined = self.dashboard.definition.get("templating", {}).get("list", [])
        return [(one.get("label", one["name"]), _shown(one["current"]["text"])) for one in defined]


@dataclass(frozen=True)
class Alert:
    """An alert rule at the moment of the page; `fires` is None if its query failed."""

    title: str
    value: float | None
    fires: bool | None


def render(connection: Connection, until: datetime, story: Story | None = None, with_links: bool = True) -> str:
    """The page, with what the dashboards show when they are opened at this moment."""
    sections = [section(connection, dashboard, until, with_links) for dashboard in _in_order(panels.dashboards())]
    template = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    ).get_template(TEMPLATE)
    return template.render(
        sections=sections,
        alerts=alerts(connection, until),
        story=story,
        until=until,
        plotly=Markup(get_plotlyjs()),
        data=_json,
        status_colour=_status_colour(sections),
        grey=page_values.PALETTE[-1],
    )


def section(connection: Connection, dashboard: Dashboard, until: datetime, with_links: bool = True) -> Section:
    """A dashboard over its default time range, which ends at this moment."""
    start = until - duration(dashboard.definition["time"]["from"])
    marks = []
    for query in dashboard.annotations:
        found = _tried(
            connection, lambda sql=query.sql: {"A": panels.run(connection, panels.expand(sql, start, until))}
        )
        if isinstance(found, dict):
            marks += [(row[0], str(row[1])) for row in found["A"].rows]
    drawn = []
    for panel in dashboard.panels:
        found = _tried(
            connection,
            lambda panel=panel: panels.run_panel(connection, panel, start, until, dashboard.variables),
        )
        if isinstance(found, str):
            drawn.append(Drawn(panel, empty=found))
        else:
            drawn.append(draw(panel, found, start, until, marks, with_links))
    return Section(dashboard, start, until, drawn)


def draw(
    panel: Panel,
    tables: dict[str, Table],
    start: datetime,
    end: datetime,
    marks: list[page_lines.Mark],
    with_links: bool = True,
) -> Drawn:
    """A panel with its data; raises KeyError for a type of panel that is not known here."""
    if panel.type == "text":
        return Drawn(panel, text=_markdown(panel.definition["options"]["content"]))
    if panel.type == "stat":
        return Drawn(panel, stats=page_cells.stat(panel, tables), is_filled=page_cells.is_filled(panel))
    first, *_ = tables.values()
    make: Callable[[], Drawn] = {
        "timeseries": lambda: Drawn(panel, figure=page_lines.timeseries(panel, tables, start, end, marks)),
        "status-history": lambda: Drawn(panel, figure=page_charts.status_history(panel, first, start, end)),
        "barchart": lambda: Drawn(panel, figure=page_charts.barchart(panel, first)),
        "table": lambda: Drawn(panel, columns=first.columns, rows=page_cells.rows(panel, first, with_links)),
    }[panel.type]
    if not any(table.rows for table in tables.values()):
        return Drawn(panel, empty=panel.definition["fieldConfig"]["defaults"].get("noValue", "No data"))
    return make()


def alerts(connection: Connection, until: datetime) -> list[Alert]:
    """All alert rules, at this moment."""
    found = []
    for rule in panels.rules():
        judged = _tried(connection, lambda rule=rule: panels.evaluate(rule, connection, until))
        found.append(Alert(rule.title, None, None) if isinstance(judged, str) else Alert(rule.title, *judged))
    return found


def duration(before: str) -> timedelta:
    """How long before the end a time range begins, which a dashboard writes as now-30d; raises ValueError."""
    found = RANGE.fullmatch(before)
    if not found:
        raise ValueError(f"the time range from {before!r}")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _tried(connection: Connection, query: Callable):
    """What the query gives, or why it cannot be run: a service that never ran has not made its tables."""
    try:
        with connection.begin_nested():
            return query()
    except ProgrammingError as error:
        return f"It cannot be read: {str(error.orig).strip().splitlines()[0]}"


def _in_order(found: list[Dashboard]) -> list[Dashboard]:
    return sorted(found, key=lambda one: ORDER.index(one.uid) if one.uid in ORDER else len(ORDER))


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _markdown(content: str) -> Markup:
    """Of Markdown, what our texts use: paragraphs and bold."""
    paragraphs = re.split(r"\n\s*\n", str(escape(content)))
    return Markup("".join(f"<p>{BOLD.sub(_bold, each)}</p>" for each in paragraphs))


def _bold(found: re.Match) -> str:
    return f"<b>{found[1]}</b>"


def _json(figure: dict) -> Markup:
    """JSON inside of a script, which no text in it can end."""
    return Markup(json.dumps(figure).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _status_colour(sections: list[Section]) -> Callable[[str], str]:
    """The colours that the table of days has for verdicts."""
    for one in sections:
        for drawn in one.drawn:
            if drawn.panel.title == "Verdict of the last day":
                how = page_values.config(drawn.panel.definition, "status")
                return lambda status: page_values.colour(status, how)
    return lambda status: page_values.PLAIN
