"""What all processes of the service have counted together, and what of it fell between two looks."""

from collections import Counter

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.samples import Sample

from serving.metrics import OUTCOMES, PREDICT

BOUND = "le "  # then an upper bound, in seconds: the predictions that were answered within it
REFUSED = "503"  # the outbox took no rows; on these routes nothing else is answered so
ALONE = {"unseen_categories_total": "unseen_categories", "outbox_rejected_rows_total": "rejected_rows"}
CLASSES = {"0": "predictions_negative", "1": "predictions_positive"}
COLUMNS = ("requests", "client_errors", "server_errors", "refused", *CLASSES.values(), *ALONE.values())
SHARES = {"p50_seconds": 0.5, "p95_seconds": 0.95, "p99_seconds": 0.99}


def look() -> Counter[str]:
    """All counts since the service started: those of COLUMNS, and of the answers to POST /predict within each bound."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    found: Counter[str] = Counter()
    for metric in registry.collect():
        for sample in metric.samples:
            for name in _names(sample):
                found[name] += round(sample.value)
    return found


def between(before: dict[str, int], now: dict[str, int]) -> dict[str, int]:
    """What was counted between two looks. Where a count is less than it was, it had begun anew."""
    return {name: value - before.get(name, 0) if value >= before.get(name, 0) else value for name, value in now.items()}


def columns(counted: dict[str, int]) -> dict[str, int | float | None]:
    """The columns of `service_metrics` that follow from what was counted in an interval."""
    buckets = sorted(
        (float(name.removeprefix(BOUND)), value) for name, value in counted.items() if name.startswith(BOUND)
    )
    return {name: counted.get(name, 0) for name in COLUMNS} | {
        name: quantile(share, buckets) for name, share in SHARES.items()
    }


def quantile(share: float, buckets: list[tuple[float, int]]) -> float | None:
    """The time within which this share was answered, or None if nothing was.

    `buckets` are upper bounds, the last of them infinite, and how many were answered within each. Within a bucket,
    times count as evenly spread; beyond the last bound that is a number, they count as this bound.
    """
    wanted = share * buckets[-1][1] if buckets else 0
    if not wanted:
        return None
    lower, below = 0.0, 0
    for bound, within in buckets:
        if within >= wanted and bound < float("inf"):
            return lower + (bound - lower) * (wanted - below) / (within - below)
        if bound < float("inf"):
            lower, below = bound, within
    return lower


def _names(sample: Sample) -> list[str]:
    """Under which names a sample counts here."""
    labels = sample.labels
    if sample.name in ALONE:
        return [ALONE[sample.name]]
    if sample.name == "predictions_total":
        return [CLASSES[labels["completion"]]]
    if sample.name == "http_request_duration_seconds_bucket" and labels["route"] == PREDICT:
        return [BOUND + labels["le"]]
    if sample.name == "http_requests_total" and labels["route"] in (PREDICT, OUTCOMES):
        return ["requests", *_kind(labels["status"])]
    return []


def _kind(status: str) -> list[str]:
    if status == REFUSED:
        return ["refused"]
    return {"4": ["client_errors"], "5": ["server_errors"]}.get(status[0], [])
