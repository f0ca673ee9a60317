"""What docs/operations.md has an operator do to the database, on a real PostgreSQL server."""

import os
import re
import subprocess
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.servers import POSTGRES
from serving.outbox.postgres import Postgres
from serving.settings import SERVICE, Settings

PAGE = (SERVICE.parent / "docs" / "operations.md").read_text(encoding="utf-8")
COMMANDS = "\n".join(re.findall(r"^```bash.*\n((?:.*\n)*?)```$", PAGE, re.MULTILINE))
(PARTITIONS,) = re.findall(r"^```sql\n((?:.*\n)*?)```$", PAGE, re.MULTILINE)
COLUMNS = ["prediction_id", "timestamp", "run_id", "user_id", "prediction", "probability"]
RESTORED = "course_restored"


def _row(user, at):
    return f"{uuid.uuid4()}\t{at.isoformat()}\t{'0' * 32}\t{user}\t1\t0.75\n\n".encode()


def _target(environment, **changed):
    return Postgres(Settings(**{name.lower(): value for name, value in (environment | changed).items()}))


def _bash(commands, folder, environment):
    path = {"PATH": f"{POSTGRES}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-ec", commands], cwd=folder, env=path | environment, check=True, timeout=60)


@pytest.fixture(name="now")
def _now():
    return datetime.now(UTC)


def test_a_backup_is_restored_with_all_rows_and_the_service_goes_on_there(database, postgres, now, tmp_path):
    name, environment = database
    before, after = _row(1, now), _row(2, now)
    _target(environment).insert("features", COLUMNS, before)
    _bash(COMMANDS, tmp_path, environment)
    _target(environment, DB_NAME=RESTORED).insert("features", COLUMNS, before + after)
    read = "SELECT user_id FROM {} ORDER BY user_id"
    assert postgres.query(read.format("features"), database=RESTORED) == [(1,), (2,)]
    assert postgres.query(read.format("students"), database=RESTORED) == [(1,), (2,)]
    assert postgres.query(read.format("features"), database=name) == [(1,)]


def test_partitions_take_rows_of_each_day_once_and_students_stay_up_to_date(database, postgres, now, tmp_path):
    name, environment = database
    opening = COMMANDS.splitlines()[0]
    target = _target(environment)
    old = _row(1, now - timedelta(days=2))
    target.insert("features", COLUMNS, old)
    target.close()
    _bash(f'{opening}\npsql --set=ON_ERROR_STOP=1 --dbname="$DB_NAME" <<"SQL"\n{PARTITIONS}SQL', tmp_path, environment)
    days = [old, _row(1, now), _row(2, now + timedelta(days=1)), _row(3, now + timedelta(days=30))]
    for _ in range(2):
        target.insert("features", COLUMNS, b"".join(days))
    found = postgres.query("SELECT tableoid::regclass::text, user_id FROM features ORDER BY timestamp", database=name)
    tomorrow = f"features_{now + timedelta(days=1):%Y%m%d}"
    assert found == [("features_until_today", 1)] * 2 + [(tomorrow, 2), ("features_else", 3)]
    latest = "SELECT user_id, timestamp FROM students ORDER BY user_id"
    assert [user for user, _ in postgres.query(latest, database=name)] == [1, 2, 3]
    assert postgres.query(latest, database=name)[0][1] == now
