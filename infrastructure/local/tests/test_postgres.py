"""The stack's own Postgres, for real, under its supervisor."""

import os
import re
import resource
import sys
import tempfile
from datetime import UTC, date, datetime
from urllib.parse import unquote, urlsplit

import psycopg2
import pytest

from stack import addresses, console, external, leftovers, loop, postgres
from stack.settings import Settings
from stack.supervisor import Program, Supervisor, check_open_files


@pytest.fixture(name="settings")
def _settings(tmp_path):
    settings = Settings(local_dir=tmp_path / "with a space", db_host=None, db_name='a "course"')
    settings.logs.mkdir(parents=True)
    return settings


def _run(settings, port):
    """Starts the server of these settings; gives the supervisor, to be used as a context, and the database."""
    database, program = postgres.own(settings, port)
    supervisor = Supervisor(settings, {})
    return supervisor, database, program


def test_the_server_wants_the_password_and_keeps_its_data(settings):
    (settings.local_dir / "postgres" / "data").mkdir(parents=True)  # what a deletion that was cut short may leave
    for _ in range(2):
        supervisor, database, program = _run(settings, postgres.ports.choose(0, set()))
        with supervisor:
            supervisor.start(program)
            database.make()
            database.make()
            database.query("CREATE TABLE IF NOT EXISTS kept (x int)")
            database.query("INSERT INTO kept VALUES (1)")
            rows = database.query("SELECT * FROM kept")
            wrong = postgres.Database(database.host, database.port, database.user, "wrong", database.name)
            with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
                wrong.query("SELECT 1")
        assert not leftovers.find(settings.local_dir)
    assert rows == [{"x": 1}, {"x": 1}]
    assert database.password not in database.address
    assert database.password_file.stat().st_mode & 0o077 == 0


def test_a_day_begins_at_midnight_of_the_time_zone(settings):
    """West of UTC, the day of UTC is for some hours one that the monitoring does not know yet."""
    supervisor, database, program = _run(settings, postgres.ports.choose(0, set()))
    moment = datetime(2026, 11, 27, 4, 29, tzinfo=UTC)
    with supervisor:
        supervisor.start(program)
        database.make()
        days = {zone: loop.day_of(database, moment, zone) for zone in ("UTC", "America/Los_Angeles", "Asia/Tokyo")}
        assert days == {
            "UTC": date(2026, 11, 27),
            "America/Los_Angeles": date(2026, 11, 26),
            "Asia/Tokyo": date(2026, 11, 27),
        }


def test_prefect_uses_the_stacks_own_server_whatever_its_password_and_makes_nothing_on_the_users(settings):
    database = postgres.Database("127.0.0.1", 5432, "mlops", "p@ss:/?#%", "course")
    program = Program("postgres", [], settings.local_dir, rank=10)
    own, of_another = (addresses.Addresses(database, one, 1, 2, 3).environment(settings) for one in (program, None))
    url = urlsplit(own["PREFECT_SERVER_DATABASE_CONNECTION_URL"])
    assert (url.hostname, url.port, url.path) == ("127.0.0.1", 5432, "/prefect")
    assert unquote(url.password) == database.password
    assert not [name for name in of_another if "DATABASE" in name]


def test_a_password_that_was_changed_is_named_with_its_file_which_may_have_been_written_by_echo(settings):
    supervisor, database, program = _run(settings, postgres.ports.choose(0, set()))
    with supervisor:
        supervisor.start(program)
        database.query(f"ALTER ROLE {database.user} PASSWORD 'new'", database="postgres")
        supervisor.remove(program)
        with pytest.raises(console.StepFailed, match=r"refuses the password in .*write the new one into that file"):
            supervisor.start(program)
    database.password_file.write_text("new\n", encoding="utf-8")
    supervisor, database, program = _run(settings, postgres.ports.choose(0, set()))
    with supervisor:
        supervisor.start(program)


def test_a_server_that_was_killed_is_started_again(settings, wait):
    supervisor, database, program = _run(settings, postgres.ports.choose(0, set()))
    with supervisor:
        supervisor.start(program)
        first, _ = supervisor.processes()["postgres"]
        os.kill(first, 9)
        wait(lambda: supervisor.processes()["postgres"][0] not in (0, first))
        wait(database.is_ready)


@pytest.mark.parametrize("pid", [os.getpid(), 2**22 + 1])
def test_the_pid_file_of_a_dead_server_is_no_obstacle(settings, pid):
    supervisor, _, program = _run(settings, postgres.ports.choose(0, set()))
    pid_file = settings.local_dir / "postgres" / "data" / "postmaster.pid"
    pid_file.write_text(f"{pid}\n{pid_file.parent}\n", encoding="utf-8")
    supervisor, _, program = _run(settings, postgres.ports.choose(0, set()))
    with supervisor:
        supervisor.start(program)


def test_a_program_that_ends_at_once_is_a_failure_with_its_log(settings):
    supervisor, _, program = _run(settings, port=70000)
    with supervisor, pytest.raises(console.StepFailed, match="postgres ended while it was starting(.|\n)*70000"):
        supervisor.start(program)


def test_the_log_of_a_script_has_nothing_of_its_earlier_starts(settings):
    for word in ("first", "second"):
        script = Program("script", ["sh", "-c", f"echo {word}; exit 1"], settings.local_dir, 10, runs_once=True)
        with Supervisor(settings, {}) as supervisor, pytest.raises(console.StepFailed) as raised:
            supervisor.launch(script)
            supervisor.wait_for_end(script)
        assert str(raised.value).endswith(f"it ends:\n    {word}")


@pytest.mark.parametrize(
    ("is_ours", "code"), [(True, ""), (False, "import time; time.sleep(600)"), (False, "raise SystemExit('taken')")]
)
def test_a_program_is_not_ready_where_another_answers_in_its_place(settings, wait, spawn, is_ours, code):
    port = postgres.ports.choose(0, set())
    listen = ["-m", "http.server", str(port), "--bind", "127.0.0.1"]
    command = [sys.executable, *(listen if is_ours else ["-c", code])]
    if not is_ours:
        spawn(*listen)
        wait(lambda: postgres.ports.answers(port))
    program = Program(
        "server", command, settings.local_dir, 10, is_ready=lambda: postgres.ports.answers(port), port=port
    )
    with Supervisor(settings, {}) as supervisor:
        if is_ours:
            supervisor.start(program)
        else:
            with pytest.raises(console.StepFailed, match=f"Port {port} was taken by another program while server was"):
                supervisor.start(program)


def test_too_few_open_files_are_named_with_what_to_raise():
    check_open_files(1024)
    check_open_files(resource.RLIM_INFINITY)
    with pytest.raises(console.StepFailed, match=r"may open 512 files here \(ulimit -Hn\), and 1024 are needed"):
        check_open_files(512)


def test_a_password_that_is_not_used_is_named(settings, capsys):
    unused = Settings(local_dir=settings.local_dir, db_host=None, db_password="s3cret", db_port=0)
    addresses.choose(unused)
    assert "DB_PASSWORD is not used: without DB_HOST" in " ".join(capsys.readouterr().out.split())


def test_a_server_of_the_users_that_cannot_be_used_is_named_without_its_password():
    settings = Settings(db_host="127.0.0.1", db_port=9, db_password="s3cret")
    with pytest.raises(console.StepFailed, match="postgresql://mlops@127.0.0.1:9/course cannot be used") as raised:
        external.database(settings)
    assert "s3cret" not in str(raised.value)


def test_a_user_who_may_not_make_the_tables_is_told_so_where_there_are_none_and_tls_is_as_asked_for(settings):
    supervisor, database, program = _run(settings, postgres.ports.choose(0, set()))
    with supervisor:
        supervisor.start(program)
        database.make()
        database.query("CREATE ROLE plain LOGIN PASSWORD 'secret'")
        theirs = {"db_host": database.host, "db_port": database.port, "db_name": database.name}
        plain = theirs | {"db_user": "plain", "db_password": "secret"}
        with pytest.raises(console.StepFailed, match='none of the tables.*GRANT CREATE ON SCHEMA public TO "plain"'):
            external.database(Settings(**plain))
        database.query("CREATE TABLE features (x int); CREATE TABLE metrics (x int)")
        with pytest.raises(console.StepFailed, match="features, metrics. Have their owner allow it: GRANT") as raised:
            external.database(Settings(**plain))
        database.query(re.search("GRANT .*", str(raised.value)).group())
        assert external.database(Settings(**plain)).user == "plain"
        with pytest.raises(console.StepFailed, match="does not support SSL"):
            external.database(Settings(**plain, db_sslmode="require"))


def test_a_user_without_a_name_is_told_so(settings, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 2**31 - 7)
    with pytest.raises(console.StepFailed, match="a user without a name, as 2147483641 is here(.|\n)*DB_HOST"):
        postgres.own(settings, 1)


@pytest.fixture(name="no_namespaces")
def _no_namespaces(monkeypatch):
    """As in most containers. Gives whether the user nobody can reach PostgreSQL's programs."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("is about root on Linux")
    succeeds = postgres._succeeds  # pylint: disable=protected-access
    monkeypatch.setattr(postgres, "_succeeds", lambda command: command[0] != "unshare" and succeeds(command))
    return succeeds(["setpriv", "--reuid=65534", "--clear-groups", "test", "-x", str(postgres.BINARIES / "postgres")])


def test_root_without_user_namespaces_runs_it_as_nobody(no_namespaces):
    if not no_namespaces:
        pytest.skip("the repository is in a folder that only root may enter")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        settings = Settings(local_dir=folder, db_host=None)
        settings.logs.mkdir()
        supervisor, database, program = _run(settings, postgres.ports.choose(0, set()))
        assert program.command[0] == "setpriv"
        with supervisor:
            supervisor.start(program)
            assert database.is_ready()


@pytest.mark.usefixtures("no_namespaces")
def test_where_nobody_can_reach_the_folder_it_says_what_to_do(settings):
    settings.local_dir.chmod(0o700)
    closed = next(
        folder for folder in (*reversed(settings.local_dir.parents), settings.local_dir) if _is_closed(folder)
    )
    with pytest.raises(console.StepFailed, match=f"may enter {closed}. Run make as an ordinary user, or in a folder"):
        postgres.own(settings, 5432)


def _is_closed(folder):
    return not folder.stat().st_mode & 1
