"""Brings Grafana Cloud, or any Grafana, up to date with the files in `grafana/`, by its API: `python grafana_cloud.py`.

Where files can be mounted, Grafana reads them itself. Doing it again changes nothing that is as the files say.
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

import yaml
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from monitor.grafana_api import Grafana, GrafanaError

FILES = Path(__file__).resolve().parent / "grafana"
# What a Grafana has before anybody has said whom alerts go to.
UNTOUCHED = {"grafana-default-email", "empty"}


class CloudSettings(BaseSettings):
    """Settings of this program, each read from the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    grafana_url: str = Field(description="Address of Grafana, such as https://NAME.grafana.net")
    grafana_token: SecretStr = Field(description="Token of a service account with the role Admin")
    grafana_pdc_network: str = Field("", description="Id of the private data source connect network of the database")

    @field_validator("grafana_url")
    @classmethod
    def _keeps_the_token(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise ValueError("has to begin with https://, or the token could be read on its way")
        return value.rstrip("/")


def read(name: str) -> dict:
    """One of the provisioning files."""
    return yaml.safe_load((FILES / "provisioning" / name).read_text(encoding="utf-8"))


def filled(value, environment):
    """A value with the variables that its texts name, as Grafana fills in its files; one that is not set is empty."""
    if isinstance(value, dict):
        return {key: filled(one, environment) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, environment) for one in value]
    if isinstance(value, str):
        return re.sub(r"\$(\w+)|\$\{(\w+)\}", lambda found: environment.get(found[1] or found[2], ""), value)
    return value


def data_source(environment, pdc_network: str) -> dict:
    """The data source as the API takes it. It reaches a private database by Grafana's agent, if a network is named.

    Raises:
        GrafanaError: A variable that it needs is not set.
    """
    (source,) = read("datasources/course.yaml")["datasources"]
    needed = sorted(set(re.findall(r"\$(\w+)", json.dumps(source))))
    if lacking := [name for name in needed if not environment.get(name)]:
        raise GrafanaError(f"{', '.join(lacking)} must be set, for the data source")
    source = filled(source, environment)
    source.pop("editable")
    if pdc_network:
        source["jsonData"] |= {"enableSecureSocksProxy": True, "secureSocksProxyUsername": pdc_network}
    return source


def contact_points(environment) -> tuple[list[dict], list[str]]:
    """The contact points that have an address, and the ids of those that have none.

    Raises:
        GrafanaError: None has one, so that nobody would be told.
    """
    (point,) = read("alerting/contact-points.yaml")["contactPoints"]
    used, unused = [], []
    for receiver in point["receivers"]:
        names = re.findall(r"\$(\w+)", json.dumps(receiver))
        if all(environment.get(name) for name in names):
            used.append({"name": point["name"], **filled(receiver, environment)})
        else:
            unused.append(receiver["uid"])
    if not used:
        raise GrafanaError("GRAFANA_ALERT_WEBHOOK or GRAFANA_ALERT_EMAIL must be set: nobody would be told of an alert")
    return used, unused


def seconds(duration: str) -> int:
    """The seconds of a duration such as `1m`."""
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[duration[-1]]


def rule_groups(folder: str) -> list[dict]:
    """The groups of alert rules, in the folder with this id. Their panels are in their annotations, too."""
    groups = []
    for group in read("alerting/rules.yaml")["groups"]:
        about = {"folderUID": folder, "ruleGroup": group["name"], "orgID": group["orgId"]}
        rules = [
            {key: value for key, value in rule.items() if key not in ("dashboardUid", "panelId")} | about
            for rule in group["rules"]
        ]
        title, interval = group["name"], seconds(group["interval"])
        groups.append({"title": title, "folderUid": folder, "interval": interval, "rules": rules})
    return groups


def push(grafana: Grafana, environment, pdc_network: str = "") -> None:
    """Makes all of it, or brings it up to date; a variable that is not set is found before anything is changed."""
    source = data_source(environment, pdc_network)
    points, unused = contact_points(environment)
    provider = read("dashboards/course.yaml")["providers"][0]
    folder, title = provider["folderUid"], provider["folder"]

    if grafana.call("GET", f"/api/folders/{folder}", missing=(404,)) is None:
        grafana.call("POST", "/api/folders", {"uid": folder, "title": title})
    place = f"/api/datasources/uid/{source['uid']}"
    there = grafana.call("GET", place, missing=(404,))
    grafana.call("PUT" if there else "POST", place if there else "/api/datasources", source)
    print(f"Data source {source['name']}: {source['url']}")

    for file in sorted((FILES / "dashboards").glob("*.json")):
        dashboard = json.loads(file.read_text(encoding="utf-8")) | {"id": None}
        body = {"dashboard": dashboard, "folderUid": folder, "overwrite": True, "message": "grafana_cloud.py"}
        print(f"Dashboard {dashboard['title']}: {grafana.call('POST', '/api/dashboards/db', body)['url']}")

    known = {point["uid"] for point in grafana.call("GET", "/api/v1/provisioning/contact-points")}
    for point in points:
        place = "/api/v1/provisioning/contact-points"
        is_known = point["uid"] in known
        grafana.call("PUT" if is_known else "POST", f"{place}/{point['uid']}" if is_known else place, point)
    _route(grafana)
    for uid in known & set(unused):
        grafana.call("DELETE", f"/api/v1/provisioning/contact-points/{uid}")
    print(f"Contact points: {', '.join(point['uid'] for point in points)}")

    for group in rule_groups(folder):
        place = f"/api/v1/provisioning/folder/{folder}/rule-groups/{quote(group['title'])}"
        grafana.call("PUT", place, group)
        print(f"Alert rules {group['title']}: {len(group['rules'])}")


def _route(grafana: Grafana) -> None:
    """Sends alerts to our contact point, unless somebody else has said where alerts go: there is one policy for all."""
    policy = {key: value for key, value in read("alerting/policies.yaml")["policies"][0].items() if key != "orgId"}
    present = grafana.call("GET", "/api/v1/provisioning/policies")
    others = (
        {route.get("receiver") for route in (present, *present.get("routes", []))} - UNTOUCHED - {policy["receiver"]}
    )
    if others - {None}:
        receivers = ", ".join(sorted(others - {None}))
        print(
            f"NOT CHANGED: this Grafana's notification policy sends alerts to {receivers}. Add a route there from the "
            f"folder of these rules to the contact point {policy['receiver']}.",
            file=sys.stderr,
        )
        return
    grafana.call("PUT", "/api/v1/provisioning/policies", policy)


def main() -> int:
    """Does it with what the environment says; gives the exit code."""
    try:
        settings = CloudSettings()
        grafana = Grafana(settings.grafana_url, settings.grafana_token.get_secret_value())
        push(grafana, os.environ, settings.grafana_pdc_network)
    except ValidationError as error:
        for fault in error.errors():
            print(f"{str(fault['loc'][0]).upper()}: {fault['msg']}", file=sys.stderr)
        return 1
    except GrafanaError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    sys.exit(main())
