"""Tells Prefect of a new champion, for automations to take up: prefect_automation.yaml has one that deploys it."""

from prefect.events import emit_event

EVENT = "online-course.champion.promoted"


def announce_champion(run_id: str, version: int) -> None:
    """Emits the event. It is sent in the background; where it is lost, the champion is champion all the same."""
    resource = {"prefect.resource.id": f"online-course.model.{run_id}", "prefect.resource.name": f"version {version}"}
    emit_event(EVENT, resource, payload={"run_id": run_id, "version": version})
