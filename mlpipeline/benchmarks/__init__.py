"""Measures what the training pipeline promises: `python -m benchmarks` prints a table."""
