"""What is measured of the service alone: its start, its memory, and large batches."""

import http.client
import json
import random
import statistics
import time
from dataclasses import dataclass

import requests

from benchmarks.servers import HOST, START_SECONDS, Service, wait

COUNTER = "predictions_total{"
MIB = 1024 * 1024
STARTS = 3
BATCH_ROWS = 10_000
BATCHES = 7
SETTLING_SECONDS = 1  # in which each process hands its counts on
CATEGORIES = ("Arts", "Business", "Health", "Programming", "Science")


@dataclass(frozen=True)
class Memory:
    """Of a worker, in MB: what is resident, and what of it is the worker's own."""

    resident: float
    own: float


@dataclass(frozen=True)
class Alone:
    """All of it."""

    starts: list[float]  # seconds
    batches: list[float]  # seconds
    after_requests: list[Memory]  # of each worker, after wrk
    after_batches: list[Memory]

    @property
    def largest(self) -> float:
        """MB resident in the largest worker that there was."""
        return max(one.resident for one in self.after_requests + self.after_batches)

    @property
    def rows_a_second(self) -> float:
        """Of the batches, in the median."""
        return BATCH_ROWS / statistics.median(self.batches)


def start_seconds(service: Service) -> list[float]:
    """Starts the service several times, the model being on disk; the last one goes on running."""
    seconds = []
    for number in range(STARTS):
        if number:
            service.stop()
        began = time.monotonic()
        service.launch()
        wait(service.is_ready, START_SECONDS)
        seconds.append(time.monotonic() - began)
    return seconds


def memory(service: Service) -> list[Memory]:
    """Of each worker now."""
    found = [worker.memory_full_info() for worker in service.workers()]
    return [Memory(one.rss / MIB, one.uss / MIB) for one in found]


def batch_seconds(service: Service) -> list[float]:
    """Posts batches one after the other on one connection; the first, which warms up, is left out."""
    body = json.dumps(students(BATCH_ROWS)).encode()
    connection = http.client.HTTPConnection(HOST, service.port, timeout=60)
    seconds = []
    try:
        for _ in range(1 + BATCHES):
            began = time.perf_counter()
            connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
            seconds.append(time.perf_counter() - began)
            if response.status != http.client.OK or answer.count(b"PredictionID") != BATCH_ROWS:
                raise RuntimeError(f"A batch was answered {response.status}: {answer[:200]!r}")
    finally:
        connection.close()
    return seconds[1:]


def predictions_given(service: Service) -> int:
    """The predictions that the service itself has counted since it started."""
    time.sleep(SETTLING_SECONDS)
    lines = requests.get(f"{service.address}/metrics", timeout=10).text.splitlines()
    return int(sum(float(line.split()[-1]) for line in lines if line.startswith(COUNTER)))


def students(number: int) -> list[dict]:
    """Different ones, the same each time."""
    chance = random.Random(0)
    return [
        {
            "UserID": 1000 + index,
            "CourseCategory": chance.choice(CATEGORIES),
            "DeviceType": chance.randrange(2),
            "TimeSpentOnCourse": round(chance.uniform(1, 100), 6),
            "NumberOfVideosWatched": chance.randrange(21),
            "NumberOfQuizzesTaken": chance.randrange(11),
        }
        for index in range(number)
    ]
