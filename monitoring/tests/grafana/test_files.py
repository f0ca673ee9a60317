"""The files are what Grafana reads, and every panel and alert says what it is."""

import itertools
import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from monitor import panels

SCHEMAS = Path(__file__).resolve().parent / "schema"
PROVISIONING = panels.GRAFANA / "provisioning"
RUNBOOK = panels.GRAFANA.parent.parent / "docs" / "runbook.md"
DASHBOARDS = panels.dashboards()
PANELS = [panel for dashboard in DASHBOARDS for panel in dashboard.panels]
RULES = panels.rules()
CORE = {"timeseries", "stat", "table", "barchart", "bargauge", "heatmap", "status-history", "state-timeline", "text"}
FILES = {
    "alerting/rules.yaml": "rules",
    "alerting/contact-points.yaml": "contact-points",
    "alerting/policies.yaml": "policies",
    "datasources/course.yaml": "datasources",
    "dashboards/course.yaml": "dashboards",
}


def _faults(content, schema, part=None):
    schema = json.loads((SCHEMAS / schema).read_text(encoding="utf-8"))
    if part:
        schema = {**schema, "$ref": f"#/definitions/{part}"}
    return [f"{list(fault.absolute_path)}: {fault.message}" for fault in Draft7Validator(schema).iter_errors(content)]


def _read(name):
    return yaml.safe_load((PROVISIONING / name).read_text(encoding="utf-8"))


def _named(panel):
    return f"{panel.dashboard}-{panel.id}"


def test_there_are_the_three_dashboards():
    assert sorted(dashboard.uid for dashboard in DASHBOARDS) == ["model-and-data", "service", "students-at-risk"]


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda each: each.uid)
def test_a_dashboard_is_as_grafana_s_types_say(dashboard):
    assert not _faults(dashboard.definition, "dashboard.schema.json")


@pytest.mark.parametrize("spoil", ["unknown option", "option of another panel type", "unknown field", "wrong type"])
def test_the_schema_finds_faults(spoil):
    definition = json.loads(json.dumps(DASHBOARDS[0].definition))
    panel = definition["panels"][0]
    if spoil == "unknown option":
        panel["options"]["colour"] = "red"
    elif spoil == "option of another panel type":
        panel["options"]["showHeader"] = True
    elif spoil == "unknown field":
        panel["fieldConfig"]["defaults"]["units"] = "s"
    else:
        panel["gridPos"]["x"] = "0"
    assert _faults(definition, "dashboard.schema.json")


@pytest.mark.parametrize("name, part", FILES.items())
def test_a_provisioning_file_is_as_grafana_reads_it(name, part):
    assert not _faults(_read(name), "provisioning.schema.json", part)


def test_all_files_are_checked():
    assert {str(file.relative_to(PROVISIONING)) for file in PROVISIONING.rglob("*.*")} == set(FILES)


@pytest.mark.parametrize("file", sorted((panels.GRAFANA / "dashboards").glob("*.json")), ids=lambda file: file.stem)
def test_a_dashboard_s_file_is_written_in_the_stable_way_and_named_by_its_uid(file):
    text = file.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
    assert json.loads(text)["uid"] == file.stem


@pytest.mark.parametrize("panel", PANELS, ids=_named)
def test_a_panel_explains_itself(panel):
    assert panel.type in CORE
    assert panel.title and len(panel.definition["description"]) > 20
    defaults = panel.definition["fieldConfig"]["defaults"]
    assert defaults["unit"]
    assert bool(panel.queries) == (panel.type != "text")
    assert panel.type == "text" or defaults["noValue"]


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda each: each.uid)
def test_panels_have_their_own_ids_and_places(dashboard):
    ids = [panel.id for panel in dashboard.panels]
    assert len(set(ids)) == len(ids)
    taken = set()
    for place in (panel.definition["gridPos"] for panel in dashboard.panels):
        assert place["x"] + place["w"] <= 24
        cells = set(
            itertools.product(range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"]))
        )
        assert not cells & taken
        taken |= cells


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda each: each.uid)
def test_dashboards_link_to_each_other(dashboard):
    others = {f"/d/{other.uid}" for other in DASHBOARDS} - {f"/d/{dashboard.uid}"}
    assert {link["url"] for link in dashboard.definition["links"]} == others


def test_no_query_looks_at_the_clock():
    queries = [query.sql for panel in PANELS for query in panel.queries] + [rule.sql for rule in RULES]
    assert not [sql for sql in queries if re.search(r"\bnow\(|current_|clock_", sql, re.IGNORECASE)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.uid)
def test_an_alert_leads_to_its_paragraph_and_its_panel(rule):
    headings = re.findall(r"^### (.+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    annotations = rule.definition["annotations"]
    assert annotations["runbook"] == f"docs/runbook.md#{rule.uid}" and rule.uid in anchors
    shown = (rule.definition["dashboardUid"], rule.definition["panelId"])
    assert shown == (annotations["__dashboardUid__"], int(annotations["__panelId__"]))
    assert shown in {(panel.dashboard, panel.id) for panel in PANELS}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.uid)
def test_a_paragraph_begins_with_the_title_of_its_alert(rule):
    heading = rule.uid.replace("-", " ").capitalize()
    assert f"### {heading}\n\n*{rule.title}.* " in RUNBOOK.read_text(encoding="utf-8")


def test_every_paragraph_of_the_runbook_has_its_alert():
    headings = re.findall(r"^### (.+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(heading.lower().replace(" ", "-") for heading in headings) == sorted(rule.uid for rule in RULES)


def test_rules_have_their_own_names_and_one_of_them_tells_of_failed_queries():
    assert len({rule.uid for rule in RULES}) == len({rule.title for rule in RULES}) == len(RULES)
    assert [rule.uid for rule in RULES if rule.definition["execErrState"] != "KeepLast"] == ["service-silent"]


def test_alerts_go_to_a_contact_point_that_exists_and_is_never_empty():
    (contact_point,) = _read("alerting/contact-points.yaml")["contactPoints"]
    (policy,) = _read("alerting/policies.yaml")["policies"]
    assert {policy["receiver"], *(route["receiver"] for route in policy["routes"])} == {contact_point["name"]}
    addresses = [address for each in contact_point["receivers"] for address in each["settings"].values()]
    unset = [re.sub(r"\$\w+", "", address) for address in addresses if isinstance(address, str) and "$" in address]
    assert len(unset) == 2 and all(unset)
