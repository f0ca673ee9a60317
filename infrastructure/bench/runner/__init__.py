"""Runs the benchmarks of the services and the project's own, and makes one table of their figures."""
