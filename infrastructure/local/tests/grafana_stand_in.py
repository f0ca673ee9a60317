"""Stands in for `grafana server`, which cannot be had for a test, and uses what it is told as Grafana would.

It reads the provisioning files with their variables, connects to the database with what they say, reads the dashboards,
and answers on the address that it is given: `/api/health`, and at `/` what it found. It proves nothing about Grafana.
"""

import argparse
import json
import os
import re
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psycopg2
import yaml

INSUFFICIENT_PRIVILEGE = "42501"
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"


def expand(value):
    """A value of a provisioning file as Grafana takes it: variables that are not set are empty."""
    if isinstance(value, dict):
        return {key: expand(each) for key, each in value.items()}
    if isinstance(value, list):
        return [expand(each) for each in value]
    if isinstance(value, str):
        return re.sub(r"\$(\w+)|\$\{(\w+)\}", lambda found: os.environ.get(found[1] or found[2], ""), value)
    return value


def provisioned(kind):
    """What the provisioning files of this kind say."""
    (file,) = (Path(os.environ["GF_PATHS_PROVISIONING"]) / kind).glob("*.yaml")
    return expand(yaml.safe_load(file.read_text(encoding="utf-8")))


def look_at_the_database():
    """Connects as the data source says; gives who that is, the tables that can be read, and whether it can write."""
    (source,) = provisioned("datasources")["datasources"]
    host, port = source["url"].rsplit(":", 1)
    assert source["jsonData"]["sslmode"] in ("disable", "require", "verify-ca", "verify-full")
    connection = psycopg2.connect(
        host=host,
        port=port,
        user=source["user"],
        password=source["secureJsonData"]["password"],
        dbname=source["jsonData"]["database"],
        sslmode=source["jsonData"]["sslmode"],
    )
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(TABLES)
    tables = sorted(name for (name,) in cursor.fetchall())
    for table in tables:
        cursor.execute(f'SELECT count(*) FROM "{table}"')
    try:
        cursor.execute("SET default_transaction_read_only = off")
        cursor.execute(f'DELETE FROM "{tables[0]}"')
        can_write = True
    except psycopg2.Error as error:
        can_write = error.pgcode != INSUFFICIENT_PRIVILEGE
    return {"user": source["user"], "tables": tables, "can_write": can_write}


def main():
    """Answers until it is told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["server"])
    parser.add_argument("--homepath", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True)
    given = parser.parse_args()
    assert (given.homepath / "conf" / "defaults.ini").is_file() and given.config.is_file()
    (provider,) = provisioned("dashboards")["providers"]
    dashboards = [json.loads(file.read_text("utf-8")) for file in Path(provider["options"]["path"]).glob("*.json")]
    for folder in ("DATA", "LOGS", "PLUGINS"):
        (Path(os.environ[f"GF_PATHS_{folder}"]) / "is writable").touch()
    found = look_at_the_database() | {
        "dashboards": sorted(dashboard["uid"] for dashboard in dashboards),
        "settings": {name: value for name, value in os.environ.items() if name.startswith("GF_")},
    }

    class Answers(BaseHTTPRequestHandler):
        """Grafana's health, and what was found."""

        def do_GET(self):  # pylint: disable=invalid-name
            """Answers with JSON."""
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"database": "ok"} if self.path == "/api/health" else found).encode())

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    address = (os.environ["GF_SERVER_HTTP_ADDR"], int(os.environ["GF_SERVER_HTTP_PORT"]))
    HTTPServer(address, Answers).serve_forever()


if __name__ == "__main__":
    main()
