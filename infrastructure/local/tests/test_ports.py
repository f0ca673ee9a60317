"""Choosing ports."""

import os
import socket
import subprocess

import pytest

from stack import ports
from stack.addresses import choose_port


@pytest.fixture(name="taken_port", params=["127.0.0.1", "0.0.0.0"])
def _taken_port(request):
    with socket.socket() as server:
        server.bind((request.param, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_free_port_is_used():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    assert ports.choose(free, set()) == free


def test_a_taken_port_is_replaced_by_a_free_one(taken_port):
    chosen = ports.choose(taken_port, set())
    assert chosen != taken_port
    assert ports.is_free(chosen)
    assert chosen in ports.FREE


def test_two_programs_that_want_the_same_port_get_different_ones():
    taken: set[int] = set()
    first = ports.choose(0, taken)
    assert ports.choose(first, taken) != first
    assert len(taken) == 2


def test_a_port_that_another_stack_has_chosen_is_taken_before_it_listens(spawn):
    code = "from stack.addresses import choose_port; print(choose_port('MLflow', 0, set()), flush=True); input()"
    other = spawn("-c", code, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    theirs = int(other.stdout.readline())
    assert ports.is_free(theirs)
    assert choose_port("MLflow", theirs, set()) != theirs
    other.communicate("\n")
    assert choose_port("MLflow", theirs, set()) == theirs


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_is_kept_can_be_taken_by_nobody_until_it_is_let_go(host):
    port = ports.choose(0, set())
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        with ports.keep(port):
            assert not ports.answers(port)
            with pytest.raises(OSError, match="in use"):
                server.bind((host, port))
        server.bind((host, port))


def test_a_port_that_somebody_uses_cannot_be_kept_and_that_is_no_fault(taken_port):
    ports.keep(taken_port).close()


@pytest.mark.parametrize(("given", "expected"), [("", "127.0.0.1,localhost"), ("corp", "corp,127.0.0.1,localhost")])
def test_a_proxy_is_not_asked_for_this_machine(monkeypatch, given, expected):
    monkeypatch.setenv("NO_PROXY", given)
    monkeypatch.setenv("no_proxy", "")
    ports.bypass_proxies()
    assert os.environ["NO_PROXY"] == expected
