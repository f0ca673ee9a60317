"""Where the parts of the stack listen, and what they have to know of each other."""

from dataclasses import dataclass

from stack import console, external, ports, postgres, tracking
from stack.postgres import Database
from stack.settings import Settings
from stack.supervisor import Program


@dataclass(frozen=True)
class Addresses:
    """The chosen ports.

    `own_postgres` is the program of the stack's own server, if it is not an external one. Without a `grafana_port`,
    there is no Grafana.
    """

    database: Database
    own_postgres: Program | None
    mlflow_port: int
    prefect_port: int
    web_port: int
    grafana_port: int | None = None

    @property
    def mlflow(self) -> str:
        """Address of the MLflow server."""
        return f"http://{ports.HOST}:{self.mlflow_port}"

    @property
    def mlflow_ui(self) -> str:
        """Address of the training runs: their experiment is the first that is made in a new MLflow.

        Without the mode, MLflow shows what is for language models.
        """
        return f"{self.mlflow}/#/experiments/1/runs?workflowType=machine_learning"

    @property
    def prefect(self) -> str:
        """Address of the Prefect server."""
        return f"http://{ports.HOST}:{self.prefect_port}"

    @property
    def prefect_api(self) -> str:
        """Address of the Prefect API."""
        return f"{self.prefect}/api"

    @property
    def web(self) -> str:
        """Address of the prediction service."""
        return f"http://{ports.HOST}:{self.web_port}"

    @property
    def grafana(self) -> str:
        """Address of the list of dashboards in Grafana."""
        return f"http://{ports.HOST}:{self.grafana_port}/dashboards"

    def table(self, settings: Settings) -> dict[str, str]:
        """All addresses, as the user reads them."""
        rows = {
            "MLflow UI": self.mlflow_ui,
            "Prefect UI": self.prefect,
            "Prediction service": self.web,
            **({"Grafana": self.grafana} if self.grafana_port else {}),
            "Postgres": self.database.address,
            "Logs": str(settings.logs),
        }
        if self.database.password_file:
            rows["Postgres password"] = f"in {self.database.password_file}"
        return rows

    def environment(self, settings: Settings) -> dict[str, str]:
        """The environment of all programs of the stack."""
        return {
            **self.database.environment,
            **({"DATA_SOURCE": settings.data_source} if settings.data_source else {}),
            "TRACKING_URI": self.mlflow,
            "MODEL_NAME": tracking.MODEL,
            "REFERENCE_CACHE": str(settings.local_dir / "reference_cache"),
            "PREFECT_API_URL": self.prefect_api,
            "PREFECT_HOME": str(settings.local_dir / "prefect"),
            **self._database_of_prefect(),
            # Prefect's workers want a folder below it that is theirs alone, which /tmp is not with several users.
            "TMPDIR": str(settings.temporary),
            "PREFECT_UI_API_URL": "/api",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            # The second user interface, at / alone, sends browsers to other hosts; all addresses lead to the first.
            "PREFECT_SERVER_UI_V2_ENABLED": "false",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "DO_NOT_TRACK": "1",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "ORT_DISABLE_TELEMETRY": "1",
            # Otherwise the server starts ten processes for features that are not used here.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            # The user's own would hide the environments that the programs run in.
            "PYTHONPATH": "",
            "VIRTUAL_ENV": "",
            # What is started here asks the service without a key.
            "API_KEYS": "",
        }

    def _database_of_prefect(self) -> dict[str, str]:
        """On the stack's own server: in SQLite, calls that come at the same time can fail, also a click in the UI.

        On the user's server nothing is made that was not asked for; there Prefect keeps to SQLite.
        """
        if not self.own_postgres:
            return {}
        patience = ("PREFECT_SERVER_DATABASE_TIMEOUT", "PREFECT_SERVER_DATABASE_CONNECTION_TIMEOUT")
        url = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": self.database.prefect_url}
        return url | dict.fromkeys(patience, "60")  # seconds, as a busy machine may need


def choose(settings: Settings, has_grafana: bool = False) -> Addresses:
    """Chooses the ports, and finds or prepares the database."""
    taken: set[int] = set()
    if settings.db_host:
        database, own = external.database(settings), None
    else:
        if settings.db_password.get_secret_value():
            console.warning(
                "DB_PASSWORD is not used: without DB_HOST, a server is started here, with a password of its own"
            )
        database, own = postgres.own(settings, choose_port("Postgres", settings.db_port, taken))
    return Addresses(
        database=database,
        own_postgres=own,
        mlflow_port=choose_port("MLflow", settings.mlflow_port, taken),
        prefect_port=choose_port("Prefect", settings.prefect_port, taken),
        web_port=choose_port("the prediction service", settings.web_port, taken),
        grafana_port=choose_port("Grafana", settings.grafana_port, taken) if has_grafana else None,
    )


def choose_port(name: str, wanted: int, taken: set[int]) -> int:
    """The wanted port, or another one if that is taken, which it says."""
    chosen = ports.choose(wanted, taken)
    while not ports.claim(chosen):
        chosen = ports.choose(0, taken)
    if wanted and chosen != wanted:
        console.warning(f"Port {wanted} is taken: {name} uses {chosen}")
    return chosen
