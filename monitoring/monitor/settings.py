"""What the environment says to the monitoring."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of the monitoring, each read from the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    tracking_uri: str = Field("http://127.0.0.1:5000", description="Address of the MLflow server")
    db_host: str = Field("127.0.0.1", description="Host of the Postgres server")
    db_port: int = Field(5432, ge=1, le=65535, description="Port of the Postgres server")
    db_user: str = Field("mlops", description="Postgres user")
    db_password: SecretStr = Field(SecretStr(""), description="Password of the Postgres user")
    db_name: str = Field("course", description="Database with the predictions, that metrics are written to")
