"""A plan of Terraform, for people who read a pull request."""

# GitHub takes comments of 65,536 characters.
LIMIT = 60_000
MARK = "## Terraform plan"
NOTHING = "No changes."


def markdown(text: str) -> str:
    """The plan with its outcome on top, cut at LIMIT characters, and saying so.

    Args:
        text: What `terraform show -no-color` prints of the plan.
    """
    lines = [line for line in text.splitlines() if line.startswith(("Plan:", NOTHING))]
    outcome = lines[-1] if lines else "Only outputs change."
    if outcome.startswith(NOTHING):
        return f"{MARK}\n\n{outcome}\n"
    shown, note = text.strip(), ""
    if len(shown) > LIMIT:
        shown = shown[:LIMIT].rsplit("\n", 1)[0]
        note = f"\nCut after {LIMIT:,} characters of {len(text.strip()):,}: the job's log has all of it.\n"
    fence = "`" * 8  # longer than any that the plan could hold
    folded = f"<details><summary>All of it</summary>\n\n{fence}text\n{shown}\n{fence}\n\n</details>"
    return f"{MARK}\n\n**{outcome}**\n{note}\n{folded}\n"
