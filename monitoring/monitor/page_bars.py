"""Where the bars of a time series stand."""

from datetime import datetime, timedelta

# What is left between the bars of one time and those of the next, as a share of the time between them.
GAP = 0.25
# Bars that stand alone are a day wide, or a smaller part of what is shown.
ALONE = timedelta(days=1)
PARTS = 20


def place(bars: list[dict], times: list[datetime], start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Stands plotly's bars of each time side by side, centred on it; gives the range of time in which all can be seen.

    Left to itself, plotly makes bars that stand alone too narrow to be seen.
    """
    if not times:
        return start, end
    apart = min((later - time for time, later in zip(times, times[1:])), default=min(ALONE, (end - start) / PARTS))
    width = apart * (1 - GAP) / len(bars)
    for number, trace in enumerate(bars):
        trace["width"] = width / timedelta(milliseconds=1)
        trace["offset"] = (number - len(bars) / 2) * trace["width"]
    return min(start, times[0] - apart / 2), max(end, times[-1] + apart / 2)
