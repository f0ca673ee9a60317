"""Says whether data can be trained on, without training: `python check_data.py FILE`, which may also be a URL or
kaggle, synthetic or postgres, as for the flow. Nothing is written."""

import sys
import tempfile
from pathlib import Path

from training import source, validate
from training.errors import SourceError
from training.settings import SettingsError, read


def main() -> None:
    """Pulls the data and checks it as the flow does, and says what came of it in a sentence."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows = source.pull(sys.argv[1], Path(folder), settings=read()).rows
        print(validate.accept(validate.check(rows), validate.MAX_QUARANTINED_SHARE).summary)
    except (SettingsError, SourceError, validate.DataRejected) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
