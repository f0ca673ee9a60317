"""Processes of the service are killed with SIGKILL under load, one kind of them in each test."""

import random
import time
from contextlib import suppress

import psutil
import pytest
import requests

from benchmarks.servers import wait
from integration_test.load import Load
from integration_test.programs import assert_kept

KILLS = 8
SHIPPER_KILLS = 4
MASTER_KILLS = 3
GONE_SECONDS = 10  # for the processes of a killed master to end; one of them may be in the middle of a batch


def test_an_answer_outlives_the_worker_that_gave_it(new_service, database):
    service = new_service(database).start()
    with Load(service.port) as load:
        for _ in range(KILLS):
            time.sleep(random.uniform(0.5, 1.3))
            wait(service.workers)
            with suppress(psutil.NoSuchProcess):
                random.choice(service.workers()).kill()
        wait(service.is_ready)
        time.sleep(0.5)
    assert set(load.statuses) == {200}
    assert_kept(load, database, service, exactly=False)
    # Processes share their counts in files, which a kill leaves as they are.
    assert requests.get(f"{service.address}/metrics", timeout=10).ok


def test_an_answer_outlives_the_master_and_nothing_else_does(new_service, database):
    service = new_service(database).start()
    with Load(service.port) as load:
        for _ in range(MASTER_KILLS):
            time.sleep(random.uniform(1, 2))
            old = {process.pid for process in service.processes()}
            service.kill_master()
            service.start()
            wait(lambda pids=old: not pids & {process.pid for process in service.processes()}, GONE_SECONDS)
        time.sleep(0.5)
    assert set(load.statuses) == {200}
    assert_kept(load, database, service, exactly=False)
    service.kill_master()
    wait(lambda: not service.processes(), GONE_SECONDS)


@pytest.mark.parametrize("delay", [0.0, 0.2])
def test_a_shipper_whose_master_is_killed_as_it_starts_does_not_outlive_it(new_service, database, delay):
    service = new_service(database)
    service.launch()
    wait(service.shippers)
    time.sleep(delay)
    service.kill_master()
    wait(lambda: not service.processes(), GONE_SECONDS)


def test_an_answer_outlives_the_shipper(new_service, database):
    service = new_service(database).start()
    with Load(service.port, batch_every=3, batch_rows=500) as load:
        for _ in range(SHIPPER_KILLS):
            wait(service.shippers)
            time.sleep(random.uniform(0.4, 1))  # it takes half a second to begin with its work
            killed = service.shippers()
            for shipper in killed:
                shipper.kill()
            psutil.wait_procs(killed)
    load.assert_unharmed()
    assert_kept(load, database, service)


def test_an_answer_outlives_all_processes(new_service, database):
    """They are one group, so that who kills the group, as the end of a container does, leaves nothing running."""
    service = new_service(database).start()
    with Load(service.port) as load:
        time.sleep(1.5)
        service.kill()
        wait(lambda: not service.processes(), seconds=2)
    service.start()
    assert_kept(load, database, service, exactly=False)
