"""The images of a commit, in the registry, by digest, and signed."""

import json
import tempfile
from pathlib import Path

from commands import DeployError, run, say

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"web": "model-deployment", "mlpipeline": "mlpipeline", "monitoring": "monitoring"}
ISSUER = "https://token.actions.githubusercontent.com"


def dumps(images: dict[str, str]) -> str:
    """Images by name, as the other steps read them."""
    return json.dumps(images, indent=2)


def load(file: Path) -> dict[str, str]:
    """Reads what `dumps` has written.

    Raises:
        DeployError: It is not that, or an image has no digest.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if set(found) != set(FOLDERS) or not all("@sha256:" in image for image in found.values()):
            raise ValueError(f"{found}")
        return found
    except (OSError, ValueError) as error:
        raise DeployError(
            f"{file} does not name the images by digest, as `deploy images` prints them: {error}"
        ) from error


def push(repositories: dict[str, str], commit: str, identity: str | None) -> dict[str, str]:
    """Builds, pushes and signs what is not in the registry, or not signed; so doing it again is harmless.

    Args:
        repositories: Address of each repository, by name of the image.
        commit: The tag, which nobody can move to another image later.
        identity: Who signs; see `cosign verify --certificate-identity`.
    """
    registry = repositories["web"].split("/")[0]
    region = registry.split(".")[3]
    password = run("aws", "ecr", "get-login-password", "--region", region)
    run("docker", "login", "--username", "AWS", "--password-stdin", registry, given=password)
    pushed = {}
    for name, folder in FOLDERS.items():
        repository = repositories[name]
        image = f"{repository}@{_digest(repository, commit, region) or _build(repository, commit, folder)}"
        if identity and not _is_signed(image, identity):
            run("cosign", "sign", "--yes", image)
        pushed[name] = image
    return pushed


def _digest(repository: str, commit: str, region: str) -> str | None:
    """The digest of the commit's image, if an earlier run has pushed it."""
    name = repository.split("/", 1)[1]
    found = run(
        *("aws", "ecr", "list-images", "--region", region, "--repository-name", name, "--filter", "tagStatus=TAGGED"),
        *("--query", f"imageIds[?imageTag=='{commit}'].imageDigest", "--output", "text"),
    ).split()
    if found:
        say(f"{name}:{commit} is there already")
    return found[0] if found else None


def _build(repository: str, commit: str, folder: str) -> str:
    """Builds and pushes an image with the list of what is in it and how it was built; returns its digest."""
    with tempfile.TemporaryDirectory() as place:
        metadata = Path(place) / "metadata.json"
        run(
            *("docker", "buildx", "build", "--push", "--provenance", "mode=max", "--sbom", "true"),
            *("--build-arg", f"VERSION={commit[:12]}", "--build-arg", f"COMMIT={commit}"),
            *("--tag", f"{repository}:{commit}", "--metadata-file", metadata, ROOT / folder),
            timeout=1800,
        )
        return json.loads(metadata.read_text(encoding="utf-8"))["containerimage.digest"]


def _is_signed(image: str, identity: str) -> bool:
    try:
        run("cosign", "verify", "--certificate-identity", identity, "--certificate-oidc-issuer", ISSUER, image)
    except DeployError:
        return False
    return True
