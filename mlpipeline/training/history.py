"""Tells what was live when, for a person to read."""

from datetime import datetime

from training.registry import CHAMPION, Move, Registry


def live(moves: list[Move]) -> dict[int, list[str]]:
    """For each version the periods (UTC) in which it was champion, in order."""
    periods: dict[int, list[str]] = {}
    ends = [*(_shown(move.at) for move in moves[1:]), "now"]
    for move, end in zip(moves, ends):
        periods.setdefault(move.version, []).append(f"{_shown(move.at)} to {end}, {move.why}")
    return periods


def table(registry: Registry) -> str:
    """A text with every version: its run, its data, the decision about it, and when it was champion."""
    champion, moves, lines = registry.champion(), registry.moves(), []
    periods = live(moves)
    for version in registry.versions():
        mark = f", {CHAMPION}" if champion and champion.version == version.version else ""
        source = registry.data_source(version)
        lines.append(f"version {version.version}{mark}: run {version.run_id}{f', on {source}' if source else ''}")
        decision = version.tags.get("promotion.decision", "no decision recorded")
        lines.append(
            f"    {version.tags.get('promotion.decided_at', '')} {decision}: ".lstrip()
            + version.tags.get("promotion.reason", "")
        )
        lines += [f"    champion {period}" for period in periods.get(int(version.version), [])]
    if champion and (not moves or str(moves[-1].version) != champion.version):
        lines.append("The champion was moved by other means than this project's since the last period.")
    return "\n".join(lines) or f"{registry.name} has no versions. Train a model first."


def _shown(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")
