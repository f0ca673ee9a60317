"""The server that imitates AWS, and clients of it."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.request import urlopen

import boto3

REGION = "eu-central-1"
# Made up; the imitation takes any. No profile or variable of a real account is handed on.
KEYS = {"AWS_ACCESS_KEY_ID": "example", "AWS_SECRET_ACCESS_KEY": "example"}
# Not those that the kernel gives to connections: one might get the port before the server listens, which takes a while.
PORTS = range(20_000, 30_000)


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


class Imitation:
    """moto with its gaps filled, on a port of its own, until the end of the `with`."""

    def __init__(self, folder: Path):
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._settings = KEYS | {
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self._log = folder / "moto.log"
        self._process = None

    def instead_of_aws(self, environment: Mapping[str, str]) -> dict[str, str]:
        """An environment with which every client of AWS talks to the imitation."""
        return {key: value for key, value in environment.items() if not key.startswith("AWS_")} | self._settings

    def __enter__(self) -> "Imitation":
        environment = self.instead_of_aws(os.environ) | {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                [sys.executable, "-m", "local_aws.server", str(self.port)],
                cwd=Path(__file__).resolve().parents[1],
                env=environment,
                stdout=log,
                stderr=log,
            )
        for _ in range(300):
            try:
                with urlopen(f"{self.endpoint}/moto-api/", timeout=1):
                    return self
            except OSError:
                time.sleep(0.2)
            if self._process.poll() is not None:
                break
        self.__exit__()
        raise RuntimeError(f"moto does not start:\n{self._log.read_text(encoding='utf-8')[-2000:]}")

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()

    def client(self, service: str):
        """A client of one of its services."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        )
