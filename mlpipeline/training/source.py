"""Pulls the engagement data from where the settings say, into the data folder."""

import hashlib
import logging
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import pandas as pd
from requests.exceptions import RequestException

from training import files, postgres, synthetic
from training.errors import SourceError, SourceUnreachable
from training.settings import Settings

KAGGLE_DATASET = "rabieelkharoua/predict-online-course-engagement-dataset"
POSTGRES = "postgres"
SYNTHETIC = "synthetic"
FILE_NAME = "online_course_engagement_data"
URL_TIMEOUT_SECONDS = 60
NOT_NOW = (408, 429)  # of HTTP's codes for faults of the request, those that may not last
MAX_BYTES = 500 * 2**20  # about seven million rows; more does not fit into the memory that training should need


@dataclass(frozen=True)
class Dataset:
    """Data as it was pulled.

    `requested` is the source that was asked for, `source` the one that the rows came from; they differ only where
    `fallback_reason` says why. `since` is the first day of the predictions among them, where one was asked for.
    """

    rows: pd.DataFrame
    file: Path
    sha256: str
    requested: str
    source: str
    fallback_reason: str = ""
    since: date | None = None

    @property
    def is_cut(self) -> bool:
        """Whether there are as many students as are read at most, so that others may be missing."""
        return self.source == POSTGRES and len(self.rows) == postgres.MAX_STUDENTS

    @property
    def summary(self) -> str:
        """What was read, in a sentence."""
        since = f" since {self.since}" if self.since else ""
        most = " (the most that are read: the students with the latest predictions)" if self.is_cut else ""
        read = f"{len(self.rows)} rows from {self.source}{since}{most}, sha256 {self.sha256}"
        return f"{self.fallback_reason} Going on with synthetic data: {read}" if self.fallback_reason else read

    @property
    def log_level(self) -> int:
        """Going on with other data than was asked for, or with less, is a warning."""
        return logging.WARNING if self.fallback_reason or self.is_cut else logging.INFO


def objections(dataset: Dataset, source_of_champion: str) -> list[str]:
    """What speaks against promoting a model of this data: synthetic data must not take the place of real data."""
    if dataset.source == SYNTHETIC != source_of_champion:
        asked = f" in place of {dataset.requested}" if dataset.fallback_reason else ""
        return [f"was trained on synthetic data{asked}, and the champion on {source_of_champion or 'other data'}"]
    return []


def pull(
    source: str,
    data_dir: Path,
    fallback_to_synthetic: bool = False,
    since: date | None = None,
    settings: Settings | None = None,
) -> Dataset:
    """Brings the data of `source` into `data_dir` and reads it.

    `source` is `kaggle`, `synthetic`, `postgres`, or the path or URL of a CSV or parquet file. If it does not answer,
    that is SourceUnreachable, or synthetic data where the caller allows it. If it is no engagement data, it is
    SourceError.
    `since` and `settings` are for `postgres`: the first day of the predictions that count, and where the database is.
    """
    if since and source != POSTGRES:
        raise SourceError(
            f"data_since is for the source {POSTGRES} alone, and the source is {shown(source)!r}. Set data_source to "
            f"{POSTGRES}, or leave data_since empty."
        )
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        # First in a folder of its own: other runs may pull at the same time.
        with tempfile.TemporaryDirectory(dir=data_dir) as folder:
            pulled = _bring(source, Path(folder), since, settings or Settings())
            rows, digest = files.read(pulled, shown(source)), hashlib.sha256(pulled.read_bytes()).hexdigest()
            file = pulled.replace(data_dir / pulled.name)
    except SourceUnreachable as error:
        if not fallback_to_synthetic:
            raise
        dataset = pull(SYNTHETIC, data_dir)
        return replace(dataset, requested=shown(source), fallback_reason=str(error))
    return Dataset(rows=rows, file=file, sha256=digest, requested=shown(source), source=shown(source), since=since)


def _bring(source: str, folder: Path, since: date | None, settings: Settings) -> Path:
    if source == SYNTHETIC:
        file = folder / f"{FILE_NAME}.csv"
        synthetic.generate().to_csv(file, index=False)
        return file
    if source == POSTGRES:
        file = folder / f"{FILE_NAME}.csv"
        postgres.copy(settings, since, file)
        return file
    if source == "kaggle":
        return _copy(_from_kaggle(), folder)
    if "://" in source:
        if urlsplit(source).scheme not in ("http", "https"):
            raise SourceError(f"DATA_SOURCE {shown(source)!r} cannot be read; a URL has to begin with http or https.")
        return _from_url(source, folder)
    return _copy(Path(source).expanduser(), folder)


def _from_kaggle() -> Path:
    # Imported where it is used: it takes a second, which all other sources would spend for nothing.
    import kagglehub  # pylint: disable=import-outside-toplevel
    from kagglehub.exceptions import (  # pylint: disable=import-outside-toplevel
        BackendError,
        CredentialError,
        DataCorruptionError,
    )

    try:
        folder = Path(kagglehub.dataset_download(KAGGLE_DATASET))
    except (RequestException, OSError, BackendError, CredentialError, DataCorruptionError) as error:
        raise SourceUnreachable(
            f"Kaggle did not give the dataset {KAGGLE_DATASET} ({type(error).__name__}). Try again later, "
            "or set DATA_SOURCE to the path of a CSV file or to synthetic."
        ) from error
    return folder / f"{FILE_NAME}.csv"


def _from_url(url: str, folder: Path) -> Path:
    file = folder / f"{FILE_NAME}{_suffix(urlsplit(url).path, url)}"
    if urlsplit(url).username is not None:
        raise SourceError(
            f"DATA_SOURCE {shown(url)!r} has a user in front of its host, which is not supported. Use a URL with a "
            "token in its query, or download the file and give its path."
        )
    try:
        with urlopen(url, timeout=URL_TIMEOUT_SECONDS) as response, file.open("wb") as target:
            while chunk := response.read(2**20):
                target.write(chunk)
                _check_size(target.tell(), url)
            expected = int(response.headers.get("Content-Length", target.tell()))
            if target.tell() != expected:  # a connection that is cut looks like the end of the file
                raise OSError(f"{target.tell()} of {expected} bytes came")
    except (URLError, HTTPException, OSError) as error:
        fault = SourceError if _is_refused(error) else SourceUnreachable
        raise fault(f"DATA_SOURCE {shown(url)!r} cannot be read: {error}") from error
    except UnicodeError as error:
        raise SourceError(
            f"DATA_SOURCE {shown(url)!r} has characters that no URL may have. Write them as browsers copy them: "
            "%C3%BC."
        ) from error
    return file


def _is_refused(error: Exception) -> bool:
    """Whether a server does not want to give the file, and would not if it were asked again."""
    return isinstance(error, HTTPError) and 400 <= error.code < 500 and error.code not in NOT_NOW


def shown(source: str) -> str:
    """The source as others may see it: a URL without the password and the query, which may hold a token."""
    if "://" not in source:
        return source
    parts = urlsplit(source)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _copy(origin: Path, folder: Path) -> Path:
    try:
        if not origin.is_file():
            raise SourceError(
                f"DATA_SOURCE {str(origin)!r} is not a file; allowed are kaggle, synthetic, postgres, and the path "
                "or URL of a CSV or parquet file."
            )
        _check_size(origin.stat().st_size, str(origin))
        return Path(shutil.copyfile(origin, folder / f"{FILE_NAME}{_suffix(origin.name, str(origin))}"))
    except PermissionError as error:
        raise SourceError(f"DATA_SOURCE {str(origin)!r} cannot be read: {error.strerror}.") from error


def _check_size(size: int, source: str) -> None:
    if size > MAX_BYTES:
        raise SourceError(f"DATA_SOURCE {shown(source)!r} is larger than {MAX_BYTES // 2**20} MB, which is the most.")


def _suffix(name: str, source: str) -> str:
    suffix = Path(name).suffix.lower()
    if suffix not in (".csv", ".parquet"):
        ends = f"ends in {suffix!r}" if suffix else "has no ending"
        raise SourceError(f"DATA_SOURCE {shown(source)!r} {ends}; it has to end in .csv or .parquet.")
    return suffix
