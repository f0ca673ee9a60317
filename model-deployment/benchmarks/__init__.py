"""Measures the service beside others: `python -m benchmarks`."""
