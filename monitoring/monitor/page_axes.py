"""The looks that all pictures of a page share, and the axes of a panel."""

from datetime import datetime, timedelta

from monitor.page_values import Config

FONT = {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", "size": 11, "color": "#3a3f47"}
GRID = "#e9ebee"


def layout(margin: dict) -> dict:
    """A plain figure, with these margins."""
    plain = {"gridcolor": GRID, "zeroline": False, "linecolor": "#c9ced6", "tickfont": {"size": 10}}
    return {
        "font": FONT,
        "margin": margin,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": dict(plain),
        "yaxis": dict(plain),
        "hoverlabel": {"font": {"size": 11}},
    }


def time(start: datetime, end: datetime) -> dict:
    """An axis of this time range."""
    ticks = "%d %b" if end - start > timedelta(days=2) else "%H:%M"
    return {"type": "date", "range": [at(start), at(end)], "tickformat": ticks, "hoverformat": "%d %b %Y %H:%M"}


def axis(how: Config) -> dict:
    """An axis in the unit of a field."""
    unit = how.options.get("unit")
    return {
        "tickformat": {"percentunit": ".3~p", "s": "~s"}.get(unit, ",.3~f"),
        "ticksuffix": "s" if unit == "s" else "",
    }


def bounds(how: Config, traces: list[dict]) -> list[float]:
    """The range of an axis: the panel's, or else that of the data, with some room. Thresholds do not widen it."""
    stacked = [trace["y"] for trace in traces if "stackgroup" in trace]
    sums = [sum(value or 0 for value in at) for at in zip(*stacked)]
    values = [value for trace in traces for value in trace["y"] if value is not None] + sums
    low, high = min(values, default=0), max(values, default=1)
    room = 0.08 * (high - low) or abs(high) or 1
    least, most = how.options.get("min"), how.options.get("max")
    if least is not None and most is not None:
        return [least, most]
    return [low - room if least is None else least, high + room if most is None else min(high + room, most)]


def at(moment: datetime) -> str:
    """A moment as plotly reads it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")
