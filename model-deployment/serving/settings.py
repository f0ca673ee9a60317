"""What the environment says to the prediction service."""

import errno
import hashlib
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICE = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024
LONGEST_DAYS = 36_500
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the variable that prometheus_client reads when it is imported
# What people write while they try things; in production it is a mistake.
PLACEHOLDERS = ("", "admin", "change-me", "changeme", "example", "mlops", "password", "postgres", "secret", "test")


class SettingsError(ValueError):
    """A setting is wrong; the message names it, its value unless it is a secret, and what is allowed."""


class Settings(BaseSettings):
    """Settings of the prediction service, each read from the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, protected_namespaces=())

    environment: Literal["development", "production"] = Field(
        "development", description="`production` refuses to start without API_KEYS or with placeholder secrets"
    )
    tracking_uri: str = Field("http://127.0.0.1:5000", pattern="^https?://", description="Address of the MLflow server")
    run_id: str | None = Field(
        None, pattern="^[0-9a-f]{32}$", description="MLflow run whose model is served; left empty: the champion's"
    )
    model_name: str = Field(
        "online-course-model",
        pattern="^[^/:]+$",
        description="Registered model whose champion is followed when RUN_ID is empty",
    )
    model_cache: Path = Field(SERVICE / "model_cache", description="Folder that fetched models are kept in, by run")
    champion_poll_seconds: float = Field(
        20, ge=0.1, le=30, description="Seconds between two looks at which model is champion"
    )
    outbox_dir: Path = Field(SERVICE / "outbox", description="Folder that predictions wait in for Postgres")
    outbox_max_bytes: int = Field(1024 * MIB, ge=MIB, description="Size of the outbox above which requests get 503")
    outbox_fsync: bool = Field(
        False,
        description="Wait for the disk at each request, so that not even a power cut loses an answered prediction",
    )
    retention_days: int | None = Field(
        None,
        ge=1,
        le=LONGEST_DAYS,
        description="Days that predictions and outcomes are kept in Postgres; empty: for good",
    )
    db_host: str = Field("127.0.0.1", description="Host of the Postgres server")
    db_port: int = Field(5432, ge=1, le=65535, description="Port of the Postgres server")
    db_user: str = Field("mlops", description="Postgres user")
    db_password: SecretStr = Field(SecretStr(""), description="Password of the Postgres user")
    db_name: str = Field("course", description="Database that predictions are written to")
    db_auth: Literal["password", "iam"] = Field(
        "password", description="`iam`: a token of AWS in place of the password; needs the packages of category aws"
    )
    db_sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = Field(
        "prefer", description="TLS to Postgres, as libpq's sslmode"
    )
    db_sslrootcert: Path | None = Field(
        None, description="Certificates that sign the Postgres server's, for verify-ca and verify-full"
    )
    api_keys: SecretStr = Field(
        SecretStr(""),
        description="SHA-256 of each key that may post, separated by commas; empty: everyone may. `python make_key.py`",
    )
    web_host: str = Field("127.0.0.1", description="Address that the service listens on")
    web_port: int = Field(9696, ge=1, le=65535, description="Port that the service listens on")
    web_concurrency: int = Field(2, ge=1, le=64, description="Processes that answer requests")
    shutdown_delay: float = Field(
        0, ge=0, le=60, description="Seconds of answering on, as not ready, between SIGTERM and the end"
    )
    access_log: bool = Field(False, description="A line in the log for each request, not only for those that fail")

    @property
    def key_hashes(self) -> list[str]:
        """SHA-256 of each accepted API key, in hex."""
        return [key.strip() for key in self.api_keys.get_secret_value().split(",") if key.strip()]

    def make_folders(self) -> None:
        """Makes the folders that are written to; raises SettingsError where it cannot, or may not write there."""
        for name in ("model_cache", "outbox_dir"):
            folder = getattr(self, name)
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                reason = "" if os.access(folder, os.W_OK | os.X_OK) else os.strerror(errno.EACCES)
            except OSError as error:
                reason = error.strerror
            if reason:
                raise SettingsError(
                    f"{name.upper()}={folder}: a folder that can be made and written to is needed ({reason})"
                )

    @field_validator("api_keys")
    @classmethod
    def _are_hashes(cls, value: SecretStr) -> SecretStr:
        for key in filter(None, (key.strip() for key in value.get_secret_value().split(","))):
            if len(key) != 64 or set(key) - set("0123456789abcdef"):
                raise ValueError("each key is given as its SHA-256, 64 hex digits, as `python make_key.py` prints it")
        return value

    @field_validator("db_auth")
    @classmethod
    def _has_its_packages(cls, value: str) -> str:
        if value == "iam" and find_spec("boto3") is None:
            raise ValueError('needs boto3: pipenv sync --categories "packages aws"')
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "Settings":
        if self.db_auth == "iam" and self.db_sslmode in ("disable", "prefer"):
            raise ValueError(
                f"DB_AUTH=iam needs DB_SSLMODE=require or stricter, not {self.db_sslmode}: it sends a token"
            )
        if self.environment != "production":
            return self
        if not self.key_hashes:
            raise ValueError("ENVIRONMENT=production needs API_KEYS; `python make_key.py` makes one")
        hashed = {hashlib.sha256(word.encode()).hexdigest() for word in PLACEHOLDERS}
        if hashed & set(self.key_hashes):
            raise ValueError("ENVIRONMENT=production: one of API_KEYS is the hash of a placeholder")
        if self.db_auth == "password" and self.db_password.get_secret_value().lower() in PLACEHOLDERS:
            raise ValueError("ENVIRONMENT=production: DB_PASSWORD is empty or a placeholder")
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
