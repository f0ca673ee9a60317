"""Answers recorded activity as the service would have answered it then: `python replay.py FILE.jsonl`.

For demonstrations, and for what a service that was away has missed. Each line is the body of a request to /predict or
/outcomes, with the time that it occurred at. A file that is replayed again adds nothing.
"""

import argparse
import sys
from pathlib import Path

import psycopg2
from sqlalchemy.exc import DBAPIError

from serving import settings
from serving.fetch import FetchError
from serving.recorded import Faulty
from serving.replay import NotTaken, replay

MAX_NAMED = 20


def main() -> None:
    """Replays a file, and says in a line what it held; or what is wrong with it, and then nothing is written."""
    parser = argparse.ArgumentParser(
        description="Answers recorded activity as the service would have answered it then."
    )
    parser.add_argument("file", type=Path, help="a JSON object a line, each with OccurredAt")
    file = parser.parse_args().file
    try:
        print(replay(file, settings.read()))
    except Faulty as error:
        more = len(error.faults) - MAX_NAMED
        sys.exit("\n".join(error.faults[:MAX_NAMED] + ([f"and {more} more"] if more > 0 else [])))
    except (settings.SettingsError, FetchError, OSError, NotTaken, psycopg2.Error, DBAPIError) as error:
        sys.exit(str(error).strip().splitlines()[0])


if __name__ == "__main__":
    main()
