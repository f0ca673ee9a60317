"""What the environment says to the monitoring."""

import errno
import os
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

REFERENCE_OF = 10  # a fifth of the students, and twice as many as a day needs to be compared
SOURCES, FILES = ("kaggle", "synthetic", "postgres"), (".csv", ".parquet")  # that training takes
SERVICE = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """A setting is wrong; the message names it, its value unless it is a secret, and what is allowed."""


class Settings(BaseSettings):
    """Settings of the monitoring, each read from the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    tracking_uri: str = Field(
        "http://127.0.0.1:5000", pattern="^(https?|sqlite)://", description="Address of the MLflow server"
    )
    mlflow_url: str = Field(
        "",
        pattern="^(https?://.+)?$",
        description="Address of MLflow in the links that people open; empty: TRACKING_URI",
    )
    monitoring_experiment: str = Field("monitoring", description="MLflow experiment that the daily reports belong to")
    reference_cache: Path = Field(SERVICE / "reference_cache", description="Folder that reference data is kept in")
    db_host: str = Field("127.0.0.1", description="Host of the Postgres server")
    db_port: int = Field(5432, ge=1, le=65535, description="Port of the Postgres server")
    db_user: str = Field("mlops", description="Postgres user")
    db_password: SecretStr = Field(SecretStr(""), description="Password of the Postgres user")
    db_name: str = Field("course", description="Database with the predictions, that metrics are written to")
    db_sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = Field(
        "prefer", description="TLS to Postgres, as libpq's sslmode"
    )
    db_sslrootcert: Path | None = Field(
        None, description="Certificates that sign the Postgres server's, for verify-ca and verify-full"
    )
    time_zone: str = Field("UTC", description="Time zone whose midnight begins a day, such as Europe/Berlin")
    recompute_days: int = Field(
        3, ge=1, le=31, description="Days that a scheduled run looks at, since predictions may arrive late"
    )
    min_students: int = Field(100, ge=30, description="Students that a day needs to be compared")
    max_students: int = Field(50_000, ge=1000, description="Students that a larger day is sampled down to")
    drift_days: int = Field(
        3, ge=1, description="Days that have to drift, of the last DRIFT_WINDOW, to count as lasting"
    )
    drift_window: int = Field(5, ge=1, le=60, description="Days with enough data that are looked back on")
    on_drift: Literal["off", "notify", "retrain"] = Field(
        "notify", description="What lasting drift or low accuracy leads to: nothing, an event, or an event and training"
    )
    cool_down_days: int = Field(7, ge=1, description="Days from one event to the next")
    retrain_data_source: str = Field("postgres", description="Data source that retraining is started with")
    retrain_outcomes: int = Field(
        1000, ge=200, description="Known outcomes since the drift began that retraining waits for"
    )

    min_outcome_share: float = Field(
        0.5, ge=0, le=1, description="Share of a day's students whose outcome has to be known to judge accuracy by"
    )

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the days."""
        return ZoneInfo(self.time_zone)

    def make_folders(self) -> None:
        """Makes the folders that are written to; raises SettingsError where it cannot, or may not write there."""
        for name in ("reference_cache",):
            folder = getattr(self, name)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                reason = "" if os.access(folder, os.W_OK | os.X_OK) else os.strerror(errno.EACCES)
            except OSError as error:
                reason = error.strerror
            if reason:
                raise SettingsError(
                    f"{name.upper()}={folder}: a folder that can be made and written to is needed ({reason})"
                )

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("must be a name of the IANA database, such as UTC or Europe/Berlin") from None
        return value

    @field_validator("retrain_data_source")
    @classmethod
    def _is_a_source(cls, value: str) -> str:
        if value not in SOURCES and "://" not in value and not value.lower().endswith(FILES):
            raise ValueError(f"allowed are {', '.join(SOURCES)}, and the path or URL of a CSV or parquet file")
        return value

    @model_validator(mode="after")
    def _fits(self) -> "Settings":
        if self.drift_days > self.drift_window:
            raise ValueError(f"DRIFT_DAYS={self.drift_days}: must be at most DRIFT_WINDOW={self.drift_window}")
        if self.retrain_outcomes < REFERENCE_OF * self.min_students:
            raise ValueError(
                f"RETRAIN_OUTCOMES={self.retrain_outcomes}: must be at least {REFERENCE_OF} times MIN_STUDENTS="
                f"{self.min_students}, since a fifth of them becomes the reference of the new model"
            )
        return self


def read() -> Settings:
    """The settings of this process; raises SettingsError, with every wrong one in it."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("; ".join(map(_fault, error.errors()))) from None


def _fault(error: dict) -> str:
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name = str(error["loc"][0])
    is_secret = Settings.__annotations__[name] is SecretStr
    return f"{name.upper()}{'' if is_secret else '=' + str(error['input'])}: {message}"
