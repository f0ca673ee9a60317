"""Applies, updates and destroys the production root in an imitation of AWS: `python -m local_aws`."""

import shutil
import sys
import tempfile
from pathlib import Path

from local_aws.imitation import Imitation
from local_aws.steps import Failed, Run
from terraform import Missing


def main() -> int:
    """Does all of it; 0 if everything was as it should be."""
    folder = Path(tempfile.mkdtemp(prefix="local-aws-"))
    run = None
    try:
        with Imitation(folder) as imitation:
            run = Run(folder, imitation)
            run.all()
        return 0
    except (Failed, Missing) as error:
        print(f"\n{error}\nFailed.", file=sys.stderr)
        return 1
    finally:
        if run:
            run.summary()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
