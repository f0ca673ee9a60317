"""What all pages say of make targets, files and each other is so."""

import re
import subprocess
from pathlib import Path

import pytest

from stack.settings import ROOT

PAGES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
)
TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}
# A picture or a link to a page here, and not a link elsewhere.
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")


def _targets(folder):
    makefile = (ROOT / folder / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z.-]+):.* ## ", makefile, re.MULTILINE))


def _named(page):
    return str(page.relative_to(ROOT))


def _anchors(text):
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_links_lead_to_files_and_headings_that_exist(page):
    for path, anchor in LINK.findall(TEXTS[page]):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{path} is not there"
        assert not anchor or anchor in _anchors(target.read_text(encoding="utf-8")), f"{path}#{anchor} is no heading"


def test_each_page_can_be_reached_from_the_readme():
    reached, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop()
        reached.add(page)
        linked = {(page.parent / path).resolve() for path, _ in LINK.findall(TEXTS[page]) if path}
        left += [one for one in linked if one in TEXTS and one not in reached]
    beside_what_they_are_about = {page for page in PAGES if page.name == "README.md"}
    assert set(PAGES) - reached <= beside_what_they_are_about


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_the_make_targets_that_a_page_names_exist(page):
    everywhere = _targets("") | _targets("model-deployment") | _targets("infrastructure")
    for options, targets in re.findall(
        r"(?:`|^    |^)make ((?:-C \S+ )?)([a-z. -]+?)(?:`|$| +#| [A-Z])", TEXTS[page], re.M
    ):
        known = _targets(options.split()[1]) if options else everywhere
        assert set(targets.split()) <= known, f"make {options}{targets}"


def test_each_make_target_is_on_a_page():
    text = "\n".join(TEXTS.values())
    for target in _targets("") - {"help"}:
        assert re.search(rf"\bmake (?:[a-z-]+ )*{target}\b", text), f"make {target} is on no page"


def test_make_clean_deletes_what_git_ignores_of_what_the_readme_has_made():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split("# What")[1].split("\n\n")[0]
    made = {line.strip("/") for line in ignored.splitlines() if line.startswith("/") and "/k8s-" not in line}
    by_hand = {"mlpipeline/backend.db", "mlpipeline/mlartifacts"}
    deleted = subprocess.run(
        ["make", "--dry-run", "clean"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert made | by_hand <= set(deleted.split())


def test_there_is_what_others_look_for_first():
    assert all((ROOT / name).is_file() for name in ("LICENSE", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"))


def test_the_pictures_are_small_and_each_is_shown():
    shown = {
        (page.parent / path).resolve()
        for page, text in TEXTS.items()
        for path in re.findall(r"!\[[^\]]{20,}\]\(([^)]+)\)", text)
    }
    pictures = {file for file in Path(ROOT / "docs").rglob("*") if file.suffix in (".png", ".svg")}
    assert shown == pictures
    assert max(file.stat().st_size for file in pictures) < 150_000
