"""Panels of a page that are lines over time: what plotly.js is given to draw them.

Plotly reads marks of HTML in every text, so all that comes from the database is escaped.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape

from monitor import page_axes, page_bars, page_values
from monitor.page_values import Config
from monitor.panels import Panel, Table

Mark = tuple[datetime, str]


@dataclass(frozen=True)
class Line:
    """A number over time, as Grafana takes it from a table: named after its column and the text beside it."""

    name: str
    points: list[tuple[datetime, float | None]]


def lines(panel: Panel, tables: Iterable[Table]) -> list[Line]:
    """The lines of a panel."""
    found: dict[str, list] = {}
    for table in tables:
        time = table.columns.index("time")
        for row in table.rows:
            cells = [(column, value) for column, value in zip(table.columns, row) if column != "time"]
            labels = {column: value for column, value in cells if isinstance(value, str)}
            for column, value in cells:
                if column not in labels:
                    name = _name(panel, labels, column, is_alone=len(cells) == 2)
                    found.setdefault(name, []).append((row[time], None if value is None else float(value)))
    return [Line(name, points) for name, points in found.items()]


def timeseries(panel: Panel, tables: dict[str, Table], start: datetime, end: datetime, marks: list[Mark]) -> dict:
    """Lines, bars or points over time, with thresholds, and a dotted line where something is to be marked."""
    found = lines(panel, tables.values())
    hows = [page_values.config(panel.definition, line.name) for line in found]
    bounds = {how.custom["fillBelowTo"] for how in hows if "fillBelowTo" in how.custom}
    traces = [
        (line.name not in bounds and "fillBelowTo" not in how.custom, _trace(line, how, number))
        for number, (line, how) in enumerate(zip(found, hows))
    ]
    # A band lies between a line and the one before it, and behind all others.
    data = [trace for _, trace in sorted(traces, key=lambda pair: pair[0])]
    bars = [(trace, line) for (_, trace), line in zip(traces, found) if trace["type"] == "bar"]
    times = sorted({moment for _, line in bars for moment, _ in line.points})
    start, end = page_bars.place([trace for trace, _ in bars], times, start, end)
    plain = page_values.config(panel.definition, "")
    bounds_shown = page_axes.bounds(plain, [trace for trace in data if "yaxis" not in trace])
    layout = page_axes.layout(margin={"l": 48, "r": 12, "t": 10, "b": 24})
    layout["xaxis"] |= page_axes.time(start, end)
    layout["yaxis"] |= page_axes.axis(plain) | {"range": bounds_shown}
    rights = [trace for trace in data if "yaxis" in trace]
    if rights:
        right = next(how for how in hows if how.custom.get("axisPlacement") == "right")
        layout["yaxis2"] = {"overlaying": "y", "side": "right", "showgrid": False, "zeroline": False}
        layout["yaxis2"] |= page_axes.axis(right) | {"range": page_axes.bounds(right, rights)}
        layout["margin"]["r"] = 44
    layout |= {"hovermode": "x unified"}
    layout["legend"] = {"orientation": "h", "y": -0.12, "yanchor": "top", "x": 0, "font": {"size": 11}}
    layout["showlegend"] = panel.definition.get("options", {}).get("legend", {}).get("showLegend", True)
    layout["shapes"] = [*_thresholds(plain, bounds_shown), *(_vertical(moment) for moment, _ in marks)]
    layout["annotations"] = [_flag(moment, said) for moment, said in marks]
    return {"data": data, "layout": layout}


def _name(panel: Panel, labels: dict[str, str], column: str, is_alone: bool) -> str:
    pattern = panel.definition.get("fieldConfig", {}).get("defaults", {}).get("displayName")
    if pattern:
        for label, value in labels.items():
            pattern = pattern.replace(f"${{__field.labels.{label}}}", value)
        return pattern.replace("${__field.name}", column).strip()
    if is_alone and "metric" in labels:
        return labels["metric"]
    return " ".join([*labels.values(), column])


def _trace(line: Line, how: Config, number: int) -> dict:
    fixed = how.options.get("color", {}).get("fixedColor")
    colour = page_values.named(fixed) if fixed else page_values.PALETTE[number % len(page_values.PALETTE)]
    trace = {
        "name": escape(line.name),
        "x": [page_axes.at(moment) for moment, _ in line.points],
        "y": [value for _, value in line.points],
        "text": [escape(page_values.text(value, how)) for _, value in line.points],
        "hovertemplate": "%{text}",
        "showlegend": not how.custom.get("hideFrom", {}).get("legend", False),
    }
    if how.custom.get("axisPlacement") == "right":
        trace["yaxis"] = "y2"
    style, opacity = how.custom.get("drawStyle", "line"), how.custom.get("fillOpacity", 0) / 100
    if style == "bars":
        filled = {"color": _translucent(colour, max(opacity, 0.5))}
        return trace | {"type": "bar", "marker": filled, "textposition": "none"}
    trace |= {"type": "scatter", "marker": {"color": colour, "size": how.custom.get("pointSize", 5)}}
    if style == "points":
        return trace | {"mode": "markers"}
    has_points = how.custom.get("showPoints") == "always" or _has_lone_points([value for _, value in line.points])
    if how.custom.get("showPoints") != "always":
        trace["marker"]["size"] = 3
    width = how.custom.get("lineWidth", 1)
    dash = "dash" if how.custom.get("lineStyle", {}).get("fill") == "dash" else "solid"
    trace |= {
        "mode": "lines+markers" if has_points else "lines",
        "line": {"color": colour, "width": width and width + 0.5, "dash": dash},
    }
    if "fillBelowTo" in how.custom:
        return trace | {"fill": "tonexty", "fillcolor": _translucent(colour, opacity)}
    if how.custom.get("stacking", {}).get("mode") == "normal":
        if not any(value for _, value in line.points):
            trace["line"]["width"] = 0  # it would lie on the line below, as if that were its value
        return trace | {"stackgroup": "all", "fillcolor": _translucent(colour, opacity)}
    if opacity and how.options.get("min") == 0 and "max" not in how.options:
        return trace | {"fill": "tozeroy", "fillcolor": _translucent(colour, opacity)}
    return trace


def _has_lone_points(values: list[float | None]) -> bool:
    """Whether a value has none before and after it, so that a line would not show it."""
    padded = [None, *values, None]
    return any(
        before is None and value is not None and after is None
        for before, value, after in zip(padded, values, padded[2:])
    )


def _thresholds(how: Config, bounds: list[float]) -> list[dict]:
    if "dashed" not in how.custom.get("thresholdsStyle", {}).get("mode", "off"):
        return []
    return [
        _shape(step["color"], x0=0, x1=1, xref="paper", y0=step["value"], y1=step["value"])
        for step in how.steps
        if step.get("value") is not None and bounds[0] <= step["value"] <= bounds[1]
    ]


def _vertical(moment: datetime) -> dict:
    return _shape("purple", x0=page_axes.at(moment), x1=page_axes.at(moment), y0=0, y1=1, yref="paper")


def _shape(colour: str, **place) -> dict:
    return {"type": "line", "line": {"color": page_values.named(colour), "width": 1, "dash": "dot"}, **place}


def _flag(moment: datetime, said: str) -> dict:
    return {
        "x": page_axes.at(moment),
        "y": 1,
        "yref": "paper",
        "yanchor": "middle",
        "text": "▼",
        "hovertext": escape(said),
        "showarrow": False,
        "font": {"color": page_values.named("purple"), "size": 10},
    }


def _translucent(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
