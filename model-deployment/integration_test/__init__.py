"""Fault tests: whatever is killed, stopped or full, an answered prediction is in Postgres once."""
