"""What the environment says to the training pipeline."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

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
