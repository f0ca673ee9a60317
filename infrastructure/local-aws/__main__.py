"""Applies, updates and destroys the production root in an imitation of AWS on this machine: `make -C infrastructure apply-local`."""

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "checks"))

# pylint: disable=wrong-import-position
import terraform  # noqa: E402
from imitation import Imitation  # noqa: E402
from steps import Failed, Run  # noqa: E402


def main() -> int:
    """Does all of it; 0 if everything was as it should be."""
    folder = Path(tempfile.mkdtemp(prefix="local-aws-"))
    run = None
    try:
        with Imitation(folder) as imitation:
            run = Run(folder, imitation)
            run.all()
        return 0
    except (Failed, terraform.Missing) as error:
        print(f"\n{error}\nFailed.", file=sys.stderr)
        return 1
    finally:
        if run:
            run.summary()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
