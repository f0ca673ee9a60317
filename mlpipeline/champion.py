"""Shows which model is champion and which was when, and rolls back.

python champion.py list
python champion.py rollback             to the champion before the current one
python champion.py rollback 3           to version 3
"""

import argparse
import signal
import sys

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
    try:
        registry = Registry(read())
    except SettingsError as error:
        sys.exit(str(error))
    if asked.command == "list":
        print(table(registry))
        return
    try:
        move = registry.roll_back(asked.version)
    except RegistryError as error:
        sys.exit(str(error))
    print(f"Version {move.version} of {registry.name} is champion ({move.why}).")
    print("The service serves it within a minute, unless RUN_ID pins its model.")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # who reads only the beginning, as `head` does, has seen enough
    main()
