"""Shows which model is champion and which was when, and rolls back.

python champion.py list
python champion.py rollback             to the champion before the current one
python champion.py rollback 3           to version 3
"""

import argparse
import os
import signal
import sys

from mlflow.exceptions import MlflowException

from training.history import table
from training.registry import Registry, RegistryError
from training.settings import SettingsError, read


def main() -> None:
    """Does what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="versions, decisions, and when each was champion")
    rollback = commands.add_parser("rollback", help="make another version champion")
    rollback.add_argument("version", type=int, nargs="?", help="the version; the previous champion if left out")
    asked = parser.parse_args()
    # Somebody waits, whom the four minutes of MLflow's own defaults tell nothing.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    try:
        settings = read()
        carry_out(asked, Registry(settings))
    except (SettingsError, RegistryError) as error:
        sys.exit(str(error))
    except MlflowException as error:
        sys.exit(
            f"MLflow at {settings.tracking_uri} does not answer as it should. TRACKING_URI names another one; make "
            f"status shows where that of make run is. {error.message}"
        )


def carry_out(asked: argparse.Namespace, registry: Registry) -> None:
    """Shows the versions, or makes another one champion; raises RegistryError where that cannot be done."""
    if asked.command == "list":
        print(table(registry))
        return
    move = registry.roll_back(asked.version)
    print(f"Version {move.version} of {registry.name} is champion ({move.why}).")
    if reason := registry.refusal(move.version):
        print(f"It was not promoted when it was trained: {reason}. `rollback` goes back.")
    print("The service serves it within a minute, unless RUN_ID pins its model.")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # who reads only the beginning, as `head` does, has seen enough
    main()
