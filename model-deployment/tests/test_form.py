"""What the form sends for what somebody typed, in a real browser, with the service's answers made up."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import serving

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SCRIPT = Path(serving.__file__).parent / "static" / "page.js"
MODEL = {
    "student": "UserID",
    "target": "CourseCompletion",
    "threshold": 0.5,
    "features": [
        {"name": "CourseCategory", "type": "string", "kind": "categorical"},
        {"name": "DeviceType", "type": "integer", "kind": "categorical"},
        {"name": "Time", "type": "number", "kind": "numerical"},
        {"name": "Videos", "type": "integer", "kind": "numerical"},
    ],
}
PAGE = """<form id="form"><div id="fields"></div></form>
<p id="answer"></p><p class="bar"></p><p id="verdict"></p><pre id="json"></pre><p id="sent"></p>
<script>
window.fetch = async (address, options) => {{
  if (address === "predict") document.getElementById("sent").textContent = options.body;
  const said = address === "model" ? {model} : {{ detail: "made up" }};
  return new Response(JSON.stringify(said), {{ status: options ? 500 : 200 }});
}};
{script}
setTimeout(() => {{
  const typed = {typed};
  for (const input of document.querySelectorAll("#fields input")) {{
    input.focus();
    input.select();
    document.execCommand(typed[input.name] ? "insertText" : "delete", false, typed[input.name]);
  }}
  document.getElementById("form").requestSubmit();
}}, 100);
</script>"""


@pytest.fixture(name="sent")
def _sent(tmp_path):
    """A function that gives, for what was typed into the fields, the request's text and the faults that are shown."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        pytest.skip(f"needs a browser, one of {', '.join(BROWSERS)}")

    def sent(**typed):
        script = SCRIPT.read_text(encoding="utf-8")
        page = tmp_path / "form.html"
        page.write_text(PAGE.format(model=json.dumps(MODEL), script=script, typed=json.dumps(typed)), encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile"]
        shown = subprocess.run(
            [browser, *options, "--virtual-time-budget=3000", "--dump-dom", page.as_uri()],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        faults = re.findall('name="([^"]*)"[^>]*><span class="fault">(.*?)</span>', shown)
        return html.unescape(re.search('<p id="sent">(.*?)</p>', shown).group(1)), faults

    return sent


def test_a_long_number_is_sent_as_it_was_typed(sent):
    body, _ = sent(UserID="9007199254740993", CourseCategory="Arts", DeviceType="1", Time="4.5", Videos="007")
    assert body == '{"UserID":9007199254740993,"CourseCategory":"Arts","DeviceType":1,"Time":4.5,"Videos":7}'


def test_what_is_left_empty_is_null_where_it_may_be_and_missing_elsewhere(sent):
    body, _ = sent(UserID="", CourseCategory="", DeviceType="", Time="", Videos="1e3")
    assert json.loads(body) == {"CourseCategory": "", "Time": None, "Videos": 1000}


@pytest.mark.parametrize("typed", ["12e", "1-3", "-"])
def test_what_is_no_number_is_told_at_its_field_and_not_sent(sent, typed):
    body, faults = sent(UserID="1", CourseCategory="Arts", DeviceType="1", Time=typed, Videos="3-4")
    message = "This is not a number; nothing was sent"
    assert body == "" and faults == [("Time", message), ("Videos", message)]
