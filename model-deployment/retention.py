"""Deletes what is older than so many days, once: `python retention.py 400`. RETENTION_DAYS has the service do so."""

import argparse
import sys

import psycopg2

from serving import retention, settings


def main() -> None:
    """Reads the number of days, deletes, and prints what was deleted."""
    parser = argparse.ArgumentParser(
        description="Deletes predictions, outcomes and what else is older than so many days."
    )
    parser.add_argument("days", type=int, help=f"days to keep, 1 to {settings.LONGEST_DAYS}; today is the first")
    days = parser.parse_args().days
    if not 1 <= days <= settings.LONGEST_DAYS:
        parser.error(f"days={days}: allowed are 1 to {settings.LONGEST_DAYS}")
    try:
        tables = 0
        for table, number in retention.apply(settings.read(), days):
            print(f"{table}: {number} rows that are older than {days} days deleted", flush=True)
            tables += 1
    except (settings.SettingsError, psycopg2.Error) as error:
        sys.exit(str(error).strip().splitlines()[0])
    if not tables:
        sys.exit("Another process is deleting. Nothing is to be done.")


if __name__ == "__main__":
    main()
