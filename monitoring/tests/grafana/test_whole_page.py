"""The page of all dashboards, from a real Postgres: with a demo's data, without any, and without tables."""

import os
import re
import subprocess
import sys

import plotly.graph_objects as go
import pytest

from monitor import page, panels
from monitor.settings import SERVICE

PANELS = [panel for dashboard in panels.dashboards() for panel in dashboard.panels]


def _write(settings, file, *options):
    command = [sys.executable, "page.py", "--out", str(file), *options]
    return subprocess.run(
        command, cwd=SERVICE, env=os.environ | settings, capture_output=True, text=True, check=False, timeout=120
    )


def test_every_panel_of_a_demo_s_data_is_on_it_in_pictures_that_plotly_takes(demo, end):
    for dashboard in panels.dashboards():
        shown = page.section(demo, dashboard, end)
        assert [drawn.panel.id for drawn in shown.drawn] == [panel.id for panel in dashboard.panels]
        for drawn in shown.drawn:
            assert drawn.empty is None, drawn.panel.title
            assert drawn.figure or drawn.stats or drawn.rows or drawn.text
            if drawn.figure:
                assert go.Figure(drawn.figure).data


def _without_plotly(html):
    return html.replace(page.get_plotlyjs(), "")


def test_it_needs_no_network(demo, end):
    html = page.render(demo, end)
    without_plotly = _without_plotly(html)
    assert len(without_plotly) < 2_000_000
    assert not re.search(r"""<(?:script|link|img|iframe)[^>]+(?:src|href)=""", without_plotly)
    assert not re.search(r"url\(|@import", without_plotly)
    for panel in PANELS:
        assert f'id="{panel.dashboard}-{panel.id}"' in html


def test_links_are_left_out_where_the_servers_are_gone(demo, end):
    assert 'href="http' in _without_plotly(page.render(demo, end))
    assert 'href="http' not in _without_plotly(page.render(demo, end, with_links=False))


@pytest.mark.usefixtures("postgres")
def test_panels_of_empty_tables_say_why_they_are_empty(empty, end):
    for dashboard in panels.dashboards():
        for drawn in page.section(empty, dashboard, end).drawn:
            says = drawn.panel.definition["fieldConfig"]["defaults"]["noValue"]
            assert drawn.text or says in (drawn.empty, *(cell.text for cell in drawn.stats)), drawn.panel.title


def test_before_the_services_have_made_their_tables_it_says_so_and_repeats_cleanly(empty_database, tmp_path):
    for _ in range(2):
        written = _write(empty_database, tmp_path / "page.html", "--until", "2026-03-28")
        assert written.returncode == 0, written.stderr
        assert "as of 2026-03-29 00:00 UTC" in written.stdout
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "It cannot be read: relation &#34;students&#34; does not exist" in html
    assert "Students differ from training for days: cannot be read" in html


def test_a_story_that_is_none_is_refused_in_a_line(empty_database, tmp_path):
    (tmp_path / "story.json").write_text('{"title": "T"}', encoding="utf-8")
    refused = _write(empty_database, tmp_path / "page.html", "--story", str(tmp_path / "story.json"))
    assert refused.returncode == 1
    assert "Story" in refused.stderr and "Traceback" not in refused.stderr
    assert not (tmp_path / "page.html").exists()
