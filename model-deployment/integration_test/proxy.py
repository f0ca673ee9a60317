"""Stands between the service and Postgres, and cuts the connection at the worst moment."""

import select
import socket
import threading
from contextlib import suppress

from benchmarks.servers import HOST

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # as psycopg2 sends it
COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"  # as Postgres answers
CHUNK = 1024 * 1024
LOOK_SECONDS = 0.2


class Proxy:
    """Passes everything on, unless `cut_next` was called: then Postgres's answer to the next COMMIT of a batch is
    dropped, and both sides are hung up on. So the batch is in Postgres, and nobody who sent it knows.
    """

    def __init__(self, port: int):
        self._to = port
        self._listener = socket.create_server((HOST, 0))
        self._listener.settimeout(LOOK_SECONDS)
        self.port = self._listener.getsockname()[1]
        self.cuts = 0
        self._is_to_cut = threading.Event()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> "Proxy":
        self._threads[0].start()
        return self

    def __exit__(self, *_) -> None:
        self._stopped.set()
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def cut_next(self) -> None:
        """Has the next batch cut off."""
        self._is_to_cut.set()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            with suppress(TimeoutError, OSError):
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection((HOST, self._to)) as server:
            is_batch = False
            while not self._stopped.is_set():
                ready, _, _ = select.select([client, server], [], [], LOOK_SECONDS)
                if server in ready:
                    said = server.recv(CHUNK)
                    if not said:
                        return
                    client.sendall(said)
                if client in ready:
                    said = client.recv(CHUNK)
                    if not said:
                        return
                    is_batch |= b"COPY " in said
                    server.sendall(said)
                    if is_batch and said.endswith(COMMIT) and self._is_to_cut.is_set():
                        self._drop(server)
                        return

    def _drop(self, server: socket.socket) -> None:
        """Waits until Postgres has committed, and tells nobody."""
        said = b""
        while COMMITTED not in said:
            if not (more := server.recv(CHUNK)):
                return
            said += more
        self._is_to_cut.clear()
        self.cuts += 1
