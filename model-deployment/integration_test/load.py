"""Clients that post predictions while something is broken, and remember what they were answered."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.servers import HOST

CLIENTS = 8
PAUSE_SECONDS = 0.005  # between two requests of a client, so that the clients leave the service some of the processor
PAUSE_SECONDS_AFTER_ERROR = 0.05
REQUEST_SECONDS = 15
LONGEST_SECONDS = 180  # of a load that nobody ends
BATCH_EVERY = 20
KEPT_REFUSALS = 50
# Also one that training had not seen, with all that the outbox must escape.
CATEGORIES = ("Arts", "Business", "Health", "Programming", "Science", 'a\tb\\n\nc\r"\\N')


@dataclass
class Answers:
    """What one client was answered."""

    run_ids: dict[str, str] = field(default_factory=dict)  # by the prediction's id
    statuses: Counter = field(default_factory=Counter)
    errors: Counter = field(default_factory=Counter)  # no answer, by the kind of error
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # status and headers of the first ones


class Load:
    """Posts to services in turn, over connections that stay open, as long as its `with` block lasts.

    Every BATCH_EVERY-th request is a batch of up to `batch_rows`.
    """

    def __init__(self, *ports: int, clients: int = CLIENTS, batch_rows: int = 100, batch_every: int = BATCH_EVERY):
        self._batch = (batch_rows, batch_every)
        self._stopping = threading.Event()
        self._answers = [Answers() for _ in range(clients)]
        self._threads = [
            threading.Thread(target=self._post, args=(ports[number % len(ports)], answers), daemon=True)
            for number, answers in enumerate(self._answers)
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        """Sends no new requests, and waits for the answers to those that are sent."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(2 * REQUEST_SECONDS)

    def run_ids(self) -> dict[str, str]:
        """The run id of each prediction that was answered, by the prediction's id."""
        return {its_id: run_id for answers in self._answers for its_id, run_id in list(answers.run_ids.items())}

    @property
    def statuses(self) -> Counter:
        """How often each status was answered."""
        return sum((Counter(dict(answers.statuses)) for answers in self._answers), Counter())

    @property
    def errors(self) -> Counter:
        """How often requests got no answer, by the kind of error."""
        return sum((Counter(dict(answers.errors)) for answers in self._answers), Counter())

    @property
    def refusals(self) -> list[tuple[int, dict[str, str]]]:
        """Status and headers of some answers that were not 200."""
        return [refusal for answers in self._answers for refusal in list(answers.refusals)]

    def assert_unharmed(self) -> None:
        """All requests were answered, with 200."""
        assert not self.errors
        assert set(self.statuses) == {200}, self.statuses

    def _post(self, port: int, answers: Answers) -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=REQUEST_SECONDS)
        latest = time.monotonic() + LONGEST_SECONDS
        requests = 0
        while not self._stopping.is_set() and time.monotonic() < latest:
            requests += 1
            try:
                status, headers, body = _exchange(connection, self._body(requests))
            except (OSError, http.client.HTTPException) as error:
                answers.errors[type(error).__name__] += 1
                connection.close()
                self._stopping.wait(PAUSE_SECONDS_AFTER_ERROR)
                continue
            answers.statuses[status] += 1
            if status == 200:
                said = json.loads(body)
                for one in said if isinstance(said, list) else [said]:
                    answers.run_ids[one["PredictionID"]] = one["RUN_ID"]
            elif len(answers.refusals) < KEPT_REFUSALS:
                answers.refusals.append((status, headers))
            self._stopping.wait(PAUSE_SECONDS)
        connection.close()

    def _body(self, number: int) -> bytes:
        rows, every = self._batch
        if number % every:
            return json.dumps(_student()).encode()
        return json.dumps([_student() for _ in range(random.randint(1, rows))]).encode()


def _student() -> dict:
    return {
        "UserID": random.randrange(10_000),
        "CourseCategory": random.choice(CATEGORIES),
        "DeviceType": random.randrange(2),
        "TimeSpentOnCourse": random.uniform(0, 100),
        "NumberOfVideosWatched": random.randrange(20),
        "NumberOfQuizzesTaken": None if random.random() < 0.05 else random.randrange(10),
    }


def _exchange(connection: http.client.HTTPConnection, body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer; raises OSError or HTTPException unless it came whole."""
    connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read()
