"""Starts, feeds and stops the real parts of the system on one machine. It holds no service's logic."""
