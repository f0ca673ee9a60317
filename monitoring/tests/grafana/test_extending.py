"""The panel of docs/extending.md, in a copy of the dashboards: it is as Grafana wants it, and shows something."""

import json
import re
import shutil
from datetime import timedelta

import pytest
from jsonschema import Draft7Validator

from monitor import panels
from tests.grafana.test_files import SCHEMAS

PAGE = (panels.GRAFANA.parent.parent / "docs" / "extending.md").read_text(encoding="utf-8")
EXAMPLE = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])


@pytest.fixture(name="dashboard")
def _dashboard(tmp_path):
    """The dashboard with the panel in it."""
    shutil.copytree(panels.GRAFANA, tmp_path / "grafana")
    file = tmp_path / "grafana" / "dashboards" / "service.json"
    definition = json.loads(file.read_text(encoding="utf-8"))
    others = [panel for panel in definition["panels"] if panel != EXAMPLE]  # who tried it has it
    definition["panels"] = others + [EXAMPLE]
    file.write_text(json.dumps(definition, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return next(dashboard for dashboard in panels.dashboards(tmp_path / "grafana") if dashboard.uid == "service")


def test_it_is_as_grafana_s_types_say_with_an_id_and_a_place_of_its_own(dashboard):
    schema = json.loads((SCHEMAS / "dashboard.schema.json").read_text(encoding="utf-8"))
    assert not list(Draft7Validator(schema).iter_errors(dashboard.definition))
    others = dashboard.panels[:-1]
    assert EXAMPLE["id"] not in {panel.id for panel in others}
    places = [panel.definition["gridPos"] for panel in others]
    assert EXAMPLE["gridPos"]["y"] >= max(place["y"] + place["h"] for place in places)


def test_it_counts_the_students(dashboard, demo, empty, end):
    def shown(connection):
        return panels.run_panel(connection, dashboard.panels[-1], end - timedelta(days=1), end, {})["A"].rows

    ((students,),) = shown(demo)
    assert students == panels.run(demo, "SELECT count(*) FROM students").rows[0][0] > 100
    assert [tuple(row) for row in shown(empty)] == [(None,)]
