"""Four weeks of a school in a real Postgres, in the tables that the services' own migrations make."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.servers import Postgres
from monitor.settings import SERVICE

# The moment at which its data ends.
END = datetime(2026, 3, 29, tzinfo=UTC)
ROWS = Path(__file__).with_name("school.sql")
SERVICES = (SERVICE.parent / "model-deployment", SERVICE)


def python(service: Path) -> Path:
    """The Python of a service's environment, which `make environments` makes."""
    return service / ".venv" / "bin" / "python"


def migrate(settings: dict[str, str]) -> None:
    """Makes the tables in a database, with their indexes; `settings` are all that the migrations are told."""
    environment = {"PATH": os.environ["PATH"], **settings}
    for service in SERVICES:
        subprocess.run([python(service), "migrate.py"], cwd=service, env=environment, check=True)


def fill(postgres: Postgres, database: str, sizes: dict[str, int]) -> None:
    """Fills the tables; `sizes` are the numbers of students, predictions and outcomes."""
    rows = ROWS.read_text(encoding="utf-8")
    for name, size in sizes.items():
        rows = rows.replace(f":{name}", str(size))
    postgres.query(rows, database)
    postgres.query("VACUUM ANALYZE", database)
