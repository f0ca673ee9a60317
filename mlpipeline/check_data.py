"""Says whether data can be trained on, without training: `python check_data.py FILE`. Nothing is written."""

import argparse
import sys
import tempfile
from pathlib import Path

from training import prepare, source, validate
from training.errors import SourceError
from training.settings import SettingsError, read


def main() -> None:
    """Pulls the data and checks it as the flow does, and says what came of it in a sentence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", help="a CSV or parquet file, its URL, or kaggle, synthetic or postgres")
    asked = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows = source.pull(asked.source, Path(folder), settings=read()).rows
        checked = validate.accept(validate.check(rows), validate.MAX_QUARANTINED_SHARE)
        prepare.check(prepare.split_by_student(checked.rows, prepare.SEED))
        print(checked.summary if checked.quarantined.empty else f"{checked.summary}. {checked.most_frequent}")
    except (SettingsError, SourceError, validate.DataRejected) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
