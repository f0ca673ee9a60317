"""The prediction service on the cluster: release it, try it, and go back when it does not answer."""

import os
import re
from pathlib import Path
from urllib.request import urlopen

import smoke
from commands import DeployError, run, say
from outputs import Outputs

REMOTE = Path(__file__).resolve().parents[2] / "model-deployment" / "k8s-remote"
WEB = "deployment/web"
KUBECTL = ("kubectl", "--namespace", "online-course")
# The Deployment's own deadline is 600 seconds.
ROLLOUT = ("rollout", "status", "--timeout", "11m", WEB)


def release(known: Outputs, image: str, run_id: str) -> None:
    """Has the cluster serve the model of a run with an image, and goes back by itself where that does not work.

    Raises:
        DeployError: The release failed; the message says what is served now.
    """
    key = api_key()
    fetch_certificates(known.region)
    fill(REMOTE / "values.env", values(known, image, run_id))
    manifests = run("sh", REMOTE / "render.sh")
    before = revision()
    try:
        run(*KUBECTL, "apply", "-f", "-", given=manifests)
        run(*KUBECTL, *ROLLOUT)
        smoke.check(key, run_id)
    except DeployError as failure:
        raise DeployError(f"{failure}\n{_undo(before, key)}") from failure
    say(f"The cluster serves run {run_id} with {image}")


def roll_back(to: int) -> None:
    """Goes back to revision `to`, or where it is 0 to the one before, and tries it."""
    key = api_key()
    run(*KUBECTL, "rollout", "undo", WEB, f"--to-revision={to}")
    run(*KUBECTL, *ROLLOUT)
    say(f"Revision {revision()} is served: run {smoke.check(key)}, image {running()}")


def values(known: Outputs, image: str, run_id: str) -> dict[str, str]:
    """What `values.env` has to say of this release."""
    return {
        "WEB_IMAGE": image,
        "TRACKING_URI": known.tracking_uri,
        "RUN_ID": run_id,
        "DB_HOST": known.database_host,
        "AWS_REGION": known.region,
        # Only the component tls-load-balancer needs it.
        "CERTIFICATE_ARN": os.environ.get("CERTIFICATE_ARN", ""),
    }


def fill(file: Path, wanted: dict[str, str]) -> None:
    """Writes values into a file of NAME=VALUE, which has a line for each of them already."""
    text = file.read_text(encoding="utf-8")
    for name, value in wanted.items():
        line = f"{name}={value}"
        text, found = re.subn(rf"(?m)^{name}=.*$", lambda _, line=line: line, text)
        if found != 1:
            raise DeployError(f"{file} has {found} lines of {name}, and should have one")
    file.write_text(text, encoding="utf-8")


def fetch_certificates(region: str) -> None:
    """Fetches what the certificates of RDS are signed with, unless it is there."""
    file = REMOTE / "rds-ca.pem"
    if file.exists():
        return
    address = f"https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem"
    try:
        with urlopen(address, timeout=30) as answer:
            file.write_bytes(answer.read())
    except OSError as error:
        raise DeployError(f"{address} cannot be fetched: {error}") from error


def revision() -> int:
    """Which release of the service the cluster has; 0 where it has none."""
    found = run(
        *KUBECTL,
        "get",
        WEB,
        "--ignore-not-found",
        "--output",
        r"jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}",
    )
    return int(found or 0)


def running() -> str:
    """The image that the service runs now.

    Raises:
        DeployError: There is none.
    """
    found = run(
        *KUBECTL,
        "get",
        WEB,
        "--ignore-not-found",
        "--output",
        'jsonpath={.spec.template.spec.containers[?(@.name=="web")].image}',
    )
    if not found:
        raise DeployError("no image runs yet: release one first, by a push to main")
    return found


def api_key() -> str:
    """A key of the service, for the request that tries it."""
    key = os.environ.get("SMOKE_API_KEY", "")
    if not key:
        raise DeployError("SMOKE_API_KEY is empty: it is a key of the service, a secret of the environment production")
    return key


def _undo(before: int, key: str) -> str:
    """Goes back to what was served before, and says what came of it."""
    if not before:
        return "Nothing was served before, so there is nothing to go back to."
    try:
        if revision() == before:
            return f"Revision {before}, which was served before, was not replaced."
        run(*KUBECTL, "rollout", "undo", WEB, f"--to-revision={before}")
        run(*KUBECTL, *ROLLOUT)
        served = smoke.check(key)
    except DeployError as error:
        return f"GOING BACK TO REVISION {before} FAILED, look at the cluster now: {error}"
    return f"What was served before is served again: run {served}."
