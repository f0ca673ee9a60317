"""The whole system on one machine: `make run`, `demo`, `stop`, `status`, `postgres` and `environments` come here."""

import sys

try:
    from commands import main  # here, since it takes a second in which somebody may change their mind

    if __name__ == "__main__":
        sys.exit(main())
except OSError as problem:  # when not even that can be printed, as with an output that is full
    sys.exit(f"{problem.strerror}: {problem.filename or 'the output'}")
except KeyboardInterrupt:
    sys.exit("Interrupted; the same command goes on from here.")
