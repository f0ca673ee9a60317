"""Brings the monitoring's tables to their newest version: `python migrate.py`. The daily flow does the same."""

import argparse
import sys

from sqlalchemy.exc import SQLAlchemyError

from monitor import database, schema, settings


def main() -> None:
    """Migrates, and prints the version."""
    try:
        engine = database.connect(settings.read())
        print(f"The monitoring's tables are at version {schema.upgrade(engine)}.")
    except (settings.SettingsError, SQLAlchemyError) as error:
        sys.exit(str(error).strip().splitlines()[0])


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
