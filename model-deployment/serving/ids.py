"""Ids of predictions."""

import os
import time

RANDOM_BITS = 62


def new_id() -> str:
    """A UUID of version 7 (RFC 9562): it begins with the time, so that new ones lie side by side in an index."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    number = milliseconds << 80 | 7 << 76 | (random >> RANDOM_BITS & 0xFFF) << 64
    number |= 2 << RANDOM_BITS | random & (1 << RANDOM_BITS) - 1
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
