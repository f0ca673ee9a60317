"""With RETENTION_DAYS, the service deletes what is older, while it runs."""

import time

from benchmarks.servers import wait
from integration_test.load import Load
from integration_test.programs import assert_kept
from serving.retention import FIRST_SECONDS


def test_what_is_older_than_the_retention_days_is_deleted_and_nothing_else(new_service, database):
    service = new_service(database, RETENTION_DAYS="3").start()
    with Load(service.port, clients=1, batch_rows=1) as load:
        time.sleep(1)
    assert_kept(load, database, service)
    kept = load.run_ids().keys()
    old, *_ = kept
    database.query(f"UPDATE features SET timestamp = now() - INTERVAL '4 days' WHERE prediction_id = '{old}'")
    said = "Deleted, since RETENTION_DAYS=3: 1 rows of features"
    wait(lambda: said in service.log.read_text(encoding="utf-8"), 2 * FIRST_SECONDS)
    assert dict(database.rows()).keys() == kept - {old}
