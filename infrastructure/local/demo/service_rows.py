"""Rows that a service would have written about itself on the last day, for the dashboard Service.

The predictions are those that were replayed. The rest is made up: a service without troubles.
"""

from datetime import date

from stack.postgres import Database
from stack.tracking import Version

FILL = """
    INSERT INTO service_metrics (
        timestamp, instance, seconds, requests, client_errors, server_errors, refused, predictions_negative,
        predictions_positive, unseen_categories, p50_seconds, p95_seconds, p99_seconds, outbox_rows,
        outbox_oldest_seconds, outbox_used_bytes, outbox_max_bytes, rejected_rows, run_id, version
    )
    SELECT moment, 'demo', 30, negative + positive, 0, 0, 0, negative, positive, 0,
        CASE WHEN negative + positive > 0 THEN typical * 0.003 END,
        CASE WHEN negative + positive > 0 THEN typical * 0.006 END,
        CASE WHEN negative + positive > 0 THEN typical * 0.011 END,
        negative + positive, CASE WHEN negative + positive > 0 THEN 0.4 * typical ELSE 0 END,
        65536 + 300 * (negative + positive), 1073741824, 0, %(run_id)s, %(version)s
    FROM generate_series(%(day)s::timestamptz, %(day)s::timestamptz + interval '1 day', '30 s') AS moment
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE prediction = 0) AS negative, count(*) FILTER (WHERE prediction = 1) AS positive
        FROM features
        WHERE timestamp > moment - interval '30 s' AND timestamp <= moment
    ) AS predicted
    -- Without chance, so that each demo shows the same.
    CROSS JOIN LATERAL (SELECT 1 + abs(sin(extract(epoch FROM moment))) / 3 AS typical) AS spread
"""


def fill(database: Database, day: date, model: Version) -> None:
    """Writes a row each 30 seconds of the day (UTC), by a service that serves this model."""
    database.query(FILL, {"day": f"{day} 00:00+00", "run_id": model.run_id, "version": model.version})
