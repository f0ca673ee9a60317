"""What the steps need to know of the stack."""

import json
from dataclasses import dataclass, fields
from pathlib import Path

from commands import DeployError


@dataclass(frozen=True)
class Outputs:
    """Those of Terraform's outputs that a release needs."""

    region: str
    cluster_name: str
    cluster_endpoint: str
    ecr_repository_urls: dict[str, str]
    database_host: str
    tracking_uri: str
    tracking_instance_id: str
    image_parameters: dict[str, str]
    release_document: str


def read(file: Path) -> Outputs:
    """Reads what `terraform output -json` has printed.

    Raises:
        DeployError: An output is missing, for the stack was not applied, or by an older commit.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return Outputs(**{field.name: found[field.name]["value"] for field in fields(Outputs)})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DeployError(
            f"{file} is not what `terraform output -json` prints of the applied stack: {error!r}"
        ) from error
