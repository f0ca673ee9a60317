"""What can be asked of the local stack, and what is said of a setting or a step that is wrong."""

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
    "release": manage.release,
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
    return 1
