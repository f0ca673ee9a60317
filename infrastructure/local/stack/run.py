"""`make run` and `make postgres`: bring programs up, keep them up until told to stop, and take them down."""

import errno
import shlex
import signal
import threading
import time
import xmlrpc.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import psycopg2
import requests

import parent
import soundness
from stack import (
    addresses,
    console,
    environments,
    grafana,
    instance,
    leftovers,
    loop,
    manage,
    ports,
    postgres,
    programs,
    service_settings,
    things_to_try,
)
from stack.instance import Instance
from stack.settings import Settings
from stack.supervisor import Supervisor

WATCH_SECONDS = 2
WITHOUT_SPACE = "until there is space, predictions may be answered 503, and training and monitoring fail."
KEPT = "Stopped. It goes on with the same data at the next start."


class Stopped(BaseException):
    """Somebody wants the stack to end. Not an Exception, so that nothing handles it on the way."""


def run(settings: Settings) -> int:
    """`make run`: the whole loop, until it is stopped; gives the exit code."""
    return hold(settings, _whole_loop, KEPT)


def run_postgres(settings: Settings) -> int:
    """`make postgres`: the database alone, for services that are started by hand; gives the exit code."""
    return hold(settings, _postgres_alone, KEPT)


def hold(settings: Settings, body: Callable[[Settings, Instance], None], farewell: str) -> int:
    """Carries out `body` as the one that holds this folder; says `farewell` when it is told to stop."""
    _stop_on_signals()
    settings.make_folders()
    try:
        with (
            instance.claim(settings.local_dir) as claimed,
            environments.needed(),
            watching_the_disk(settings.local_dir),
        ):
            body(settings, claimed)
    except instance.AlreadyRunning:
        return manage.running_already(settings, wants_all=body is not _postgres_alone)
    except xmlrpc.client.Error as error:  # its text may hold supervisord's password
        raise console.StepFailed(f"supervisord failed. The logs are in {settings.logs}.") from error
    except (requests.RequestException, psycopg2.Error, OSError) as error:
        if soundness.is_full(settings.local_dir):
            raise console.StepFailed(soundness.FULL.format(settings.local_dir)) from error
        raise console.StepFailed(f"{type(error).__name__}: {error}. The logs are in {settings.logs}.") from error
    except console.StepFailed as error:
        if soundness.is_full(settings.local_dir):
            raise console.StepFailed(f"{error}\n{soundness.FULL.format(settings.local_dir)}") from error
        raise
    except Stopped:
        console.note(farewell)
    return 0


def _whole_loop(settings: Settings, claimed: Instance) -> None:
    environments.make_all(settings)
    leftovers.end(settings.local_dir)
    grafana.remove_container(settings.local_dir)
    found = grafana.find(settings)
    chosen = addresses.choose(settings, has_grafana=found is not None)
    environment = chosen.environment(settings)
    of_the_web = programs.web(settings, chosen.web_port, run_id="").environment
    service_settings.tell_unused(environment | of_the_web)
    service_settings.check(environment, of_the_web)
    claimed.publish(addresses=chosen.table(settings))
    with Supervisor(settings, environment) as supervisor, announcing_the_end():
        grafana.fetch(supervisor, found)
        with ports.keep(chosen.grafana_port) if found else nullcontext():
            loop.run(settings, supervisor, chosen)
        if found and not grafana.start(settings, supervisor, chosen, found):
            chosen = replace(chosen, grafana_port=None)
            claimed.publish(addresses=chosen.table(settings))
        claimed.publish(is_up=True)
        console.note(f"\nEverything is up after {console.seconds_since_start():.0f} s.\n")
        console.table(chosen.table(settings))
        if not found:
            console.note(f"\n{grafana.HOW_TO_GET_IT}")
        console.note(things_to_try.text(chosen, bool(settings.data_source)))
        _watch(supervisor)


def _postgres_alone(settings: Settings, claimed: Instance) -> None:
    leftovers.end(settings.local_dir)
    database, program = postgres.own(settings, addresses.choose_port("Postgres", settings.db_port, set()))
    claimed.publish(addresses={"Postgres": database.address})
    with Supervisor(settings, {}) as supervisor, announcing_the_end():
        with console.step("Postgres") as step:
            supervisor.start(program)
            database.make()
            step.result = database.address
        claimed.publish(is_up=True)
        shown = database.environment | {"DB_PASSWORD": f"$(cat {shlex.quote(str(database.password_file))})"}
        console.note("For the services, in their terminals:\n")
        console.note("    export " + " ".join(f'{name}="{value}"' for name, value in shown.items()))
        _watch(supervisor)


@contextmanager
def announcing_the_end() -> Iterator[None]:
    """Says so when the stack begins to stop."""
    try:
        yield
    finally:
        console.note("\nStopping ...")


@contextmanager
def watching_the_disk(folder: Path) -> Iterator[None]:
    """Says when the disk is full, and when it has space again, also while the stack starts, which may hang for it."""
    ended = threading.Event()

    def watch() -> None:
        was_full = False
        while not ended.wait(WATCH_SECONDS):
            try:
                full = soundness.is_full(folder)
            except FileNotFoundError:  # somebody has deleted it under the stack, which the programs will tell
                return
            if full != was_full:
                event = f"is full, or nearly: {WITHOUT_SPACE}" if full else "has space again."
                _tell(f"The disk with {folder} {event}")
            was_full = full

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()


def _watch(supervisor: Supervisor) -> None:
    """Says when a program ends, comes back or is given up, as long as the stack is up."""
    known = supervisor.processes()
    while True:
        time.sleep(WATCH_SECONDS)
        processes = supervisor.processes()
        for name, (process, state) in processes.items():
            given_up = state == "FATAL" and known[name][1] != "FATAL"
            if process != known[name][0] or given_up:
                event = "is up again" if process else "did not come back: start anew" if given_up else "ended"
                _tell(f"{name} {event}; its log is {supervisor.log(name)}")
        known = processes


def _tell(event: str) -> None:
    """Says it with the time of day. Where it is said into a file on a full disk, the stack goes on all the same."""
    try:
        console.warning(f"{time.strftime('%H:%M:%S')} {event}")
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def _stop_on_signals() -> None:
    def stop(*_):
        for number in parent.ENDINGS:
            signal.signal(number, signal.SIG_IGN)  # nothing cuts the end short
        raise Stopped

    parent.on_the_end(stop)
    threading.Thread(target=parent.hang_up_with_terminal, daemon=True).start()
