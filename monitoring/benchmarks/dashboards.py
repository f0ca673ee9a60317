"""How long each query of the dashboards takes on a million predictions, in a real Postgres."""

import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from benchmarks import school
from benchmarks.servers import Postgres
from monitor import database, panels
from monitor.settings import Settings

SIZES = {"students": 50_000, "predictions": 1_000_000, "outcomes": 500_000}
HOURS = {"now-6h": 6, "now-7d": 7 * 24, "now-30d": 30 * 24}
TIMES = 3
MAX_MS = 200
SLOWEST = f"slowest query of the dashboards on {SIZES['predictions']:,} predictions, the best of {TIMES} times"
TARGETS = ((SLOWEST, f"< {MAX_MS} ms"),)
Measured = list[tuple[float, str, str]]  # milliseconds, dashboard and title, the slowest first


def queries(dashboard: panels.Dashboard) -> list[tuple[str, panels.Query]]:
    """All that a dashboard asks, each with a name."""
    return [
        *((panel.title, query) for panel in dashboard.panels for query in panel.queries),
        *((f"variable {query.ref_id}", query) for query in dashboard.variable_queries),
        *((f"annotation {query.ref_id}", query) for query in dashboard.annotations),
    ]


def expand(dashboard: panels.Dashboard, query: panels.Query, shown: timedelta | None = None) -> str:
    """What Grafana sends for the last time that is shown, by default as the dashboard has it."""
    shown = shown or timedelta(hours=HOURS[dashboard.definition["time"]["from"]])
    interval = max(shown.total_seconds() / 1000, 60)
    return panels.expand(query.sql, school.END - shown, school.END, interval, dashboard.variables)


def measure() -> Measured:
    """The best of some times for each query."""
    with tempfile.TemporaryDirectory() as folder:
        server = Postgres(Path(folder) / "postgres").start()
        try:
            settings = server.create("school")
            school.migrate(settings)
            print(f"{SIZES['predictions']:,} predictions ...", flush=True)
            school.fill(server, settings["DB_NAME"], SIZES)
            engine = database.connect(Settings(**{name.lower(): value for name, value in settings.items()}))
            with engine.connect() as connection:
                found = [
                    (_milliseconds(connection, expand(dashboard, query)), dashboard.uid, title)
                    for dashboard in panels.dashboards()
                    for title, query in queries(dashboard)
                ]
            engine.dispose()
        finally:
            server.stop()
    return sorted(found, reverse=True)


def table(found: Measured) -> str:
    """The same, as a table in Markdown."""
    lines = [f"| {uid} | {title} | {time_:.1f} |" for time_, uid, title in found]
    return "\n".join(["| dashboard | query | ms |", "|---|---|---|", *lines])


def figures(found: Measured) -> list[tuple[str, str, bool]]:
    """What was measured of TARGETS, and whether it is met."""
    slowest, _, title = found[0]
    return [(SLOWEST, f"{slowest:.1f} ms, of {len(found)}: {title}", slowest < MAX_MS)]


def _milliseconds(connection: Connection, sql: str) -> float:
    seconds = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        panels.run(connection, sql)
        seconds.append(time.perf_counter() - begun)
    return 1000 * min(seconds)
