"""What the environment says to the training pipeline."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

THREADS = "threads"
SERVICE = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Settings of the training pipeline, each read from the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    tracking_uri: str = Field("http://127.0.0.1:5000", description="Address of the MLflow server")
    experiment: str = Field(
        "online-course-engagement-prediction-experiment",
        description="MLflow experiment that the runs belong to",
    )
    model_name: str = Field("online-course-model", description="Name of the registered model in MLflow")
    data_source: str = Field(
        "kaggle",
        description="Where the data comes from: kaggle, synthetic, or the path or URL of a CSV or parquet file",
    )
    data_dir: Path = Field(SERVICE / "data", description="Folder that pulled data is saved in")
    monitoring_data_dir: Path = Field(
        SERVICE / "monitoring_data", description="Folder that the reference data is saved in"
    )
    task_runner: str = Field(
        THREADS,
        description="Where candidates are compared: threads, or the address of a Dask scheduler (tcp://host:8786)",
        pattern=r"^(threads|(tcp|tls|ws|wss)://.+)$",
    )

    @property
    def workers(self) -> int:
        """Threads to compare candidates in: one for each CPU that this process may use."""
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
