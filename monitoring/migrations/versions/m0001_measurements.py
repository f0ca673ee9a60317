"""The tables `metrics`, `feature_drift`, `live_quality` and `decisions`; a `metrics` of earlier versions is kept."""

from alembic import op

# Alembic gives these names, and puts `execute` into its module while it runs.
# pylint: disable=invalid-name, no-member
revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables, or adds to an existing `metrics` what it lacks."""
    # The original has the first of these columns, and writes rows without a day.
    op.execute("""
        CREATE TABLE IF NOT EXISTS metrics (
            timestamp timestamptz,
            prediction_drift double precision,
            num_drifted_columns integer,
            share_missing_values double precision
        );
        ALTER TABLE metrics
            ADD COLUMN IF NOT EXISTS day date,
            ADD COLUMN IF NOT EXISTS run_id text,
            ADD COLUMN IF NOT EXISTS rows integer,
            ADD COLUMN IF NOT EXISTS status text,
            ADD COLUMN students integer NOT NULL DEFAULT 0,
            ADD COLUMN compared integer NOT NULL DEFAULT 0,
            ADD COLUMN first_prediction timestamptz,
            ADD COLUMN last_prediction timestamptz,
            ADD COLUMN share_drifted_columns double precision,
            ADD COLUMN missing_values_jumped boolean,
            ADD COLUMN prediction_rate double precision,
            ADD COLUMN mean_probability double precision,
            ADD COLUMN unseen_category_share double precision,
            ADD COLUMN evidently_drifted_columns integer,
            ADD COLUMN alpha double precision,
            ADD COLUMN method text,
            ADD COLUMN report_url text,
            ADD COLUMN run_url text,
            ALTER COLUMN timestamp TYPE timestamptz;
        UPDATE metrics SET timestamp = coalesce(timestamp, to_timestamp(0)) WHERE timestamp IS NULL;
        UPDATE metrics SET day = (timestamp AT TIME ZONE 'UTC')::date - 1 WHERE day IS NULL;
        -- What an earlier version measured was judged in another way. `backfill` measures such days again.
        UPDATE metrics SET rows = coalesce(rows, 0),
            status = CASE WHEN status = 'no predictions' THEN status ELSE 'not enough data' END;
        DELETE FROM metrics older USING metrics newer
        WHERE older.day = newer.day AND older.run_id IS NOT DISTINCT FROM newer.run_id AND older.ctid < newer.ctid;
        DROP INDEX IF EXISTS ix_metrics_day;
        ALTER TABLE metrics
            ALTER COLUMN timestamp SET NOT NULL,
            ALTER COLUMN timestamp SET DEFAULT now(),
            ALTER COLUMN day SET NOT NULL,
            ALTER COLUMN rows SET NOT NULL,
            ALTER COLUMN status SET NOT NULL,
            ALTER COLUMN students DROP DEFAULT,
            ALTER COLUMN compared DROP DEFAULT;
        CREATE UNIQUE INDEX metrics_day ON metrics (day, (coalesce(run_id, '')));
        """)
    op.execute("""
        CREATE TABLE feature_drift (
            day date NOT NULL,
            run_id text NOT NULL,
            "column" text NOT NULL,
            aspect text NOT NULL,
            method text NOT NULL,
            score double precision NOT NULL,
            threshold double precision NOT NULL,
            p_value double precision NOT NULL,
            drifted boolean NOT NULL,
            evidently_score double precision,
            PRIMARY KEY (day, run_id, "column", aspect)
        );
        CREATE TABLE live_quality (
            timestamp timestamptz NOT NULL DEFAULT now(),
            day date NOT NULL,
            run_id text NOT NULL,
            outcomes integer NOT NULL,
            predictions integer NOT NULL,
            accuracy double precision,
            accuracy_low double precision,
            accuracy_high double precision,
            f1 double precision,
            roc_auc double precision,
            roc_auc_low double precision,
            roc_auc_high double precision,
            brier_score double precision,
            calibration_error double precision,
            completion_rate double precision,
            test_accuracy double precision,
            test_accuracy_low double precision,
            test_accuracy_high double precision,
            test_roc_auc double precision,
            test_brier_score double precision,
            p_value double precision,
            status text NOT NULL,
            report_url text,
            PRIMARY KEY (day, run_id)
        );
        CREATE TABLE decisions (
            timestamp timestamptz NOT NULL DEFAULT now(),
            day date PRIMARY KEY,
            run_id text,
            action text NOT NULL,
            reason text NOT NULL,
            drifted_days integer NOT NULL,
            days integer NOT NULL,
            live_accuracy double precision,
            test_accuracy double precision,
            since date,
            outcomes_since integer,
            flow_run_url text,
            done boolean NOT NULL
        );
        """)


def downgrade() -> None:
    """Refuses: it would delete measurements."""
    raise NotImplementedError("Measurements are not deleted by a migration; drop the tables by hand.")
