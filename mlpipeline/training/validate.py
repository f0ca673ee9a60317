"""Checks the data at the door.

A row that breaks a rule is set aside in a quarantine file, with its reasons; too many of them stop the run before
anything is trained. A missing number is no fault: the model's pipeline imputes it, in training as in serving.
"""

import logging
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from training import schema

QUARANTINE_FILE = "quarantine.csv"
MAX_QUARANTINED_SHARE = 0.05  # where nothing else is asked for
MIN_ROWS = 200  # fewer cannot be split, cross-validated and tested to any use
LARGEST_STUDENT = 2**53 - 1  # what a column that a stray value made floats of still holds exactly
PERCENT = (0, 100)
SHOWN_RULES, SHOWN_ROWS = 3, 5  # of too many faulty rows


class DataRejected(Exception):
    """The data is not fit for training; the message says why and what to do."""


@dataclass(frozen=True)
class Checked:
    """`rows`: those that may be used, one for each student, with their types settled.

    `quarantined`: the others as they came, with the columns `row` (their number, from 1, in the file) and `reason`.
    `read` and `copies` count the rows that came, and those among them that were exact copies of another.
    """

    rows: pd.DataFrame
    quarantined: pd.DataFrame
    read: int
    copies: int

    @property
    def quarantined_share(self) -> float:
        """Share of the rows read that are in quarantine."""
        return len(self.quarantined) / self.read

    @property
    def summary(self) -> str:
        """What came of the rows, in a sentence."""
        return (
            f"{self.read} rows read, {len(self.quarantined)} in quarantine ({self.quarantined_share:.1%}), "
            f"{self.copies} exact copies dropped, {len(self.rows)} students to use"
        )

    @property
    def most_frequent(self) -> str:
        """The rules that most rows in quarantine broke, with the numbers of some of these rows."""
        rules = self.quarantined["reason"].str.replace(r" is '.*?', |(?<=UserID) \d+ ", ": ", regex=True)
        rows = self.quarantined["row"].groupby(rules).agg(list)
        most = rows.loc[rows.map(len).sort_values(ascending=False, kind="stable").index[:SHOWN_RULES]]
        broken = [f"{len(numbers)} x {rule} (row {_in_short(numbers)})" for rule, numbers in most.items()]
        return f"Most frequent: {'; '.join(broken)}."

    @property
    def log_level(self) -> int:
        """Leaving rows out is a warning."""
        return logging.WARNING if len(self.quarantined) else logging.INFO


def check(rows: pd.DataFrame) -> Checked:
    """Checks types, ranges, allowed values and that a student has one row, and drops exact copies of rows.

    Copies have to go before the split: in the Kaggle file, 12.9% of the validation rows would otherwise stand
    in the training rows too.
    """
    rows = rows.reset_index(drop=True)
    numbers, reasons = _to_numbers(rows)
    reasons = pd.concat([reasons, _broken_rules(numbers, missing=rows.isna())])
    good = numbers.drop(index=reasons.index.unique())
    distinct = good.drop_duplicates()
    several = distinct[distinct[schema.STUDENT].duplicated(keep=False)]
    reasons = pd.concat(
        [reasons, several[schema.STUDENT].map(lambda student: f"UserID {student:.0f} has several different rows")]
    )
    quarantined = rows.loc[sorted(reasons.index.unique())]
    return Checked(
        rows=_settle_types(distinct.drop(index=several.index)),
        quarantined=quarantined.assign(row=quarantined.index + 1, reason=reasons.groupby(level=0).agg("; ".join)),
        read=len(rows),
        copies=len(good) - len(distinct),
    )


def accept(checked: Checked, max_quarantined_share: float) -> Checked:
    """The checked rows, if they can be trained on; raises DataRejected otherwise."""
    if checked.quarantined_share > max_quarantined_share:
        raise DataRejected(
            f"{checked.summary}. At most {max_quarantined_share:.1%} may be in quarantine "
            f"(max_quarantined_share). {checked.most_frequent}"
        )
    if len(checked.rows) < MIN_ROWS:
        raise DataRejected(f"{checked.summary}. Training needs {MIN_ROWS} students.")
    return checked


def _in_short(rows: list[int]) -> str:
    more = ["..."] if len(rows) > SHOWN_ROWS else []
    return ", ".join([*map(str, rows[:SHOWN_ROWS]), *more])


def save_quarantine(checked: Checked, data_dir: Path) -> Path:
    """Writes the quarantined rows, or only the header where there are none."""
    file = data_dir / QUARANTINE_FILE
    checked.quarantined.to_csv(file, index=False)
    return file


def _to_numbers(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """The rows with numbers where there should be, missing where there is something else, and a reason for each."""
    numbers, reasons = rows.copy(), []
    for column in schema.COLUMNS:
        if column not in schema.STRINGS:
            numbers[column] = pd.to_numeric(_with_limit(rows[column]), errors="coerce").astype(float)
            strange = rows.loc[rows[column].notna() & numbers[column].isna(), column]
            reasons.append(strange.map(lambda value, of=column: f"{of} is {str(value)!r}, not a number"))
    return numbers, pd.concat(reasons).astype(str)


def _with_limit(values: pd.Series) -> pd.Series:
    """Whole numbers beyond a float's range as text, which pandas reads as infinity; as numbers they make it fail."""
    if values.dtype != object:
        return values
    return values.map(lambda value: str(value) if isinstance(value, int) and abs(value) > sys.float_info.max else value)


def _rules() -> pa.DataFrameSchema:
    def column(kind: type, *checks: pa.Check, nullable: bool = False) -> pa.Column:
        return pa.Column(kind, list(checks), nullable=nullable)

    def between(low: float, high: float) -> pa.Check:
        return pa.Check.in_range(low, high, error=f"allowed are {low:g} to {high:.0f}")

    whole = pa.Check(lambda values: values % 1 == 0, error="allowed are whole numbers")
    columns = {
        schema.STUDENT: column(float, whole, between(0, LARGEST_STUDENT)),
        schema.TARGET: column(float, pa.Check.isin([0, 1], error="allowed are 0 and 1")),
    }
    columns |= {name: column(float, between(*PERCENT), nullable=True) for name in schema.NOT_REQUESTED}
    for feature in schema.FEATURES:
        if feature.kind == "categorical":
            allowed = pa.Check.isin(feature.categories, error=f"allowed are {', '.join(map(str, feature.categories))}")
            columns[feature.name] = column(str if feature.type == "string" else float, allowed)
        else:
            checks = [between(feature.minimum, feature.maximum)] + [whole] * (feature.type == "integer")
            columns[feature.name] = column(float, *checks, nullable=True)
    return pa.DataFrameSchema(columns)


def _broken_rules(numbers: pd.DataFrame, missing: pd.DataFrame) -> pd.Series:
    """A reason for each broken rule, under the index of its row.

    `missing`: where nothing was read. What else is missing among the numbers was no number, which is told already.
    """
    try:
        _rules().validate(numbers.astype(dict.fromkeys(schema.STRINGS, "str")), lazy=True)
    except pa.errors.SchemaErrors as errors:
        broken = errors.failure_cases
        cases = zip(broken["index"], broken["column"], broken["check"], strict=True)
        broken = broken[[rule != "not_nullable" or missing.at[row, column] for row, column, rule in cases]]
        return pd.Series(
            [
                f"{column} is missing" if rule == "not_nullable" else f"{column} is {_shown(value)!r}, {rule}"
                for column, rule, value in zip(broken["column"], broken["check"], broken["failure_case"], strict=True)
            ],
            index=broken["index"].astype(int),
            dtype=str,
        )
    return pd.Series(dtype=str)


def _shown(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)[:100]


def _settle_types(rows: pd.DataFrame) -> pd.DataFrame:
    """Whole numbers as integers, except in a column where some are missing."""
    whole = [schema.STUDENT, schema.TARGET] + [
        feature.name for feature in schema.FEATURES if feature.type == "integer" and rows[feature.name].notna().all()
    ]
    return rows.astype({name: "int64" for name in whole}).reset_index(drop=True)
