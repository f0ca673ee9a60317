"""What is done once, before the first process that answers requests starts, and after the last has ended."""

import os
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path

from serving import champion
from serving.fetch import FetchError
from serving.settings import Settings, SettingsError

SHARED_MEMORY = Path("/dev/shm")
# Processes of a master that was killed notice within a second or two.
FREE_PORT_SECONDS = 5.0


def metrics_folder(settings: Settings) -> str:
    """Where the service's processes share their counts: in memory, since a write to a full disk would kill them."""
    parent = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    return str(parent / f"online-course-metrics-{os.getuid()}-{settings.web_port}")


def prepare(settings: Settings) -> None:
    """Makes the folders, checks that the port is free, and brings the model; says what fails and ends."""
    try:
        settings.make_folders()
    except SettingsError as error:
        sys.exit(str(error))
    wait_for_port(settings)
    folder = Path(metrics_folder(settings))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        champion.bring(settings)
    except FetchError as error:
        sys.exit(str(error))


def clean_up(settings: Settings) -> None:
    """Deletes the counts."""
    shutil.rmtree(metrics_folder(settings), ignore_errors=True)


def wait_for_port(settings: Settings) -> None:
    """Ends if the address cannot be had: with SO_REUSEPORT a second service would silently share a taken port."""
    deadline = time.monotonic() + FREE_PORT_SECONDS
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.web_host, settings.web_port))
                return
            except OSError as error:
                if time.monotonic() > deadline:
                    sys.exit(f"WEB_HOST={settings.web_host}, WEB_PORT={settings.web_port}: {error.strerror}")
        time.sleep(0.2)
