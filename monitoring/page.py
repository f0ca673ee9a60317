"""Writes the dashboards to one HTML page, for those who have no Grafana: `python page.py --out page.html`.

The page holds the data of the moment that it is made for, and opens without a server or a network.
"""

import argparse
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from monitor import database, days, page, page_story, settings


def main() -> None:
    """Writes the page, and says where; or says why it cannot."""
    parser = argparse.ArgumentParser(description="Writes the dashboards to one HTML page.")
    parser.add_argument("--out", type=Path, default=Path("page.html"), help="file to write, default page.html")
    parser.add_argument("--until", type=date.fromisoformat, metavar="DAY", help="the end of this day, default now")
    parser.add_argument("--story", type=Path, metavar="FILE", help="JSON of what happened, shown on top")
    parser.add_argument("--offline", action="store_true", help="no links, as MLflow and Prefect will not be there")
    given = parser.parse_args()
    try:
        found = settings.read()
        until = days.day(given.until, found.zone).end if given.until else datetime.now(UTC)
        story = page_story.read(given.story) if given.story else None
        with database.reading(database.connect(found)) as connection:
            html = page.render(connection, until, story, with_links=not given.offline)
        given.out.write_text(html, encoding="utf-8")
    except OperationalError as error:
        sys.exit(f"{_first_line(error)}\nDB_HOST, DB_PORT, DB_USER, DB_PASSWORD and DB_NAME say which Postgres to ask.")
    except (settings.SettingsError, SQLAlchemyError, OSError, ValidationError) as error:
        sys.exit(_first_line(error))
    print(f"{given.out.resolve()} shows the dashboards as of {until:%Y-%m-%d %H:%M} UTC.")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


if __name__ == "__main__":
    main()
