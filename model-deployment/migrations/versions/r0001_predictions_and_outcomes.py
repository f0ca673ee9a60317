"""The tables `features` and `outcomes`; a `features` of the original project is adopted with its rows."""

from alembic import op

# Alembic gives these names, and puts `execute` into its module while it runs.
# pylint: disable=invalid-name, no-member
revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables, or adds to an existing `features` what it lacks."""
    # The original has these columns and no key; later versions of this project have all of them.
    op.execute("""
        CREATE TABLE IF NOT EXISTS features (
            timestamp timestamptz NOT NULL,
            user_id bigint,
            device_type integer,
            course_category text,
            time_spent_on_course double precision,
            number_of_videos_watched integer,
            number_of_quizzes_taken integer,
            prediction integer
        );
        ALTER TABLE features
            ADD COLUMN IF NOT EXISTS prediction_id uuid NOT NULL DEFAULT gen_random_uuid(),
            ADD COLUMN IF NOT EXISTS run_id text,
            ADD COLUMN IF NOT EXISTS probability double precision,
            ALTER COLUMN timestamp TYPE timestamptz,
            ALTER COLUMN user_id TYPE bigint,
            ALTER COLUMN course_category TYPE text,
            ALTER COLUMN time_spent_on_course TYPE double precision;
        -- The original allowed rows without a time; they become the oldest.
        UPDATE features SET timestamp = to_timestamp(0) WHERE timestamp IS NULL;
        ALTER TABLE features DROP CONSTRAINT IF EXISTS features_pkey;
        -- The time is in the key, so that the table can be partitioned by day without a change for who writes to it.
        ALTER TABLE features ADD PRIMARY KEY (prediction_id, timestamp);
        ALTER TABLE features ALTER COLUMN prediction_id DROP DEFAULT, ALTER COLUMN run_id DROP NOT NULL;
        CREATE INDEX IF NOT EXISTS features_timestamp ON features (timestamp);
        """)
    op.execute("""
        CREATE TABLE outcomes (
            outcome_id uuid NOT NULL,
            received_at timestamptz NOT NULL,
            prediction_id uuid,
            user_id bigint,
            course_completion integer NOT NULL CHECK (course_completion IN (0, 1)),
            occurred_at timestamptz NOT NULL,
            PRIMARY KEY (outcome_id, occurred_at),
            CHECK (prediction_id IS NOT NULL OR user_id IS NOT NULL)
        );
        CREATE INDEX outcomes_prediction_id ON outcomes (prediction_id);
        CREATE INDEX outcomes_user_id ON outcomes (user_id, occurred_at);
        CREATE INDEX outcomes_received_at ON outcomes (received_at);
        """)


def downgrade() -> None:
    """Refuses: it would delete what happened."""
    raise NotImplementedError("Predictions and outcomes are not deleted by a migration; drop the tables by hand.")
