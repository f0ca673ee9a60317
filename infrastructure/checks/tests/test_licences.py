"""What is shipped is listed with its licence, and may be shipped."""

import pytest

import licences


def test_the_page_lists_what_is_shipped_by_which_service_and_no_more():
    assert licences.PAGE.read_text(encoding="utf-8").endswith(f"|---|---|---|\n{licences.table()}")


def test_each_licence_may_be_passed_on():
    listed = licences.documented()
    assert len(listed) > 100
    assert not {name: licence for name, licence in listed.items() if not licences.is_allowed(licence)}


@pytest.mark.parametrize(
    "licence, allowed",
    [
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("UNKNOWN", False),
    ],
)
def test_of_a_choice_one_is_needed_and_of_what_holds_together_each(licence, allowed):
    assert licences.is_allowed(licence) is allowed
