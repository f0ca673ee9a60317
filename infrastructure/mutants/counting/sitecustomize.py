"""Counts the branches of each Python that a test starts, which imports this by itself from the folder on PYTHONPATH."""

import coverage

coverage.process_startup()
