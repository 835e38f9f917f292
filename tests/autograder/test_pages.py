"""The fragment of one exercise: everything a student should read, nothing that runs, nothing that is not escaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from autograder.pages import exercise_html
from autograder.pages.figures import box_drawing, heat_map
from autograder.results.document import (
    NOT_WRITTEN,
    Boxes,
    CheckResult,
    ExerciseResult,
    Matrices,
    Outcome,
    Recognised,
    score_exercise,
)

ATTACK = "<script>alert('1')</script><img src=x onerror=alert(2)>\"'&"
VOID = {"meta", "br", "wbr", "img", "rect", "link"}


class Page(HTMLParser):
    """The elements and the text of a page; fails on tags that do not close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def tags(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def exercise(*checks: CheckResult, notes: list[str] | None = None) -> ExerciseResult:
    return score_exercise("softmax", list(checks), notes or [])


def failed(message: str = "no", **fields: Any) -> CheckResult:
    return CheckResult("test_f", "It holds.", 2, Outcome.FAILED, message, **fields)


GRID = Matrices(
    got=[[0.0, 0.5], ["nan", -2.0], ["inf", 1.0]],
    expected=[[0.0, 0.25], [0.5, -1.0], [1.0, 1.0]],
    wrong=[1, 2, 3, 4],
    shape=[3, 2],
    axes=[0, 1],
    corner=[0, 0],
)


def test_it_says_the_score_the_words_of_every_outcome_and_the_titles():
    checks = [CheckResult(f"test_{o}", f"Title of {o}.", 1, o, f"message of {o}") for o in Outcome]
    text = Page(exercise_html(exercise(*checks))).text
    assert "softmax 1 of 8 points" in text
    for words in ("✗ timed out Title of timed_out. message of timed_out", "– not assessed Title of not_assessed."):
        assert words in text
    for outcome in Outcome:
        assert f"Title of {outcome}." in text
    assert "1 of 9 checks passed ✓ passed Title of passed." in text


def test_full_marks_are_marked_and_part_marks_are_not():
    passed = CheckResult("test_f", "It holds.", 2, Outcome.PASSED)
    assert "✓ 2 of 2 points The only check passed" in Page(exercise_html(exercise(passed))).text
    assert "All 2 checks passed" in Page(exercise_html(exercise(passed, passed))).text
    assert "✓ 2 of" not in Page(exercise_html(exercise(passed, failed()))).text


def test_a_message_keeps_the_shape_of_its_numbers_and_wraps_its_prose():
    message = "f(X) is wrong.\n  came back:\n    [[1, 2],\n     [3, 4]]\nSmallest input found that shows it:\n    X = 1"
    html = exercise_html(exercise(failed(message)))
    assert '<pre class="ag-code" tabindex="0">came back:\n  [[1, 2],\n   [3, 4]]</pre>' in html
    assert '<p class="ag-text">Smallest input found that shows it:</p>' in html
    assert re.search(r"\.ag-code \{[^}]*white-space: pre;", html)


def test_checks_with_the_same_message_share_it():
    text = Page(exercise_html(exercise(failed("same"), failed("same"), failed("other")))).text
    assert text.count("same") == 1
    assert text.count("It holds.") == 3


def test_an_exercise_that_is_not_written_is_one_line():
    text = Page(exercise_html(exercise(failed(NOT_WRITTEN), failed(NOT_WRITTEN)))).text
    assert text == "softmax 0 of 4 points Not written yet."


def test_a_recognised_mistake_is_named_each_time_and_its_hint_given_once():
    known = Recognised("max not subtracted", "exp(1000) is inf.")
    text = Page(exercise_html(exercise(failed("a", misconception=known), failed("b", misconception=known)))).text
    assert text.count("This looks like: max not subtracted.") == 2
    assert text.count("exp(1000) is inf.") == 1


def test_nothing_a_student_wrote_becomes_an_element():
    checks = [failed(ATTACK, misconception=Recognised(ATTACK, ATTACK)), failed(f"  {ATTACK}")]
    result = ExerciseResult(ATTACK, 0, 4, [*checks, CheckResult("t", ATTACK, 1, Outcome.PASSED)], [ATTACK])
    page = Page(exercise_html(result))
    assert not page.tags("script")
    assert not page.tags("img")
    assert page.text.count("<script>alert('1')</script>") == 7


def test_it_stands_on_its_own():
    html = exercise_html(exercise(failed(figure=GRID), failed("b", figure=DRAWN)))
    page = Page(html)
    assert len(page.tags("style")) == 1
    assert not {"script", "link", "iframe", "object", "img"} & {tag for tag, _ in page.elements}
    assert not re.search(r"https?:|url\(|@import|\bon\w+=", html)
    assert not Page(exercise_html(exercise(failed()), styled=False)).tags("style")


def test_a_heat_map_is_a_table_of_numbers_with_headers_and_a_caption():
    page = Page(exercise_html(exercise(failed(figure=GRID))))
    assert "Came back 0 1 0 0 ✗ 0.5 1 ✗ nan ✗ -2 2 ✗ inf 1 Expected 0 1 0 0 0.25 1 0.5 -1 2 1 1" in page.text
    assert [cell["scope"] for cell in page.tags("th")] == (["col"] * 2 + ["row"] * 3) * 2
    assert [cell.get("class") for cell in page.tags("td") if cell].count("ag-wrong") == 8


def test_indices_beside_a_window_are_those_of_the_whole_tensor():
    window = Matrices([[1.0, 2.0]], [[1.0, 3.0]], [1], shape=[5, 1, 40, 60], axes=[2, 3], corner=[3, 0, 20, 48])
    drawn = heat_map(window)
    assert drawn.tables[0].columns == ["48", "49"]
    assert drawn.tables[0].rows[0][0] == "20"
    assert "shape (5, 1, 40, 60), from entry [3, 0, 20, 48] on" in drawn.legend
    assert "shape" not in heat_map(GRID).legend


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("low", [-1.0, 0.0, -0.2])
def test_the_number_in_every_cell_can_be_read(low: float):
    row: list[float | str] = [low + (1 - low) * i / 40 for i in range(41)]
    for table in heat_map(Matrices([[*row, "nan"]], [[*row, 1.0]], [41], [42], [0], [0])).tables:
        for cell in table.rows[0][1]:
            bright, dark = sorted((luminance(cell.fill), luminance(cell.ink)), reverse=True)
            assert (bright + 0.05) / (dark + 0.05) >= 4.5


def test_both_sides_share_one_scale_and_an_outlier_does_not_flatten_it():
    outlier = Matrices([[0.0, 1e9, 0.5, 1.0]], [[0.0, 1.0, 0.5, 1.0]], [1], [4], [0], [0])
    got, expected = ([cell.fill for cell in table.rows[0][1]] for table in heat_map(outlier).tables)
    assert got == expected
    assert len(set(expected)) == 3


def test_zero_is_white_between_negative_and_positive_numbers():
    row: list[float | str] = [-1.0, 0.0, 3.0, 1.0]
    cells = heat_map(Matrices([row], [row], [0], [4], [0], [0])).tables[0].rows[0][1]
    assert cells[1].fill == "#f7f7f7"
    assert len({cell.fill for cell in cells}) == 4


@pytest.mark.parametrize("value", [0.0, "nan", "inf"])
def test_values_without_a_range_still_have_colours(value: float | str):
    figure = Matrices([[value] * 4], [[value] * 4], [0], [4], [0], [0])
    assert all(re.fullmatch("#[0-9a-f]{6}", cell.fill) for cell in heat_map(figure).tables[0].rows[0][1])


DRAWN = Boxes(
    got=[[0.0, 0.0, 0.5, 0.5], [0.9, 0.2, 0.1, 1.0], ["nan", 0.0, 1.0, 1.0]],
    expected=[[0.0, 0.0, 0.5, 0.5], [0.1, 0.2, 0.9, 1.0], [0.0, 0.0, 1.0, 1.0]],
    wrong=[1, 2],
    first=4,
    count=9,
)


def test_boxes_are_drawn_to_one_scale_and_described():
    page = Page(exercise_html(exercise(failed(figure=DRAWN))))
    assert len(page.tags("svg")) == 2
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in page.tags("svg"))
    assert len(page.tags("title")) == len(page.tags("desc")) == 2
    assert "box 5, differs: (0.1, 0.2, 0.9, 1)" in page.text
    assert "box 6, differs: (nan, 0, 1, 1)" in page.text
    got, expected = box_drawing(DRAWN).panels
    assert got.boxes[0] == expected.boxes[0]
    assert [box.label for box in got.boxes] == ["4", "5"]
    assert (got.boxes[1].width, got.boxes[1].height) == (expected.boxes[-2].width, expected.boxes[-2].height)
    legend = box_drawing(DRAWN).legend
    for words in ("Boxes 4 to 6 of 9", "no finite number", "x1 > x2"):
        assert words in legend


def test_a_box_far_away_does_not_shrink_the_others_to_nothing():
    far = Boxes([[0.0, 0.0, 1e12, 1e12]], [[0.0, 0.0, 1.0, 1.0]], [0], 0, 1)
    drawing = box_drawing(far)
    assert drawing.panels[1].boxes[0].width > 80
    assert drawing.panels[0].boxes[0].width < 1e4


@pytest.mark.parametrize("corner", [0.0, "nan", -1e300, 1e300])
def test_degenerate_boxes_are_drawn_without_error(corner: float | str):
    figure = Boxes([[corner] * 4], [[corner] * 4], [0], 0, 1)
    html = exercise_html(exercise(failed(figure=figure)))
    sizes = re.findall(r' (?:width|height|x|y)="([^"]*)"', html)
    assert sizes
    assert all(abs(float(size)) < 1e6 for size in sizes)
