"""Plans, as pull requests show them."""

import plan

CHANGE = "  # aws_s3_bucket.artifacts will be created\n\nPlan: 1 to add, 0 to change, 0 to destroy.\n"


def test_the_outcome_comes_first_and_the_plan_is_folded():
    shown = plan.markdown(CHANGE)
    assert shown.splitlines()[2] == "**Plan: 1 to add, 0 to change, 0 to destroy.**"
    assert "aws_s3_bucket.artifacts will be created" in shown.split("<details>")[1]


def test_nothing_to_do_is_a_line():
    text = "\nNo changes. Your infrastructure matches the configuration.\n\nTerraform has compared ...\n"
    assert plan.markdown(text) == "## Terraform plan\n\nNo changes. Your infrastructure matches the configuration.\n"


def test_outputs_alone_are_a_change():
    assert "**Only outputs change.**" in plan.markdown('Changes to Outputs:\n  + name = "online-course"\n')


def test_a_long_plan_is_cut_and_says_so():
    shown = plan.markdown("  # a line of a plan\n" * 10_000 + CHANGE)
    assert len(shown) < 65_536
    assert "Cut after 60,000 characters of 210,0" in shown and "**Plan: 1 to add" in shown


def test_a_plan_cannot_leave_its_fence():
    assert "\n```\nafter" in plan.markdown("```\nafter\n" + CHANGE).split("`" * 8 + "text")[1].split("`" * 8)[0]
