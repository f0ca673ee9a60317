"""Finds ports to listen on, and keeps the way to them free."""

import os
import random
import socket

HOST = "127.0.0.1"
# Not those that the kernel gives to connections: one might get the port before the server listens, which takes a while.
FREE = range(20_000, 30_000)
# Each tells other stacks, until this process ends, that its port is taken.
_claims: dict[int, socket.socket] = {}


def bypass_proxies() -> None:
    """Has this process, and those that it starts, talk to this machine directly where a proxy is configured."""
    for variable in ("NO_PROXY", "no_proxy"):
        given = [os.environ[variable]] if os.environ.get(variable) else []
        os.environ[variable] = ",".join([*given, HOST, "localhost"])


def choose(wanted: int, taken: set[int]) -> int:
    """`wanted` if it is free and not in `taken`, else another free port, which is added to `taken`."""
    port = wanted
    while not port or port in taken or not is_free(port):
        port = random.choice(FREE)
    taken.add(port)
    return port


def claim(port: int) -> bool:
    """Claims a port until this process ends; says whether it could, which it cannot where another stack has.

    A server may take a minute until it listens, in which another stack that starts would find the port free, and then
    take this one's server for its own. The claim is the port's namesake of UDP, where nothing here listens, and which
    the kernel gives to one process.
    """
    if port not in _claims:
        holder = socket.socket(type=socket.SOCK_DGRAM)
        try:
            holder.bind((HOST, port))
        except OSError:
            holder.close()
            return False
        _claims[port] = holder
    return True


def keep(port: int) -> socket.socket:
    """Keeps other programs from a free port, and accepts no connection there, until what this gives is closed."""
    holder = socket.socket()
    try:
        holder.bind((HOST, port))
    except OSError:
        pass  # connections of a server that has just ended: then it cannot be kept, and is free all the same
    return holder


def is_free(port: int) -> bool:
    """Whether nothing listens on the port, on this address or on all."""
    if answers(port):
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server that ended a moment ago does not count
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(port: int, host: str = HOST) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
