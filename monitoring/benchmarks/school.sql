-- Four weeks until the end of 2026-03-28, UTC: two instances, two models, drift and a jump of missing values in the
-- last days, outcomes that are known for the first three weeks. :students, :predictions and :outcomes are its size.
INSERT INTO features
SELECT timestamptz '2026-03-29 00:00:00Z' - (n * interval '28 days' / :predictions) - interval '1 second',
    1 + (n::bigint * 7919) % :students,
    n % 2,
    (ARRAY['Arts', 'Business', 'Health', 'Programming', 'Science'])[1 + n % 5],
    100 * p,
    (20 * p)::int,
    (10 * p)::int,
    (p > 0.5)::int,
    ('00000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid,
    CASE WHEN n * 2 < :predictions THEN 'bbbbbbbb22222222' ELSE 'aaaaaaaa11111111' END,
    p
FROM (SELECT n, mod(n::numeric * 0.6180339887, 1)::float8 AS p FROM generate_series(1, :predictions) AS n) AS numbered;

-- A trigger of the service's may have done this already.
INSERT INTO students
SELECT DISTINCT ON (user_id) user_id, timestamp, prediction_id, run_id, course_category, prediction, probability
FROM features ORDER BY user_id, timestamp DESC
ON CONFLICT DO NOTHING;

INSERT INTO outcomes
SELECT ('00000000-0000-0000-0001-' || lpad(to_hex(n), 12, '0'))::uuid,
    timestamptz '2026-03-29 00:00:00Z' - n * interval '28 days' / :outcomes,
    CASE WHEN n % 3 = 0 THEN ('00000000-0000-0000-0000-' || lpad(to_hex(1 + n * 2), 12, '0'))::uuid END,
    CASE WHEN n % 3 > 0 THEN 1 + (n::bigint * 104729) % :students END,
    (n % 2),
    timestamptz '2026-03-24 00:00:00Z' - n * interval '28 days' / :outcomes
FROM generate_series(1, :outcomes) AS n;

INSERT INTO service_metrics
SELECT timestamptz '2026-03-29 00:00:00Z' - n * interval '30 seconds', 'service-' || host, 30,
    40 + n % 20, n % 3, (n % 500 = 0)::int, 0, 15, 20 + n % 15, (n % 100 = 0)::int,
    0.002, 0.004 + 0.001 * (n % 7), 0.01 + 0.005 * (n % 11),
    n % 30, (n % 30) * 0.1, 1000000 + n % 1000, 1073741824, 0,
    CASE WHEN n < 14 * 2880 THEN 'bbbbbbbb22222222' ELSE 'aaaaaaaa11111111' END,
    CASE WHEN n < 14 * 2880 THEN '2' ELSE '1' END
FROM generate_series(1, 30 * 2880) AS n, generate_series(1, 2) AS host;

INSERT INTO metrics (
    timestamp, day, run_id, rows, students, compared, first_prediction, last_prediction, status,
    prediction_drift, num_drifted_columns, share_drifted_columns, share_missing_values, missing_values_jumped,
    prediction_rate, mean_probability, unseen_category_share, evidently_drifted_columns, alpha, method, report_url, run_url
)
SELECT (day + 1) + time '06:00' AT TIME ZONE 'UTC', day::date, run_id, 500, 450, 450, day::date + time '00:00:05' AT TIME ZONE 'UTC',
    day::date + time '23:59:00' AT TIME ZONE 'UTC',
    CASE WHEN age IN (9, 10) THEN 'not enough data' WHEN age < 3 THEN 'drift' ELSE 'stable' END,
    drift, CASE WHEN drift IS NULL THEN NULL WHEN age < 3 THEN 2 ELSE 0 END, drift, 0.001 + CASE WHEN age < 2 THEN 0.06 ELSE 0 END,
    age < 2, 0.5, 0.49, 0.01, 1, 0.005, 'tests with Holm''s correction', 'http://127.0.0.1:5000/report', 'http://127.0.0.1:5000/run'
FROM (
    SELECT day::date AS day, date '2026-03-28' - day::date AS age,
        CASE WHEN day < date '2026-03-15' THEN 'aaaaaaaa11111111' ELSE 'bbbbbbbb22222222' END AS run_id,
        CASE WHEN date '2026-03-28' - day::date IN (9, 10) THEN NULL ELSE 0.05 END AS drift
    FROM generate_series(date '2026-03-01', date '2026-03-28', interval '1 day') AS day
) AS days;
-- A day before the service was there, and the day of the change, which had both models.
INSERT INTO metrics (timestamp, day, rows, students, compared, status)
VALUES ('2026-03-01 06:00Z', '2026-02-28', 0, 0, 0, 'no predictions');
INSERT INTO metrics (timestamp, day, run_id, rows, students, compared, first_prediction, last_prediction, status)
VALUES ('2026-03-16 06:00Z', '2026-03-15', 'aaaaaaaa11111111', 20, 20, 0, '2026-03-15 00:00Z', '2026-03-15 00:10Z', 'not enough data');

INSERT INTO feature_drift
SELECT day, run_id, name, aspect, 'kolmogorov-smirnov', CASE WHEN status = 'drift' AND name LIKE 'T%' THEN 0.2 ELSE 0.01 END, 0.05,
    CASE WHEN status = 'drift' AND name LIKE 'T%' THEN 1e-9 ELSE 0.7 END, status = 'drift' AND name LIKE 'T%', 0.02
FROM metrics, unnest(ARRAY['TimeSpentOnCourse', 'CourseCategory', 'DeviceType', 'prediction', 'probability']) AS name,
    unnest(ARRAY['values', 'missing']) AS aspect
WHERE status IN ('drift', 'stable');

INSERT INTO live_quality
SELECT timestamp, day, run_id, 300, 450, 0.76, 0.71, 0.80, 0.7, 0.81, 0.77, 0.85, 0.17, 0.03, 0.4, 0.78, 0.76, 0.80, 0.81, 0.16,
    0.3, CASE WHEN status = 'stable' THEN 'as tested' ELSE 'not enough data' END, 'http://127.0.0.1:5000/report'
FROM metrics WHERE day < date '2026-03-22' AND run_id IS NOT NULL;

INSERT INTO decisions (timestamp, day, run_id, action, reason, drifted_days, days, live_accuracy, test_accuracy,
    outcomes_since, flow_run_url, done)
SELECT timestamp, day, run_id, CASE WHEN day = date '2026-03-28' THEN 'retrain' ELSE 'none' END,
    'Three of the last five days with enough data drifted, the last of them too.', 3, 5, 0.76, 0.78, 900,
    'http://127.0.0.1:4200/runs/flow-run/1', true
FROM metrics WHERE run_id = 'bbbbbbbb22222222';
