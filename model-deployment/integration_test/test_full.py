"""The outbox is full: what cannot be kept is refused whole, and nothing that was answered is lost."""

import subprocess
import time

import pytest
import requests

from benchmarks.servers import wait
from integration_test.load import Load
from integration_test.programs import assert_kept
from serving.outbox import segment

DISK_BYTES = 2 * 1024 * 1024
LIMIT_BYTES = 4 * 1024 * 1024
LOAD_SECONDS = 1
ROWS = 3000  # of the largest batch


@pytest.fixture(name="small_disk")
def _small_disk(tmp_path):
    """A folder on a file system of its own, which is small."""
    folder = tmp_path / "small_disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"A small disk needs the right to mount one: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        _unmount(folder)


def _unmount(folder) -> None:
    if subprocess.run(["umount", str(folder)], check=False).returncode:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(name="service_with_a_small_disk")
def _service_with_a_small_disk(small_disk, new_service, own_database):
    """It ends before its disk is taken away."""
    service = new_service(own_database, OUTBOX_DIR=str(small_disk / "outbox"))
    yield service
    service.end()


def _fill(service) -> Load:
    """What was answered until long after it began to refuse; Postgres is to be away."""
    with Load(service.port, batch_rows=ROWS, batch_every=5) as load:
        wait(lambda: load.statuses[503] and not service.is_ready(), 30)
        time.sleep(LOAD_SECONDS)
        assert requests.get(f"{service.address}/health/ready", timeout=10).status_code == 503
        assert requests.get(f"{service.address}/health/live", timeout=10).status_code == 200
    assert not load.errors
    assert set(load.statuses) == {200, 503}
    assert load.refusals
    for _, headers in load.refusals:
        assert headers["Content-Type"] == "application/problem+json"
        assert int(headers["Retry-After"]) > 0
    return load


def _assert_it_serves_again(service, load, database) -> None:
    assert_kept(load, database, service)
    assert service.is_ready()
    with Load(service.port, clients=1) as after:
        time.sleep(0.5)
    after.assert_unharmed()
    wait(lambda: not service.unshipped())
    assert dict(database.rows()).keys() == load.run_ids().keys() | after.run_ids().keys()


def test_a_full_disk_is_survived(service_with_a_small_disk, postgres, own_database):
    service = service_with_a_small_disk
    postgres.stop()
    load = _fill(service.start())
    postgres.start()
    _assert_it_serves_again(service, load, own_database)


def test_the_limit_of_the_outbox_is_survived(new_service, postgres, own_database):
    service = new_service(own_database, OUTBOX_MAX_BYTES=str(LIMIT_BYTES))
    postgres.stop()
    load = _fill(service.start())
    assert (
        segment.bytes_used(service.outbox) <= LIMIT_BYTES + 3 * segment.BLOCK
    )  # the last block of each process's file
    postgres.start()
    _assert_it_serves_again(service, load, own_database)


def test_a_full_disk_does_not_keep_it_from_emptying_its_outbox_as_it_ends(
    service_with_a_small_disk, postgres, own_database
):
    service = service_with_a_small_disk
    postgres.stop()
    load = _fill(service.start())
    postgres.start()
    # It waits some seconds before it tries Postgres again, so that nearly all is left to the end.
    assert service.stop() == 0
    assert not service.unshipped()
    assert_kept(load, own_database)
