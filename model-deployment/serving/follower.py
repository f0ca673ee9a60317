"""Follows the champion: `python -m serving.follower` asks MLflow until it is stopped, or its parent ends."""

from serving import companion, logs, settings
from serving.champion import Follower


def main() -> None:
    """Looks at once, and then every few seconds."""
    found = settings.read()
    logs.configure()
    life = companion.Life()
    follower = Follower(found)
    while life.goes_on():
        follower.look()
        life.wait(found.champion_poll_seconds)


if __name__ == "__main__":
    main()
