"""Measures the monitoring: how often it alarms for nothing, what it notices, and how large a day it can take."""
