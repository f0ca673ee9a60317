"""Panels of a page that are bars and histories: what plotly.js is given to draw them.

Plotly reads marks of HTML in every text, so all that comes from the database is escaped.
"""

from datetime import datetime, timedelta
from html import escape

from monitor import page_axes, page_lines, page_values
from monitor.panels import Panel, Table

DAY = timedelta(days=1)
# Characters of a text for which there is room in a history, times the days that it shows.
ROOM = 180


def barchart(panel: Panel, table: Table) -> dict:
    """Bars, one for each row: its text says of what, its numbers how much."""
    texts = [index for index, value in enumerate(table.rows[0]) if isinstance(value, str)]
    data = []
    for index, name in enumerate(table.columns):
        if index not in texts:
            how = page_values.config(panel.definition, name)
            values = [None if row[index] is None else float(row[index]) for row in table.rows]
            data.append(
                {
                    "type": "bar",
                    "name": escape(name),
                    "x": [escape(str(row[texts[0]])) for row in table.rows],
                    "y": values,
                    "text": [escape(page_values.text(value, how)) for value in values],
                    "textposition": "auto",
                    "marker": {"color": [page_values.colour(value, how) for value in values]},
                    "hovertemplate": "%{x}: %{text}<extra></extra>",
                }
            )
    layout = page_axes.layout(margin={"l": 44, "r": 12, "t": 10, "b": 30})
    layout["xaxis"] |= {"type": "category", "showgrid": False}
    layout["yaxis"] |= {"rangemode": "tozero"}
    return {"data": data, "layout": layout | {"showlegend": False, "bargap": 0.3}}


def status_history(panel: Panel, table: Table, start: datetime, end: datetime) -> dict:
    """A row for each line, a coloured cell, a day wide, for each of its times."""
    found = page_lines.lines(panel, [table])
    plain = page_values.config(panel.definition, "")
    times = _daily({moment for line in found for moment, _ in line.points})
    longest = ROOM * DAY / (end - start)
    values = [[dict(line.points).get(moment) for moment in times] for line in found]
    colours = sorted({page_values.colour(value, plain) for row in values for value in row if value is not None})
    ends = [0.0, *((number + 1) / len(colours) for number in range(len(colours)))]
    texts = [["" if value is None else escape(page_values.text(value, plain)) for value in row] for row in values]
    heatmap = {
        "type": "heatmap",
        "x": [page_axes.at(moment) for moment in _places(times)],
        "y": [escape(line.name) for line in found],
        "z": [
            [None if value is None else colours.index(page_values.colour(value, plain)) for value in row]
            for row in values
        ],
        "customdata": texts,
        # What has no room is left to the pointer, as Grafana does.
        "text": [[text if len(text) <= longest else "" for text in row] for row in texts],
        "texttemplate": "%{text}",
        "textfont": {"size": 10, "color": "#ffffff"},
        "hovertemplate": "%{x|%d %b %Y}<br>%{y}: %{customdata}<extra></extra>",
        "hoverongaps": False,
        "colorscale": [
            step for number, one in enumerate(colours) for step in ([ends[number], one], [ends[number + 1], one])
        ],
        "zmin": -0.5,
        "zmax": len(colours) - 0.5,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
    }
    layout = page_axes.layout(margin={"l": 20, "r": 12, "t": 6, "b": 26})
    layout["xaxis"] |= page_axes.time(start, end) | {"showgrid": False}
    layout["yaxis"] |= {"type": "category", "automargin": True, "autorange": "reversed", "showgrid": False}
    return {"data": [heatmap], "layout": layout}


def _daily(times: set[datetime]) -> list[datetime]:
    """These times, and one for each day between them: Plotly widens a cell to where the next one begins."""
    first, last = min(times), max(times)
    return sorted(times | {first + number * DAY for number in range((last - first).days)})


def _places(times: list[datetime]) -> list[datetime]:
    """Where cells are: Plotly makes them as wide as times are apart, so a single one gets the edges of a day."""
    return [times[0] - DAY / 2, times[0] + DAY / 2] if len(times) == 1 else times
