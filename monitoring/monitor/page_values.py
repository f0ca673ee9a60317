"""How Grafana shows a value: its unit, its decimals, the text that stands for it, and its colour."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

# For a light background. Other colours of our files are given as such, #8e8e8e.
COLOURS = {
    "green": "#3c9a4b",
    "yellow": "#e0b400",
    "orange": "#e8792a",
    "red": "#d63649",
    "blue": "#3274d9",
    "purple": "#8a55c8",
}
PALETTE = (*(COLOURS[name] for name in ("blue", "orange", "green", "purple", "red")), "#1f9aa8", "#8e8e8e")
PLAIN = "#3a3f47"
DURATIONS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
# Red, yellow and green of the colour scheme continuous-RdYlGr.
SCALE = ((214, 54, 73), (224, 180, 0), (60, 154, 75))


@dataclass
class Config:
    """What a panel says of one of its fields; `custom` is what depends on the type of the panel."""

    options: dict = field(default_factory=dict)
    custom: dict = field(default_factory=dict)

    @property
    def empty(self) -> str:
        """What stands for no value."""
        return self.options.get("noValue", "–")

    @property
    def steps(self) -> list[dict]:
        """The thresholds, from the lowest on; the first has no value."""
        return self.options.get("thresholds", {}).get("steps", [])


def config(panel: dict, name: str) -> Config:
    """What the panel's JSON says of the field of this name: the defaults, and what overrides them."""
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    found = Config({key: value for key, value in defaults.items() if key != "custom"}, dict(defaults.get("custom", {})))
    for override in panel.get("fieldConfig", {}).get("overrides", []):
        if _is_meant(override["matcher"], name):
            for one in override["properties"]:
                into = found.custom if one["id"].startswith("custom.") else found.options
                into[one["id"].removeprefix("custom.")] = one["value"]
    return found


def text(value: object, how: Config) -> str:
    """The value as people read it."""
    if value is None:
        return how.empty
    mapped = _mapped(value, how)
    if "text" in mapped:
        return mapped["text"]
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return str(value)
    return _number(float(value), how.options.get("unit", "short"), how.options.get("decimals"))


def colour(value: object, how: Config) -> str:
    """The colour of a value, by what is mapped to it, or by the thresholds."""
    if value is None:
        return "#8e8e8e"
    if "color" in (mapped := _mapped(value, how)):
        return named(mapped["color"])
    mode = how.options.get("color", {})
    if mode.get("mode") == "fixed" and "fixedColor" in mode:
        return named(mode["fixedColor"])
    if isinstance(value, str) or mode.get("mode") == "fixed":
        return PLAIN if mode.get("mode") == "fixed" else named(how.steps[0]["color"])
    if mode.get("mode") == "continuous-RdYlGr":
        low, high = how.options.get("min", 0), how.options.get("max", 1)
        return between((float(value) - low) / (high - low))
    reached = [step for step in how.steps if step.get("value") is None or float(value) >= step["value"]]
    return named(reached[-1]["color"]) if reached else PLAIN


def between(share: float) -> str:
    """A colour from red over yellow to green."""
    place = min(max(share, 0.0), 1.0) * (len(SCALE) - 1)
    first = min(int(place), len(SCALE) - 2)
    mixed = [round(a + (b - a) * (place - first)) for a, b in zip(SCALE[first], SCALE[first + 1])]
    return "#" + "".join(f"{part:02x}" for part in mixed)


def named(name: str) -> str:
    """The colour of this name, as CSS takes it."""
    return COLOURS.get(name, name if re.fullmatch(r"#[0-9a-fA-F]{6}", name) else PLAIN)


def _is_meant(matcher: dict, name: str) -> bool:
    if matcher["id"] == "byRegexp":
        return bool(re.search(matcher["options"].strip("/"), name))
    return matcher["id"] == "byName" and matcher["options"] == name


def _mapped(value: object, how: Config) -> dict:
    for mapping in how.options.get("mappings", []):
        options = mapping["options"]
        if mapping["type"] == "value" and str(value) in options:
            return options[str(value)]
        if mapping["type"] == "value" and _is_number(value) and f"{float(value):g}" in options:
            return options[f"{float(value):g}"]
        if mapping["type"] == "range" and _is_number(value) and options["from"] <= float(value) <= options["to"]:
            return options["result"]
        if mapping["type"] == "regex" and isinstance(value, str) and re.search(options["pattern"].strip("/"), value):
            return options["result"]
    return {}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _number(value: float, unit: str, decimals: int | None) -> str:
    if unit == "percentunit":
        return f"{100 * value:.{1 if decimals is None else decimals}f}%"
    if unit == "dateTimeAsIso":
        return f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M}"
    if unit == "s":
        return _duration(value, decimals)
    if unit == "sci":
        return f"{value:.{1 if decimals is None else decimals}e}"
    if unit == "none":
        return f"{value:.{decimals or 0}f}"
    shown = (
        f"{value:,.{decimals}f}" if decimals is not None else f"{value:,.0f}" if value == int(value) else f"{value:.3g}"
    )
    return shown if unit in ("short", "string") else f"{shown} {unit}"


def _duration(seconds: float, decimals: int | None) -> str:
    for length, name in DURATIONS:
        if seconds >= length:
            return f"{seconds / length:.{1 if decimals is None else decimals}f} {name}"
    return "0 s" if seconds <= 0 else f"{1000 * seconds:.{1 if seconds < 0.01 else 0}f} ms"
