"""What the environment says to the prediction service."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICE = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Settings of the prediction service, each read from the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, protected_namespaces=())

    tracking_uri: str = Field("http://127.0.0.1:5000", description="Address of the MLflow server")
    run_id: str | None = Field(
        None, pattern="^[0-9a-f]{32}$", description="MLflow run whose model is served; left empty: the champion's"
    )
    model_name: str = Field(
        "online-course-model", description="Registered model whose champion is served when RUN_ID is empty"
    )
    model_cache: Path = Field(SERVICE / "model_cache", description="Folder that fetched models are kept in, by run")
    db_host: str = Field("127.0.0.1", description="Host of the Postgres server")
    db_port: int = Field(5432, ge=1, le=65535, description="Port of the Postgres server")
    db_user: str = Field("mlops", description="Postgres user")
    db_password: SecretStr = Field(SecretStr(""), description="Password of the Postgres user")
    db_name: str = Field("course", description="Database that predictions are written to")
    web_host: str = Field("127.0.0.1", description="Address that the service listens on")
    web_port: int = Field(9696, ge=1, le=65535, description="Port that the service listens on")
    web_concurrency: int = Field(2, ge=1, description="Processes that answer requests")
