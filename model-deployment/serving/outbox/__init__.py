"""The outbox: what was answered waits here, on local disk, until Postgres has it."""
