"""Has the services read their settings and make their folders before anything is started, and name what is wrong."""

import os
import subprocess
from collections.abc import Mapping

from stack import console
from stack.console import StepFailed
from stack.programs import executable
from stack.settings import MLPIPELINE, MODEL_DEPLOYMENT, MONITORING

PACKAGES = {MLPIPELINE: "training", MODEL_DEPLOYMENT: "serving", MONITORING: "monitor"}
# What a stack has of its own, whatever the user's environment says.
ITS_OWN = (
    "API_KEYS",
    "ENVIRONMENT",
    "MODEL_CACHE",
    "MODEL_NAME",
    "OUTBOX_DIR",
    "REFERENCE_CACHE",
    "RUN_ID",
    "TRACKING_URI",
    "WEB_HOST",
)
READ = """
import sys
from {package} import settings
try:
    settings.read().make_folders()
except settings.SettingsError as error:
    sys.exit(str(error))
"""


def tell_unused(environment: Mapping[str, str]) -> None:
    """Names the settings of the user's environment that are others in this one, of the stack's programs."""
    for name in ITS_OWN:
        if os.environ.get(name) not in (None, "", environment[name]):
            console.warning(f"{name} is not used: this stack has {environment[name] or 'none'}")


def check(environment: Mapping[str, str], of_the_web: Mapping[str, str]) -> None:
    """Raises StepFailed with all settings of all services that are wrong in the environment of the stack's programs.

    `of_the_web` is what the prediction service alone has in its environment.
    """
    own = {MODEL_DEPLOYMENT: of_the_web}
    reading = {
        service: subprocess.Popen(  # pylint: disable=consider-using-with  # communicate() waits for each below
            [executable(service, "python"), "-c", READ.format(package=package)],
            cwd=service,
            env={**os.environ, **environment, **own.get(service, {})},
            stderr=subprocess.PIPE,
            text=True,
        )
        for service, package in PACKAGES.items()
    }
    said = {service: process.communicate()[1].strip() for service, process in reading.items()}
    if wrong := [f"{service.name}: {said[service]}" for service, process in reading.items() if process.returncode]:
        raise StepFailed("\n".join(wrong))
