"""Postgres is away for a while, dies in the middle of a batch, or commits without anybody hearing of it."""

import os
import random
import time
from contextlib import ExitStack

import requests

from benchmarks.servers import HOST, wait
from integration_test.load import Load
from integration_test.programs import assert_kept
from integration_test.proxy import Proxy

AWAY_SECONDS = float(os.environ.get("FAULT_SECONDS", "6"))
KILLS = 3
CUTS = 3
LOAD_SECONDS = 3


def test_requests_succeed_while_postgres_is_away(new_service, postgres, own_database):
    service = new_service(own_database).start()
    with Load(service.port) as load:
        wait(own_database.count)
        postgres.stop()
        latest = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < latest:
            assert requests.get(f"{service.address}/health/ready", timeout=10).status_code == 200
            time.sleep(0.2)
        assert service.unshipped()
        postgres.start()
        time.sleep(0.5)
    load.assert_unharmed()
    assert_kept(load, own_database, service)


def test_postgres_may_die_in_the_middle_of_batches(new_service, postgres, own_database):
    service = new_service(own_database).start()
    with Load(service.port, batch_every=10, batch_rows=500) as load:
        wait(own_database.count)
        for _ in range(KILLS):
            wait(own_database.is_taking_rows)
            postgres.kill()
            time.sleep(random.uniform(0.2, 1))
            postgres.start()
    load.assert_unharmed()
    assert_kept(load, own_database, service)


def test_a_batch_that_is_committed_without_an_answer_is_there_once(new_service, database):
    with Proxy(database.server.port) as proxy:
        service = new_service(database, DB_HOST=HOST, DB_PORT=str(proxy.port)).start()
        with Load(service.port) as load:
            for cut in range(CUTS):
                wait(database.count)
                proxy.cut_next()
                wait(lambda expected=cut + 1: proxy.cuts == expected)
        load.assert_unharmed()
        assert_kept(load, database, service)


def test_two_instances_may_start_at_once_on_an_empty_database(new_service, database):
    services = [new_service(database), new_service(database)]
    for service in services:
        service.launch()
    for service in services:
        wait(service.is_ready)
    # They migrate as soon as there are rows. Held up for a moment, both do so at once.
    with ExitStack() as held_up:
        held_up.enter_context(database.being_migrated_by_another())
        with Load(*(service.port for service in services)) as load:
            wait(lambda: database.waiting() == len(services))
            held_up.close()
            time.sleep(LOAD_SECONDS)
    load.assert_unharmed()
    assert_kept(load, database, *services)
    for service in services:
        assert "Postgres takes no rows" not in service.log.read_text(encoding="utf-8")


def test_what_an_earlier_start_could_not_ship_is_shipped(new_service, postgres, own_database):
    service = new_service(own_database)
    postgres.stop()
    service.start()
    with Load(service.port) as load:
        time.sleep(LOAD_SECONDS / 2)
    load.assert_unharmed()
    assert service.stop() == 0
    assert service.unshipped("features") == len(load.run_ids())
    assert "rows stay in the outbox" in service.log.read_text(encoding="utf-8")
    postgres.start()
    service.start()
    assert_kept(load, own_database, service)
