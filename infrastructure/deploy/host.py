"""The tracking host: which images its services run."""

import json
import time

from commands import DeployError, run, say
from outputs import Outputs

# Systems Manager ends the command itself after 30 minutes.
PATIENCE = 1900
UNDER_WAY = ("Pending", "InProgress", "Delayed")


def release(known: Outputs, images: dict[str, str], pause: float = 5) -> None:
    """Writes down which images are to run, and has the host run them.

    Raises:
        DeployError: The host could not; the message has the end of what it said.
    """
    aws = ("aws", "--region", known.region, "--output", "json", "ssm")
    for name, parameter in known.image_parameters.items():
        run(*aws, "put-parameter", "--overwrite", "--name", parameter, "--value", images[name])
    host = known.tracking_instance_id
    sent = run(*aws, "send-command", "--instance-ids", host, "--document-name", known.release_document)
    command = json.loads(sent)["Command"]["CommandId"]
    deadline = time.monotonic() + PATIENCE
    while True:
        time.sleep(pause)
        found = json.loads(
            run(*aws, "list-command-invocations", "--command-id", command, "--instance-id", host, "--details")
        )["CommandInvocations"]
        status = found[0]["Status"] if found else "Pending"
        if status == "Success":
            say("The tracking host runs the new images.")
            return
        if status not in UNDER_WAY or time.monotonic() > deadline:
            said = "".join(plugin.get("Output", "") for one in found for plugin in one.get("CommandPlugins", []))
            raise DeployError(f"the tracking host says {status}:\n{said[-2000:]}")
