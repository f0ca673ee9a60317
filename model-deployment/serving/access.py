"""Who may post: clients with one of the configured API keys, or everyone where none is configured."""

import hashlib
import hmac

BEARER = "bearer "


class AccessDenied(Exception):
    """The request carries no API key, or one that is not known."""


class Access:
    """Checks API keys by their SHA-256, which is enough for keys that are random: `make_key.py` makes such."""

    def __init__(self, key_hashes: list[str]):
        self._hashes = [bytes.fromhex(key_hash) for key_hash in key_hashes]

    def check(self, authorization: str) -> None:
        """Raises AccessDenied unless the value of the header Authorization is `Bearer` and an accepted key.

        Takes the same time whichever key it is, or almost is.
        """
        if not self._hashes:
            return
        scheme, key = authorization[: len(BEARER)].lower(), authorization[len(BEARER) :].strip()
        given = hashlib.sha256(key.encode("latin-1", "replace")).digest()
        # A list, so that every key is compared.
        matches = [hmac.compare_digest(given, known) for known in self._hashes]
        if scheme != BEARER or not any(matches):
            raise AccessDenied
