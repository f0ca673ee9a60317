"""Reads what waits in an outbox, as tests want to see it."""

from pathlib import Path

from serving.outbox import segment


def waiting(folder: Path, table: str = "features") -> list[dict[str, str]]:
    """The rows of a table that are in the outbox, by column, as COPY would read them."""
    found = []
    for one in segment.listed(folder):
        if one.table == table:
            columns, start = one.header()
            lines = one.rows(start, 1 << 20).replace(segment.END, b"\n").decode().split("\n")[:-1]
            found += [dict(zip(columns, line.split("\t"), strict=True)) for line in lines]
    return found
