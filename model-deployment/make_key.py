"""Makes an API key: the key for the client, and its SHA-256 for the setting API_KEYS of the service."""

import argparse
import hashlib
import secrets


def main() -> None:
    """Prints a new key and its hash."""
    key = secrets.token_urlsafe(32)
    print(f"key, for the client:   {key}")
    print(f"hash, for API_KEYS:    {hashlib.sha256(key.encode()).hexdigest()}")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
