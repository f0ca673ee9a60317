"""What the environment says to the training pipeline."""

import errno
import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

THREADS = "threads"
SERVICE = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """A setting is wrong; the message names it, its value unless it is a secret, and what is allowed."""


class Settings(BaseSettings):
    """Settings of the training pipeline, each read from the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    tracking_uri: str = Field(
        "http://127.0.0.1:5000", pattern="^(https?|sqlite)://", description="Address of the MLflow server"
    )
    experiment: str = Field(
        "online-course-engagement-prediction-experiment",
        description="MLflow experiment that the runs belong to",
    )
    model_name: str = Field(
        "online-course-model", pattern="^[^/:]+$", description="Name of the registered model in MLflow"
    )
    data_source: str = Field(
        "kaggle",
        description="Where the data comes from: kaggle, synthetic, postgres (what was predicted and what came out), or "
        "the path or URL of a CSV or parquet file",
    )
    data_dir: Path = Field(SERVICE / "data", description="Folder that pulled data is saved in")
    monitoring_data_dir: Path = Field(
        SERVICE / "monitoring_data", description="Folder that the reference data is saved in"
    )
    db_host: str = Field("127.0.0.1", description="Host of the Postgres server")
    db_port: int = Field(5432, ge=1, le=65535, description="Port of the Postgres server")
    db_user: str = Field("mlops", description="Postgres user")
    db_password: SecretStr = Field(SecretStr(""), description="Password of the Postgres user")
    db_name: str = Field("course", description="Database with the predictions and their outcomes")
    db_sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = Field(
        "prefer", description="TLS to Postgres, as libpq's sslmode"
    )
    db_sslrootcert: Path | None = Field(
        None, description="Certificates that sign the Postgres server's, for verify-ca and verify-full"
    )
    commit: str = Field("", description="Commit of the code, in an image; left empty, git is asked")
    task_runner: str = Field(
        THREADS,
        description="Where candidates are compared: threads, or the address of a Dask scheduler (tcp://host:8786)",
        pattern=r"^(threads|(tcp|tls|ws|wss)://.+)$",
    )

    @property
    def workers(self) -> int:
        """Threads to compare candidates in: one for each CPU that this process may use."""
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def make_folders(self) -> None:
        """Makes the folders that are written to; raises SettingsError where it cannot, or may not write there."""
        for name in ("data_dir", "monitoring_data_dir"):
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


def read() -> Settings:
    """The settings of this process; raises SettingsError, with every wrong one in it."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("; ".join(map(_fault, error.errors()))) from None


def _fault(error: dict) -> str:
    name = str(error["loc"][0])
    is_secret = Settings.__annotations__[name] is SecretStr
    return f"{name.upper()}{'' if is_secret else '=' + str(error['input'])}: {error['msg']}"
