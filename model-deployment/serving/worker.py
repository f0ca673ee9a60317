"""The process that answers requests: gunicorn's gevent worker, which here ends without failing a request."""

import socket
import time
from functools import partial

import gevent
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.workers.ggevent import GeventWorker

REQUEST_SECONDS = 60  # for a request in all, from its headers on; its headers have gunicorn's keepalive
PULSE_SECONDS = 0.2


class Worker(GeventWorker):
    """On SIGTERM it says that it is not ready, answers on for SHUTDOWN_DELAY, and closes each connection after its
    answer; then it takes no more connections, hangs up on the idle ones, and waits for the rest. On Ctrl-C, which is
    sent by somebody who waits for the end, it does so without the delay."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._connections: dict[socket.socket, bool] = {}  # and whether it is in a request
        self._is_hurried = False

    def run(self) -> None:
        """As gunicorn calls it."""
        service = self.wsgi.extensions["service"]
        servers = [self._listen(listener) for listener in self.sockets]
        while self.alive:
            self._pulse()
            service.tally.hand_on()
        service.is_stopping = True
        self._wait(service.settings.shutdown_delay, until=lambda: self._is_hurried)
        for server in servers:
            server.close()
        for connection, is_busy in list(self._connections.items()):
            if not is_busy:
                _hang_up(connection)
        # What was accepted is in a pool before it is among the connections.
        self._wait(
            self.cfg.graceful_timeout,
            until=lambda: all(server.pool.free_count() == server.pool.size for server in servers),
        )
        service.outbox.close()
        service.tally.hand_on()

    def handle_quit(self, sig, frame) -> None:
        """As gunicorn calls it, on Ctrl-C. Its own would exit from within another greenlet, with a traceback."""
        self._is_hurried = True
        self.handle_exit(sig, frame)

    def handle(self, listener, client, addr) -> None:
        """As gunicorn calls it, for each connection."""
        self._connections[client] = False
        try:
            super().handle(listener, client, addr)
        finally:
            del self._connections[client]

    def handle_request(self, listener_name, req, sock, addr):
        """As gunicorn calls it, for each request."""
        self._connections[sock] = True
        timeout = gevent.Timeout.start_new(REQUEST_SECONDS)
        try:
            return super().handle_request(listener_name, req, sock, addr)
        except gevent.Timeout as expired:
            if expired is not timeout:
                raise
            # Which closes the connection. Its answer may have begun, so nothing can be said on it any more.
            raise StopIteration from None
        finally:
            timeout.close()
            self._connections[sock] = False

    def _listen(self, listener) -> StreamServer:
        listener.setblocking(1)
        server = StreamServer(listener, handle=partial(self.handle, listener), spawn=Pool(self.worker_connections))
        server.start()
        return server

    def _pulse(self) -> None:
        self.notify()
        gevent.sleep(PULSE_SECONDS)

    def _wait(self, seconds: float, until) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not until():
            self._pulse()


def _hang_up(connection: socket.socket) -> None:
    """Ends a connection on which no request has begun. One that is on its way is still read, and answered."""
    try:
        connection.shutdown(socket.SHUT_RD)
    except OSError:
        pass  # the client was first
