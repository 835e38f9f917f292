"""Pictures that stay readable as text: a heat map is a table of numbers, boxes are a drawing with a description."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.language import _
from autograder.results.document import Boxes, Matrices, Number

# Blue, white, orange: told apart with any common colour blindness, and in print.
LOW, MIDDLE, HIGH = (33, 102, 172), (247, 247, 247), (179, 88, 6)
NO_NUMBER = (190, 190, 190)
PANEL = 200.0
MARGIN = 14.0
FAR = 1e150

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class HeatCell:
    """text: the number. fill, ink: colours of the cell and of the text in it, as #rrggbb."""

    text: str
    fill: str
    ink: str
    wrong: bool


@dataclass(frozen=True)
class HeatTable:
    """caption: which side it is. marked: whether wrong entries bear a sign. columns, rows: the indices beside the cells."""

    caption: str
    marked: bool
    columns: list[str]
    rows: list[tuple[str, list[HeatCell]]]


@dataclass(frozen=True)
class HeatMap:
    """Two tables on one colour scale, and a sentence on what they show."""

    tables: list[HeatTable]
    legend: str


@dataclass(frozen=True)
class DrawnBox:
    """A rectangle in the panel's own units, with the number beside it."""

    x: float
    y: float
    width: float
    height: float
    label: str
    wrong: bool


@dataclass(frozen=True)
class Panel:
    """One drawing: its title, what it shows in words, and its rectangles. dashed: how boxes that differ are drawn."""

    title: str
    description: str
    dashed: bool
    boxes: list[DrawnBox]


@dataclass(frozen=True)
class BoxDrawing:
    """Two drawings on one scale; width, height: of each, margins included."""

    panels: list[Panel]
    width: float
    height: float
    legend: str


def heat_map(figure: Matrices) -> HeatMap:
    """Colour both sides by the range of what is right, so that a wrong entry stands out."""
    low, high = _scale(figure)
    got = _heat_table(_("Came back"), figure.got, figure, low, high, marked=True)
    expected = _heat_table(_("Expected"), figure.expected, figure, low, high, marked=False)
    return HeatMap([got, expected], _heat_legend(figure))


def box_drawing(figure: Boxes) -> BoxDrawing:
    """Draw both sides to one scale, with y downwards as in an image."""
    left, top, right, bottom = _extent(figure)
    unit = PANEL / max(right - left, bottom - top)
    sides = ((_("Came back"), figure.got, True), (_("Expected"), figure.expected, False))
    panels = []
    for title, boxes, dashed in sides:
        drawn = [_drawn(box, n, figure, left, top, unit) for n, box in enumerate(boxes) if _is_finite(box)]
        # What differs lies on top.
        panels.append(Panel(title, _in_words(boxes, figure), dashed, sorted(drawn, key=lambda box: box.wrong)))
    width, height = (right - left) * unit + 2 * MARGIN, (bottom - top) * unit + 2 * MARGIN
    return BoxDrawing(panels, round(width, 1), round(height, 1), _box_legend(figure))


def _heat_table(
    caption: str, rows: list[list[Number]], figure: Matrices, low: float, high: float, *, marked: bool
) -> HeatTable:
    width = len(rows[0])
    wrong = set(figure.wrong)
    cells = [[_cell(value, low, high, i * width + j in wrong) for j, value in enumerate(r)] for i, r in enumerate(rows)]
    *above, across = figure.axes
    top, left = figure.corner[above[0]] if above else 0, figure.corner[across]
    return HeatTable(
        caption,
        marked,
        [str(left + j) for j in range(width)],
        [(str(top + i), row) for i, row in enumerate(cells)],
    )


def _cell(value: Number, low: float, high: float, wrong: bool) -> HeatCell:
    number = float(value)
    if not math.isfinite(number):
        return HeatCell(str(value), _hex(NO_NUMBER), "#000000", wrong)
    fill = _colour(number, low, high)
    return HeatCell(f"{number:.4g}", _hex(fill), "#000000" if _luminance(fill) > 0.179 else "#ffffff", wrong)


def _scale(figure: Matrices) -> tuple[float, float]:
    expected = _finite(figure.expected)
    values = expected if expected and max(expected) > min(expected) else [*expected, *_finite(figure.got)]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low < 0 < high:
        low, high = min(low, -high), max(high, -low)
    return low, high


def _colour(value: float, low: float, high: float) -> Colour:
    # Halved, so that no difference of floats overflows.
    span = high / 2 - low / 2
    share = 0.5 if span == 0 else min(1.0, max(0.0, (value / 2 - low / 2) / span))
    if low < 0 < high:
        return _mixed(LOW, MIDDLE, share * 2) if share < 0.5 else _mixed(MIDDLE, HIGH, share * 2 - 1)
    return _mixed(MIDDLE, LOW, share)


def _mixed(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    """Relative luminance as WCAG defines it."""
    red, green, blue = ((c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _heat_legend(figure: Matrices) -> str:
    sentences = [_("Entries that differ are framed; those that came back are marked with ✗.")]
    if math.prod(figure.shape) > len(figure.got) * len(figure.got[0]):
        sentences.append(
            _("A part of a tensor of shape {shape}, from entry {corner} on.").format(
                shape=tuple(figure.shape), corner=figure.corner
            )
        )
    return " ".join(sentences)


def _extent(figure: Boxes) -> tuple[float, float, float, float]:
    """Left, top, right, bottom: the right boxes, and the others as far as they do not dwarf them."""
    right = [_floats(box) for box in figure.expected if _is_finite(box)]
    got = [_floats(box) for box in figure.got if _is_finite(box)]
    left, top, end, bottom = _bounds(right or got)
    size = max(abs(left), abs(top), abs(end), abs(bottom))
    side = max(end - left, bottom - top, size * 1e-6) or 1.0
    if got:
        bounds = _bounds(got)
        left, top = max(min(left, bounds[0]), left - side), max(min(top, bounds[1]), top - side)
        end, bottom = min(max(end, bounds[2]), end + side), min(max(bottom, bounds[3]), bottom + side)
    return left, top, max(end, left + side / 10), max(bottom, top + side / 10)


def _bounds(boxes: list[list[float]]) -> tuple[float, float, float, float]:
    xs, ys = [x for box in boxes for x in box[0::2]], [y for box in boxes for y in box[1::2]]
    return min(xs, default=0.0), min(ys, default=0.0), max(xs, default=1.0), max(ys, default=1.0)


def _drawn(box: list[Number], number: int, figure: Boxes, left: float, top: float, unit: float) -> DrawnBox:
    corners = _floats(box)
    xs, ys = sorted(corners[0::2]), sorted(corners[1::2])
    x, y, end, bottom = (
        round(MARGIN + _clipped(unit * distance), 2)
        for distance in (xs[0] - left, ys[0] - top, xs[1] - left, ys[1] - top)
    )
    return DrawnBox(x, y, round(end - x, 2), round(bottom - y, 2), str(figure.first + number), number in figure.wrong)


def _clipped(distance: float) -> float:
    """Close enough that a drawing program takes it; what lies outside the panel is cut off anyway."""
    return max(-4 * PANEL, min(4 * PANEL, distance))


def _in_words(boxes: list[list[Number]], figure: Boxes) -> str:
    lines = []
    for number, box in enumerate(boxes):
        corners = ", ".join(f"{float(corner):.4g}" for corner in box)
        line = _("box {number}: ({corners})") if number not in figure.wrong else _("box {number}, differs: ({corners})")
        lines.append(line.format(number=figure.first + number, corners=corners))
    return "; ".join(lines)


def _box_legend(figure: Boxes) -> str:
    sentences = [
        _("Boxes that differ are drawn thick, each with its index: dashed as they came back, solid as they should be.")
    ]
    if figure.count > len(figure.got):
        last = figure.first + len(figure.got) - 1
        sentences.append(
            _("Boxes {first} to {last} of {count}.").format(first=figure.first, last=last, count=figure.count)
        )
    boxes = [*figure.got, *figure.expected]
    if not all(map(_is_finite, boxes)):
        sentences.append(_("A box with a coordinate that is no finite number cannot be drawn."))
    if any(_is_finite(box) and (float(box[0]) > float(box[2]) or float(box[1]) > float(box[3])) for box in boxes):
        sentences.append(_("Some boxes have x1 > x2 or y1 > y2; they are drawn as if their corners were in order."))
    return " ".join(sentences)


def _finite(rows: Iterable[list[Number]]) -> list[float]:
    return [float(value) for row in rows for value in row if math.isfinite(float(value))]


def _floats(box: list[Number]) -> list[float]:
    """Finite corners, near enough to zero to be reckoned with."""
    return [max(-FAR, min(FAR, float(corner))) for corner in box]


def _is_finite(box: Iterable[Number]) -> bool:
    return all(math.isfinite(float(corner)) for corner in box)
