"""Charts as SVG, drawn alike in PDF and DOCX. Pure. Colours are never the only sign: each bar has
its number, each line its own stroke and its name at its end."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

FONT = "Noto Sans CJK SC"
INK, SOFT, LINE, TEA, PALE = "#1d2b2a", "#5d6b69", "#dfe4e1", "#0b6b5d", "#cfe3de"
_STROKES = (
    (TEA, ""), ("#8a5a00", "7 4"), ("#5a4fa3", "2 3"), ("#a33b3b", "10 3 2 3"),
)  # fmt: skip
WIDTH = 680
_NAMES, _ROW, _LINE = 190, 26, 15
_LONG = 14  # characters in a line of a name; two lines at most
_PLOT = (46, 12, 560, 170)  # left, top, right, bottom


def svg(block: Mapping[str, Any]) -> str:
    """The chart of a `bars` or `trend` block as it is kept."""
    return _bars(block["items"]) if block["kind"] == "bars" else _trend(block)


def _text(x: float, y: float, text: str, *, fill: str = INK, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="{FONT}" font-size="12" fill="{fill}"'
        f"{anchor}>{escape(text)}</text>"
    )


def _svg(height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}"'
        f' viewBox="0 0 {WIDTH} {height:.0f}">{"".join(parts)}</svg>'
    )


def _bars(items: Sequence[Mapping[str, Any]]) -> str:
    longest = max((max(each["value"], each["before"]) for each in items), default=0) or 1
    room = WIDTH - _NAMES - 90
    parts: list[str] = []
    top = 0
    for each in items:
        lines = _lines(each["label"])
        height = _ROW + _LINE * (len(lines) - 1)
        y = top + (height - _ROW) / 2
        parts += [
            _text(_NAMES - 10, top + 17 + _LINE * number, line, end=True)
            for number, line in enumerate(lines)
        ]
        parts += [
            f'<rect x="{_NAMES}" y="{y + 4:.1f}" width="{room * each["before"] / longest:.1f}"'
            f' height="18" fill="{PALE}"/>',
            f'<rect x="{_NAMES}" y="{y + 8:.1f}" width="{room * each["value"] / longest:.1f}"'
            f' height="10" fill="{TEA}"/>',
            _text(
                _NAMES + room * max(each["value"], each["before"]) / longest + 8,
                y + 17,
                each["shown"],
                fill=SOFT,
            ),
        ]
        top += height
    return _svg(max(top, _ROW), parts)


def _lines(name: str) -> list[str]:
    """A name in one line or two; what is longer still stands in full in the tables."""
    if len(name) <= _LONG:
        return [name]
    rest = name[_LONG:]
    return [name[:_LONG], rest if len(rest) <= _LONG else rest[: _LONG - 1] + "…"]


def _trend(block: Mapping[str, Any]) -> str:
    left, top, right, bottom = _PLOT
    steps, series = block["steps"], block["series"]
    highest = _round_up(max((value for each in series for value in each["values"]), default=0))
    parts = []
    for share in (0, 0.5, 1):
        y = bottom - (bottom - top) * share
        parts.append(f'<line x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="{LINE}"/>')
        parts.append(_text(left - 6, y + 4, f"{highest * share:g}", fill=SOFT, end=True))
    apart = (right - left) / max(1, len(steps) - 1)
    every = max(1, -(-len(steps) // 8))
    for number in range(0, len(steps), every):
        parts.append(_text(left + apart * number - 14, bottom + 18, steps[number], fill=SOFT))
    ends: list[float] = []
    for number, each in enumerate(series):
        colour, dashes = _STROKES[number % len(_STROKES)]
        points = [
            (left + apart * n, bottom - (bottom - top) * value / highest)
            for n, value in enumerate(each["values"])
        ]
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(
            f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"'
            f' stroke-dasharray="{dashes}"/>'
        )
        y = points[-1][1] + 4 if points else bottom
        while any(abs(y - other) < 15 for other in ends):
            y -= 15
        ends.append(y)
        parts.append(_text(right + 8, y, each["name"], fill=colour))
    return _svg(bottom + 28, parts)


def _round_up(value: float) -> float:
    """The next of 2, 4, 10, 20, 40, 100 …: half of it is a whole number, or the value is 1."""
    limit = 2.0
    while True:
        for factor in (1, 2, 5):
            if value <= limit * factor:
                return limit * factor
        limit *= 10
