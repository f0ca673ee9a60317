"""Whether a Python environment is whole, and why one could not be made. Runs on a bare Python, without packages."""

import csv
import os
import re
import shutil
from pathlib import Path

NO_SPACE = "No space left on device"
OVER_QUOTA = "Disk quota exceeded"
FULL = "The disk with {} is full, or nearly. Once there is space, the same command goes on from here."
NO_CACHE = r"Failed to initialize cache at [`'\"]([^`'\"]+)"
UNTRUSTED = "UnknownIssuer|invalid peer certificate|CERTIFICATE_VERIFY_FAILED"
# In a path, supervisord takes % [ ] * ? and what follows " #" or " ;" for more than themselves; so do venv :, env =,
# and initdb $ " `.
UNUSABLE = re.compile(r"""[%\[\]*?:=$"`\n]|\s[#;]""")
TOO_LITTLE = 32 * 2**20  # bytes: Postgres takes 16 MiB at a time for its log of changes, and gives up without


def is_whole(environment: Path) -> bool:
    """Whether its Python exists, and each file of each package, in the size that the package's RECORD says.

    It takes a third of a second for 40,000 files. A file of the same size with other bytes is not noticed.
    """
    # Its Python leads nowhere, once the Python that it was made from is gone or another user's, and without pyvenv.cfg
    # it is another one.
    its_own = (environment / "pyvenv.cfg", environment / "bin" / "python")
    return all(map(os.path.exists, its_own)) and not damaged(environment)


def damaged(environment: Path) -> list[str]:
    """The packages that lack a file, or have one of another size than their RECORD says."""
    records = sorted(environment.glob("lib/python*/site-packages/*.dist-info/RECORD"))
    return [record.parent.name.split("-")[0] for record in records if not _is_whole(record)]


def _is_whole(record: Path) -> bool:
    site = str(record.parent.parent)
    try:
        with open(record, encoding="utf-8", newline="") as lines:
            return all(os.stat(f"{site}/{file}").st_size == int(size) for file, _, size in csv.reader(lines) if size)
    except OSError:
        return False


def past_the_cache(environment: Path) -> list[str]:
    """What `uv pip sync` needs to be told to mend an environment that it has just installed; nothing where it is whole.

    uv links the files of environments to those in its cache. One that was changed in place is changed there, too, and
    comes back with each new environment until its package is fetched anew.
    """
    return [f"--{what}-package={package}" for package in damaged(environment) for what in ("refresh", "reinstall")]


def why_not_here(folder: Path) -> str | None:
    """What the path of a folder has in it that keeps a stack from running there; None where it can."""
    found = UNUSABLE.search(str(folder))
    return found and f"has {found.group()!r} in its path, which not all programs of the stack can read"


def is_full(folder: Path) -> bool:
    """Whether the disk with this folder has no space left to speak of."""
    return shutil.disk_usage(folder).free < TOO_LITTLE


def why_not_made(folder: Path, log: Path) -> str:
    """What may have kept an environment in this folder from being made, and what to do about it."""
    said = log.read_text(encoding="utf-8", errors="replace")
    if is_full(folder):
        return FULL.format(folder)
    if NO_SPACE in said or OVER_QUOTA in said:
        return (
            f"A disk is full: that with {folder}, that with the cache (~/.cache, or UV_CACHE_DIR), or that with /tmp "
            "(or TMPDIR). Once there is space, the same command goes on from here."
        )
    if found := re.search(NO_CACHE, said):
        return (
            f"uv cannot write to its cache, {found.group(1)}. Set HOME or UV_CACHE_DIR to a folder that it can write "
            "to; the same command then goes on from here."
        )
    if re.search(UNTRUSTED, said):
        return (
            "The certificate of the package index is not trusted. Set SSL_CERT_FILE and PIP_CERT to a file of the "
            "certificates that are; the same command then goes on from here."
        )
    return "Is the package index reachable? Once it is, the same command goes on from here."
