"""Grafana's dashboards and alert rules as data: their SQL, expanded as Grafana does it, run and evaluated without it.

What is not here is not supported in our files either: `expand` raises UnknownMacro for any other macro or variable.
"""

import json
import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import yaml
from sqlalchemy import Connection

GRAFANA = Path(__file__).resolve().parent.parent / "grafana"
# As Grafana finds them: the first bracket that closes ends a macro's arguments.
MACRO = re.compile(r"\$(__\w+)\(([^)]*)\)")
VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)")
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
ALL = "$__all"
COMPARISONS = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "ne": operator.ne,
}

Value = str | float | Sequence[str]


class UnknownMacro(Exception):
    """The SQL has a macro or a variable that is not known here."""


@dataclass(frozen=True)
class Query:
    """One SQL statement of a panel, a variable or an annotation; `format` is table or time_series."""

    ref_id: str
    sql: str
    format: str = "table"


@dataclass(frozen=True)
class Panel:
    """A panel of a dashboard; `definition` is its JSON."""

    dashboard: str
    id: int
    title: str
    type: str
    queries: tuple[Query, ...]
    definition: dict


@dataclass(frozen=True)
class Dashboard:
    """A dashboard; `variables` have the values that they have when it is opened, All as `All`."""

    uid: str
    title: str
    panels: tuple[Panel, ...]
    variables: dict[str, Value]
    variable_queries: tuple[Query, ...]
    annotations: tuple[Query, ...]
    definition: dict


@dataclass(frozen=True)
class Rule:
    """An alert rule: it fires when its SQL, of the last `seconds`, gives a number that compares so to `threshold`."""

    uid: str
    title: str
    sql: str
    seconds: int
    comparison: str
    threshold: float
    definition: dict


@dataclass(frozen=True)
class Table:
    """What a query gave. A column `time` holds datetimes in UTC."""

    columns: tuple[str, ...]
    rows: tuple[tuple, ...]


def dashboards(folder: Path = GRAFANA) -> list[Dashboard]:
    """The dashboards in the folder's `dashboards`, by the names of their files."""
    files = sorted((folder / "dashboards").glob("*.json"))
    return [_dashboard(json.loads(file.read_text(encoding="utf-8"))) for file in files]


def rules(folder: Path = GRAFANA) -> list[Rule]:
    """The alert rules in the folder's `provisioning/alerting/rules.yaml`, in their order."""
    content = yaml.safe_load((folder / "provisioning" / "alerting" / "rules.yaml").read_text(encoding="utf-8"))
    return [_rule(rule) for group in content["groups"] for rule in group["rules"]]


def expand(
    sql: str,
    start: datetime,
    end: datetime,
    interval_seconds: float = 60,
    variables: Mapping[str, Value] | None = None,
) -> str:
    """The SQL that Grafana would send for a time range, both ends included; raises UnknownMacro."""
    interval = timedelta(seconds=interval_seconds)
    sql = sql.replace("$__interval_ms", str(round(interval / timedelta(milliseconds=1))))
    sql = sql.replace("$__interval", f"{interval_seconds:g}s")
    sql = MACRO.sub(lambda found: _macro(found[1], [part.strip() for part in found[2].split(",")], start, end), sql)
    return VARIABLE.sub(lambda found: _variable(found[1] or found[3], found[2], variables or {}), sql)


def interval_of(start: datetime, end: datetime, panel: Panel, points: int = 1000) -> float:
    """The seconds between points that Grafana would choose for a panel `points` wide, roughly."""
    return max((end - start).total_seconds() / points, _seconds(panel.definition.get("interval", "1s")))


def run(connection: Connection, sql: str) -> Table:
    """What an expanded statement gives, in a transaction that cannot write; the caller's own goes on after an error."""
    with connection.begin_nested():
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        # A percent sign is one, and no place for a parameter.
        result = connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
        columns = tuple(result.keys())
        times = [index for index, column in enumerate(columns) if column == "time"]
        return Table(columns, tuple(_with_times(tuple(row), times) for row in result))


def run_panel(
    connection: Connection,
    panel: Panel,
    start: datetime,
    end: datetime,
    variables: Mapping[str, Value] | None = None,
) -> dict[str, Table]:
    """What each of a panel's queries gives for a time range, by its ref id."""
    interval = interval_of(start, end, panel)
    return {
        query.ref_id: run(connection, expand(query.sql, start, end, interval, variables)) for query in panel.queries
    }


def series(table: Table) -> dict[str, list[tuple[datetime, float | None]]]:
    """The lines of a time series: Grafana names each by its number's column and by the text beside it."""
    time = table.columns.index("time")
    lines: dict[str, list] = {}
    for row in table.rows:
        cells = [(column, value) for column, value in zip(table.columns, row) if column != "time"]
        labels = [value for _, value in cells if isinstance(value, str)]
        numbers = [(column, value) for column, value in cells if not isinstance(value, str)]
        for column, value in numbers:
            # With one number and one text column, `metric`, the text alone is the name.
            name = labels if len(cells) == 2 and "metric" in table.columns else [*labels, column]
            lines.setdefault(" ".join(name), []).append((row[time], None if value is None else float(value)))
    return lines


def evaluate(rule: Rule, connection: Connection, as_of: datetime) -> tuple[float, bool]:
    """The rule's number at a moment, and whether it is one to alert of; the rule's `for` is not waited for."""
    sql = expand(rule.sql, as_of - timedelta(seconds=rule.seconds), as_of)
    ((value,),) = run(connection, sql).rows
    return float(value), COMPARISONS[rule.comparison](float(value), rule.threshold)


def _macro(name: str, arguments: list[str], start: datetime, end: datetime) -> str:
    if name in ("__timeGroup", "__timeGroupAlias") and len(arguments) == 2:
        seconds = _seconds(arguments[1].strip("'"))
        grouped = f"floor(extract(epoch from {arguments[0]})/{seconds:g})*{seconds:g}"
        return grouped + (' AS "time"' if name == "__timeGroupAlias" else "")
    if name == "__timeFilter" and arguments[0]:
        return f"{arguments[0]} BETWEEN {_literal(start)} AND {_literal(end)}"
    if name in ("__timeFrom", "__timeTo"):
        return _literal(start if name == "__timeFrom" else end)
    raise UnknownMacro(f"${name}({', '.join(arguments)})")


def _literal(moment: datetime) -> str:
    return f"'{moment.astimezone(UTC).isoformat().replace('+00:00', 'Z')}'"


def _variable(name: str, style: str | None, variables: Mapping[str, Value]) -> str:
    if name not in variables or style not in (None, "sqlstring"):
        raise UnknownMacro(f"${name}" if style is None else f"${{{name}:{style}}}")
    value = variables[name]
    values = [value] if isinstance(value, (str, float, int)) else value
    escaped = [str(each).replace("'", "''") for each in values]
    return ",".join(f"'{each}'" if style else each for each in escaped)


def _seconds(duration: str) -> float:
    found = DURATION.fullmatch(duration)
    if not found:
        raise UnknownMacro(f"the interval {duration!r}")
    return float(found[1]) * SECONDS[found[2]]


def _with_times(row: tuple, times: list[int]) -> tuple:
    return tuple(
        (
            datetime.fromtimestamp(float(value), UTC)
            if index in times and isinstance(value, (int, float, Decimal))
            else value
        )
        for index, value in enumerate(row)
    )


def _dashboard(definition: dict) -> Dashboard:
    variables = definition.get("templating", {}).get("list", [])
    annotations = definition.get("annotations", {}).get("list", [])
    return Dashboard(
        uid=definition["uid"],
        title=definition["title"],
        panels=tuple(
            Panel(definition["uid"], panel["id"], panel["title"], panel["type"], _queries(panel), panel)
            for panel in definition["panels"]
        ),
        variables={variable["name"]: _current(variable) for variable in variables},
        variable_queries=tuple(
            Query(variable["name"], variable["query"]) for variable in variables if variable["type"] == "query"
        ),
        annotations=tuple(
            Query(annotation["name"], annotation["target"]["rawSql"])
            for annotation in annotations
            if "target" in annotation
        ),
        definition=definition,
    )


def _queries(panel: dict) -> tuple[Query, ...]:
    return tuple(Query(each["refId"], each["rawSql"], each["format"]) for each in panel.get("targets", []))


def _current(variable: dict) -> Value:
    value = variable["current"]["value"]
    return "All" if value in (ALL, [ALL]) else value


def _rule(definition: dict) -> Rule:
    """Of a rule that is written as ours are: a query and a threshold, the latter being the condition."""
    queries = {part["refId"]: part for part in definition["data"]}
    condition = queries[definition["condition"]]["model"]
    (evaluator,) = [each["evaluator"] for each in condition["conditions"]]
    query = queries[condition["expression"]]
    return Rule(
        uid=definition["uid"],
        title=definition["title"],
        sql=query["model"]["rawSql"],
        seconds=query["relativeTimeRange"]["from"],
        comparison=evaluator["type"],
        threshold=float(evaluator["params"][0]),
        definition=definition,
    )
