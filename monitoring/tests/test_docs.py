"""What docs/monitoring.md says of the flows is so."""

import re

import daily_monitoring
from monitor.settings import SERVICE

TEXT = (SERVICE.parent / "docs" / "monitoring.md").read_text(encoding="utf-8")


def test_each_parameter_of_the_flows_is_documented_and_no_other():
    documented = {
        (flow, name)
        for flow, parameters in re.findall(r"^\| `([\w-]+)` \| (`.*?`) \|", TEXT, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", parameters)
    }
    flows = (daily_monitoring.daily_monitoring, daily_monitoring.backfill)
    assert documented == {(flow.name, name) for flow in flows for name in flow.parameters.properties}
