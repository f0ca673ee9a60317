"""Stands in for a companion's life, and takes no time."""


class Rounds:
    """Goes on for so many rounds; remembers how long it was told to wait."""

    def __init__(self, rounds):
        self._rounds = rounds
        self.waited: list[float] = []

    def goes_on(self):
        """As companion.Life."""
        self._rounds -= 1
        return self._rounds >= 0

    def wait(self, seconds):
        """As companion.Life."""
        self.waited.append(seconds)
