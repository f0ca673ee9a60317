"""The steps of the daily monitoring, in the order in which `daily_monitoring.py` takes them."""
