"""Panels of a page that are text: single values, and tables."""

from dataclasses import dataclass

from monitor import page_values
from monitor.panels import Panel, Table


@dataclass(frozen=True)
class Cell:
    """A value as people read it. `share` is how much of a bar is filled, `link` an address to open.

    Numbers stand at the right, so that they can be compared, and beside a bar at the left.
    """

    text: str
    name: str = ""
    colour: str | None = None
    share: float | None = None
    link: str | None = None
    is_right: bool = False
    is_wrapped: bool = False


def stat(panel: Panel, tables: dict[str, Table]) -> list[Cell]:
    """The columns of the first row, with their colours; of a column without a value, why it has none."""
    found = []
    for table in tables.values():
        for name, value in zip(table.columns, table.rows[0] if table.rows else ()):
            how = page_values.config(panel.definition, name)
            found.append(Cell(page_values.text(value, how), name, page_values.colour(value, how)))
    return found or [Cell(page_values.config(panel.definition, "").empty, colour="#8e8e8e")]


def rows(panel: Panel, table: Table, with_links: bool) -> list[list[Cell]]:
    """The cells of a table, row by row."""
    hows = [page_values.config(panel.definition, name) for name in table.columns]
    are_numbers = [any(map(_is_number, column)) for column in zip(*table.rows)]
    return [
        [
            _cell(name, value, how, with_links, is_of_numbers)
            for name, value, how, is_of_numbers in zip(table.columns, row, hows, are_numbers)
        ]
        for row in table.rows
    ]


def is_filled(panel: Panel) -> bool:
    """Whether single values are shown white on their colour, in place of in their colour."""
    return panel.definition.get("options", {}).get("colorMode") == "background"


def _is_number(value: object) -> bool:
    return value is not None and not isinstance(value, (str, bool)) and hasattr(value, "__float__")


def _cell(name: str, value: object, how: page_values.Config, with_links: bool, is_of_numbers: bool) -> Cell:
    options = how.custom.get("cellOptions", {})
    kind = options.get("type", "auto")
    is_link = bool(how.options.get("links")) and isinstance(value, str) and value.startswith(("http://", "https://"))
    return Cell(
        text="–" if is_link and not with_links else page_values.text(value, how),
        name=name,
        colour=page_values.colour(value, how) if kind in ("gauge", "color-text") and value is not None else None,
        share=(
            min(max(float(value) / how.options.get("max", 1), 0), 1) if kind == "gauge" and _is_number(value) else None
        ),
        link=value if is_link and with_links else None,
        is_right=is_of_numbers and kind != "gauge" and how.custom.get("align", "auto") != "left",
        is_wrapped=bool(options.get("wrapText")),
    )
