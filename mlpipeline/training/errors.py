"""The ways in which a source gives no data; the messages are for people, and hold no password or token."""


class SourceError(Exception):
    """The data cannot be had from this source, or is not engagement data; the message says why."""


class SourceUnreachable(SourceError):
    """The source did not answer; the same call may succeed later."""
