"""The whole system on one machine: `make run`, `demo`, `stop`, `status`, `postgres` and `environments` come here."""

import sys

from pydantic import ValidationError

from demo import run as demo
from stack import console, environments, manage, ports, run
from stack.settings import Settings

COMMANDS = {
    "run": run.run,
    "demo": demo.run,
    "postgres": run.run_postgres,
    "stop": manage.stop,
    "status": manage.status,
    "environments": environments.update,
}


def main() -> int:
    """Carries out the command that the command line names; gives the exit code."""
    ports.bypass_proxies()
    try:
        return COMMANDS[sys.argv[1]](Settings()) or 0
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            name = "_".join(map(str, fault["loc"])).upper()
            console.error(f"{name}={fault['input']!r}: {fault['msg'].removeprefix('Value error, ')}")
    except console.StepFailed as error:
        console.error(str(error))
    except PermissionError as error:
        console.error(f"{error.strerror}: {error.filename or 'the stack belongs to another user'}")
    except KeyboardInterrupt:
        console.error("Interrupted; the same command goes on from here.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
