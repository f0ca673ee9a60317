"""The service is stopped, or gets another model, and no client notices."""

import shutil
import signal
import time

import pytest
import requests

from benchmarks.servers import START_SECONDS, wait
from integration_test.load import Load
from integration_test.programs import assert_kept
from integration_test.registry import Registry

OLD, NEW, DAMAGED = "a" * 32, "b" * 32, "c" * 32
SWITCHES = 3
POLL_SECONDS = 0.1
LOOKS = 12  # each over a new connection; all of them at the same one of two workers is unlikely


def test_stopping_fails_no_request_of_a_client_that_asks_whether_it_is_ready(new_service, database):
    service = new_service(database, SHUTDOWN_DELAY="2").start()
    with Load(service.port) as load:
        time.sleep(1.5)
        service.process.send_signal(signal.SIGTERM)
        signalled = time.monotonic()
        # As a load balancer does, over a new connection each time.
        while service.is_ready():
            assert time.monotonic() - signalled < 2
            time.sleep(POLL_SECONDS)
        load.stop()
    assert service.process.wait(START_SECONDS) == 0
    load.assert_unharmed()
    assert not service.unshipped()
    assert_kept(load, database)
    assert not service.processes()


@pytest.fixture(name="registry")
def _registry():
    with Registry(champion=OLD) as registry:
        yield registry


@pytest.fixture(name="following")
def _following(new_service, database, model_cache, registry, tmp_path):
    """A service that follows the champion, and has the files of three models, of which one is damaged."""
    cache = tmp_path / "cache"
    (source,) = model_cache.iterdir()
    for run_id in OLD, NEW, DAMAGED:
        shutil.copytree(source, cache / run_id)
    (cache / DAMAGED / "model.onnx").write_bytes(b"no model")
    settings = {"RUN_ID": "", "TRACKING_URI": registry.address, "MODEL_CACHE": str(cache), "NO_PROXY": "127.0.0.1"}
    return new_service(database, **settings, CHAMPION_POLL_SECONDS="0.2").start()


def _is_said_by_all(service, **expected) -> bool:
    """Whether all workers say this of their model."""
    said = [requests.get(f"{service.address}/model", timeout=10).json() for _ in range(LOOKS)]
    return all(one[name] == value for one in said for name, value in expected.items())


def test_the_model_changes_between_two_requests(following, registry, database):
    with Load(following.port) as load:
        for number in range(SWITCHES):
            registry.champion = OLD if number % 2 else NEW
            wait(lambda: _is_said_by_all(following, RUN_ID=registry.champion, refused_champion=None))
            time.sleep(0.3)
    load.assert_unharmed()
    assert set(load.run_ids().values()) == {OLD, NEW}
    assert_kept(load, database, following)


def test_a_damaged_champion_is_refused_also_by_a_worker_that_starts_later(following, registry, database):
    with Load(following.port) as load:
        registry.champion = DAMAGED
        wait(lambda: _is_said_by_all(following, RUN_ID=OLD, refused_champion=DAMAGED))
        time.sleep(0.5)
    load.assert_unharmed()
    assert_kept(load, database, following)
    old = following.workers()
    for worker in old:
        worker.kill()
    wait(lambda: len(set(following.workers()) - set(old)) == len(old))
    wait(following.is_ready)
    wait(lambda: _is_said_by_all(following, RUN_ID=OLD, refused_champion=DAMAGED))
    registry.champion = NEW
    wait(lambda: _is_said_by_all(following, RUN_ID=NEW, refused_champion=None))
