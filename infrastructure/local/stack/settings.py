"""What the environment says to the local stack."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

import soundness
from stack.console import StepFailed

ROOT = Path(__file__).resolve().parent.parent.parent.parent
MLPIPELINE = ROOT / "mlpipeline"
MODEL_DEPLOYMENT = ROOT / "model-deployment"
MONITORING = ROOT / "monitoring"
SERVICES = (MLPIPELINE, MODEL_DEPLOYMENT, MONITORING)

GRAFANA_PROGRAMS = ("grafana", "grafana-server")  # before Grafana 10 there is only the second
# What a folder of a stack has in it once one was started there, and what it may have before.
LOCK = "run.lock"
FOLDERS = {"logs", "tmp", "demo"}
SOURCES = "kaggle, synthetic, and the path or http(s) URL of a CSV or parquet file"
PORT = {"ge": 0, "le": 65535}


class Settings(BaseSettings):
    """Settings of the local stack, each read from the environment variable of the same name. Port 0 is any free one."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    local_dir: Path = Field(ROOT / ".local", description="Folder that keeps runs, models, predictions and logs")
    data_source: str | None = Field(
        None,
        description="kaggle, synthetic, or the path or URL of a CSV or parquet file; left empty: kaggle, or synthetic "
        "where that cannot be reached",
    )
    db_host: str | None = Field(None, description="Host of a Postgres server to use; left empty: one is started")
    db_port: int = Field(5432, description="Port of Postgres", **PORT)
    db_user: str = Field("mlops", description="Postgres user; the server that is started here knows only mlops")
    db_password: SecretStr = Field(SecretStr(""), description="Its password; the server started here makes up its own")
    db_name: str = Field("course", description="Database of predictions and metrics")
    db_sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = Field(
        "prefer", description="TLS to Postgres, as libpq's sslmode"
    )
    db_sslrootcert: str = Field("", description="File of the certificates that verify-ca and verify-full trust")
    time_zone: str = Field("UTC", description="Time zone whose midnight begins a day, such as Europe/Berlin")
    mlflow_port: int = Field(5000, description="Port of MLflow", **PORT)
    prefect_port: int = Field(4200, description="Port of Prefect", **PORT)
    web_port: int = Field(9696, description="Port of the prediction service", **PORT)
    grafana_port: int = Field(3000, description="Port of Grafana, where there is one", **PORT)
    grafana_home: Path | None = Field(
        None, description="Folder of an unpacked Grafana; left empty: the one on PATH, or its image where Docker runs"
    )

    @field_validator("local_dir")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        absolute = folder.expanduser().resolve()
        if why := soundness.why_not_here(absolute):
            raise ValueError(f"{why}; another folder is needed")
        existing = next(path for path in (absolute, *absolute.parents) if path.exists())
        if not existing.is_dir():
            raise ValueError(f"{existing} is a file; a folder is needed")
        if absolute != ROOT / ".local" and absolute.is_dir():
            held = {path.name for path in absolute.iterdir()}
            if LOCK not in held and not held <= FOLDERS:
                raise ValueError("has other things in it; a folder is needed that is empty, or does not exist yet")
        return absolute

    @field_validator("data_source")
    @classmethod
    def _find_file(cls, source: str | None) -> str | None:
        """The flow runs in another folder, so a file's path is made absolute here."""
        if source in (None, "kaggle", "synthetic") or source.startswith(("http://", "https://")):
            return source
        if source == "postgres":
            raise ValueError(
                f"is for later, since nothing is predicted yet when this trains; allowed are {SOURCES}. In Prefect, "
                "Custom run takes postgres, once outcomes are known"
            )
        file = Path(source).expanduser()
        if not (os.path.isfile(file) and os.access(file, os.R_OK)):
            raise ValueError(f"is no file that can be read; allowed are {SOURCES}")
        return str(file.resolve())

    @field_validator("grafana_home")
    @classmethod
    def _find_grafana(cls, folder: Path | None) -> Path | None:
        """Its server runs in another folder, so the path is made absolute here."""
        if folder is None:
            return None
        home = folder.expanduser().resolve()
        programs = (home / "bin" / name for name in GRAFANA_PROGRAMS)
        if not ((home / "conf" / "defaults.ini").is_file() and any(map(Path.is_file, programs))):
            raise ValueError("is no unpacked Grafana, which has the files bin/grafana and conf/defaults.ini")
        return home

    def make_folders(self) -> None:
        """Makes the folders that everything else is in; raises StepFailed where that cannot be."""
        try:
            for folder in (self.local_dir, self.logs, self.temporary):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StepFailed(
                f"LOCAL_DIR={self.local_dir}: it cannot be made or written to ({error.strerror})"
            ) from error

    @property
    def data_file(self) -> Path | None:
        """The user's own file of data, where that is the source."""
        return Path(self.data_source) if self.data_source and Path(self.data_source).is_file() else None

    @property
    def demo_dir(self) -> Path:
        """Folder of the demo, which it deletes when it begins."""
        return self.local_dir / "demo"

    @property
    def logs(self) -> Path:
        """Folder of the logs."""
        return self.local_dir / "logs"

    @property
    def temporary(self) -> Path:
        """Folder of temporary files."""
        return self.local_dir / "tmp"
