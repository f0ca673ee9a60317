"""docs/tables.md names each column of each table, and no other."""

import re

from monitor import panels

DOCS = panels.GRAFANA.parent.parent / "docs"
ELSEWHERE = "service_metrics"  # is in docs/serving.md, and tested with the service


def _documented():
    sections = re.split(r"^## ", (DOCS / "tables.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    rows = {section.split("\n")[0]: re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for section in sections}
    return {
        table: sorted(name for row in found for name in re.findall(r"`(\w+)`", row)) for table, found in rows.items()
    }


def test_each_column_is_documented_and_none_that_is_gone(empty):
    query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    columns = {}
    for table, column in panels.run(empty, query).rows:
        columns.setdefault(table, []).append(column)
    documented = _documented()
    assert documented.pop(ELSEWHERE) == []
    found = {table: sorted(names) for table, names in columns.items() if not table.endswith("_version")}
    assert found.pop(ELSEWHERE)
    assert documented == found
