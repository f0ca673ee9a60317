"""The service and Postgres as these tests need them: every process of theirs can be found, and ends with its test."""

import os
import shutil
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Iterator

import psutil
import psycopg2

from benchmarks import servers
from benchmarks.servers import wait
from integration_test.load import Load
from serving import companions
from serving.outbox import backlog, segment
from serving.settings import Settings
from serving.startup import metrics_folder

EMPTY_SECONDS = 60  # for what was answered to be in Postgres, once Postgres is there


class Service(servers.Service):
    """The service, also where it was started several times and only a part of it was killed."""

    def __init__(self, folder: Path, settings: dict[str, str]):
        super().__init__(folder, settings)
        self._sessions: set[int] = set()

    def launch(self) -> None:
        """Starts it, in a session of its own, and does not wait."""
        super().launch()
        self._sessions.add(self.process.pid)

    def processes(self, module: str = "") -> list[psutil.Process]:
        """What runs of it, of all its starts; or of that only what runs this module."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if os.getsid(process.pid) in self._sessions and process.status() != psutil.STATUS_ZOMBIE:
                    if module in " ".join(process.cmdline()):
                        found.append(process)
        return found

    def workers(self) -> list[psutil.Process]:
        """The processes that answer requests now."""
        return [one for one in self.processes("gunicorn") if one.pid != self.process.pid]

    def shippers(self) -> list[psutil.Process]:
        """The process that ships, unless it is starting again."""
        return self.processes(companions.SHIPPER)

    def kill_master(self) -> None:
        """Kills the process that was started, and nothing else."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Ends whatever runs of it, and deletes what it leaves outside its folder."""
        while found := self.processes():
            for process in found:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            time.sleep(0.05)
        if self.process:
            self.process.wait()
        shutil.rmtree(metrics_folder(Settings(web_port=self.port)), ignore_errors=True)

    def unshipped(self, table: str = "") -> int:
        """The rows that wait in its outbox; or those of one table, of which nothing is shipped yet."""
        if not table:
            return backlog.measure(self.outbox).rows
        found = [one for one in segment.listed(self.outbox) if one.table == table]
        return sum(backlog.count_rows(one.rows(one.header()[1], one.size)) for one in found)


class Postgres(servers.Postgres):
    """A PostgreSQL server whose backends can be killed too: each is a session of its own."""

    def kill(self) -> None:
        """Kills all its processes, the one that would start others first."""
        is_running = self._process is not None and self._process.poll() is None
        backends = psutil.Process(self._process.pid).children(recursive=True) if is_running else []
        super().kill()
        for backend in backends:
            with suppress(psutil.NoSuchProcess):
                backend.kill()
        wait(lambda: not any(map(_runs, backends)))

    def end(self) -> None:
        """Stops it, so that it takes its shared memory with it; kills it if that fails."""
        try:
            self.stop()
        finally:
            self.kill()


class Database:
    """An empty database of a server, and what the service has put there."""

    def __init__(self, server: servers.Postgres, name: str):
        self.server = server
        self.settings = server.create(name)
        self._name = name

    def rows(self) -> list[tuple[str, str]]:
        """The id and the run id of each row of `features`."""
        return self.query("SELECT prediction_id::text, run_id FROM features")

    def query(self, statement: str) -> list[tuple]:
        """What a statement gives; nothing before the service has made its tables."""
        there = self.server.query("SELECT to_regclass('features') IS NOT NULL", database=self._name)[0][0]
        return self.server.query(statement, database=self._name) if there else []

    def count(self) -> int:
        """The rows of `features`; 0 before the table is there."""
        found = self.query("SELECT count(*) FROM features")
        return found[0][0] if found else 0

    @contextmanager
    def being_migrated_by_another(self) -> Iterator[None]:
        """Whoever migrates it meanwhile has to wait, for a table that in the end is not there."""
        own = self.settings
        with closing(
            psycopg2.connect(
                host=own["DB_HOST"],
                port=own["DB_PORT"],
                user=own["DB_USER"],
                password=own["DB_PASSWORD"],
                dbname=own["DB_NAME"],
            )
        ) as connection:
            with connection.cursor() as cursor:
                cursor.execute("CREATE TABLE features ()")
            yield

    def waiting(self) -> int:
        """How many connections to it wait for another one."""
        statement = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
        return self.server.query(statement, self._name, database="postgres")[0][0]

    def is_taking_rows(self) -> bool:
        """Whether a batch is on its way into it now."""
        statement = (
            "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query ~ '^(COPY|INSERT)' AND datname = %s"
        )
        return bool(self.server.query(statement, self._name, database="postgres"))


def assert_kept(load: Load, database: Database, *services: Service, exactly: bool = True) -> None:
    """Every answer is in the database once, with the model that gave it, and with `exactly` there is nothing else.

    Without it, there may be rows of requests whose answer was cut off.
    """
    wait(lambda: not sum(service.unshipped() for service in services), EMPTY_SECONDS)
    answered = load.run_ids()
    rows = database.rows()
    stored = dict(rows)
    assert answered
    assert len(rows) == len(stored)
    assert not answered.keys() - stored.keys(), "answers are lost"
    assert not exactly or answered.keys() == stored.keys(), "there are rows that were not answered"
    assert answered.items() <= stored.items()


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
