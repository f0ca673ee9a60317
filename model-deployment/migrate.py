"""Brings the database to the newest version of its tables; the service does the same when it starts."""

import argparse
import sys

import psycopg2
from sqlalchemy.exc import DBAPIError

from serving import schema, settings


def main() -> None:
    """Runs what is missing, and says which version the tables are at."""
    try:
        version = schema.upgrade(settings.read())
    except (settings.SettingsError, psycopg2.Error, DBAPIError) as error:
        sys.exit(str(error).strip().splitlines()[0])
    print(f"The tables are at version {version}.")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
