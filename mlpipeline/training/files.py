"""Reads the rows of a CSV or parquet file, so that those of either are alike."""

import warnings
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pandas.errors import ParserWarning
from pyarrow import parquet as pq

from training import schema
from training.errors import SourceError


def read(file: Path, source: str) -> pd.DataFrame:
    """The columns of engagement data in this file; raises SourceError about `source` where they are not there."""
    try:
        if file.suffix == ".csv":
            with warnings.catch_warnings():
                warnings.simplefilter("error", ParserWarning)  # where it leaves out what no column is named for
                rows = pd.read_csv(file, encoding="utf-8-sig", low_memory=False, index_col=False)
        else:
            _check_types(file)
            rows = _plain(pd.read_parquet(file))
    except ParserWarning as error:
        raise SourceError(
            f"DATA_SOURCE {source!r} has rows with more fields than its header. A comma as the decimal point?"
        ) from error
    except UnicodeDecodeError as error:
        raise SourceError(f"DATA_SOURCE {source!r} is not text in UTF-8. Save it as UTF-8.") from error
    except (ValueError, OSError) as error:  # both libraries' parser errors are ValueErrors
        raise SourceError(f"DATA_SOURCE {source!r} cannot be read as {file.suffix}: {error}") from error
    twice = [column for column in schema.COLUMNS if f"{column}.1" in rows]  # as pandas names the second one
    if twice:
        raise SourceError(f"DATA_SOURCE {source!r} has more than one column {twice[0]}.")
    missing = [column for column in schema.COLUMNS if column not in rows]
    if missing:
        raise SourceError(
            f"DATA_SOURCE {source!r} lacks the columns {', '.join(missing)}; it has "
            f"{_in_short(', '.join(map(str, rows.columns)))}."
        )
    if rows.empty:
        raise SourceError(f"DATA_SOURCE {source!r} has no rows.")
    return rows[schema.COLUMNS]


def _check_types(file: Path) -> None:
    nested = [field.name for field in pq.read_schema(file) if pa.types.is_nested(field.type)]
    if wrong := [name for name in schema.COLUMNS if name in nested]:
        raise ValueError(f"{', '.join(wrong)}: a value a row is needed, and not several")


def _plain(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a parquet file as those of a CSV file: no column is index or categorical, and no text is bytes."""
    rows = rows.reset_index([name for name in rows.index.names if name in schema.COLUMNS and name not in rows])
    categorical = rows.select_dtypes("category").columns
    rows = rows.assign(**{name: rows[name].astype(object).infer_objects() for name in categorical})
    as_bytes = [name for name in schema.STRINGS if name in rows and rows[name].map(type).eq(bytes).any()]
    return rows.assign(**{name: rows[name].map(bytes.decode, na_action="ignore") for name in as_bytes})


def _in_short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:300]} ..."
