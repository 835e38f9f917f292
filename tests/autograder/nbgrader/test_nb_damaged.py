"""Notebooks that come back in another shape than they went out: nothing is lost, and the feedback says what was done."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import nbformat
import pytest
from nbcourse import POINTS, UNIT, NbCourse, Ran, cell_of, feedback_text, index_of
from nbformat import NotebookNode

from autograder.nbgrading.cells import nbgrader_of

FULL = {**POINTS}


def deleted_grade_cells(nb: NotebookNode) -> None:
    nb.cells = [cell for cell in nb.cells if not nbgrader_of(cell).get("grade")]


def deleted_grade_and_solution_cell(nb: NotebookNode) -> None:
    nb.cells = [cell for cell in nb.cells if nbgrader_of(cell).get("grade_id") not in ("softmax", "solution-softmax")]


def duplicated_grade_cell(nb: NotebookNode) -> None:
    nb.cells.insert(0, {**copy.deepcopy(cell_of(nb, "double")), "id": "twice"})


def duplicated_solution_cell(nb: NotebookNode) -> None:
    """The last one counts, as in a notebook that is run."""
    first = copy.deepcopy(cell_of(nb, "solution-double"))
    first["id"], first["source"] = "first", "def double(X):\n    return X"
    nb.cells.insert(index_of(nb, "solution-double"), first)


def reordered(nb: NotebookNode) -> None:
    nb.cells = list(reversed(nb.cells))
    imports = next(cell for cell in nb.cells if cell.source.startswith("import torch"))
    nb.cells.remove(imports)
    nb.cells.insert(0, imports)


def retyped_to_markdown(nb: NotebookNode) -> None:
    for name in ("double", "solution-softmax"):
        cell = cell_of(nb, name)
        cell["cell_type"] = "markdown"
        del cell["outputs"], cell["execution_count"]


def retyped_to_raw(nb: NotebookNode) -> None:
    cell = cell_of(nb, "Scale")
    cell["cell_type"] = "raw"
    del cell["outputs"], cell["execution_count"]


def edited_grade_cell(nb: NotebookNode) -> None:
    cell_of(nb, "double")["source"] = "1000.0"


def edited_points(nb: NotebookNode) -> None:
    cell_of(nb, "double")["metadata"]["nbgrader"]["points"] = 1000


def edited_grade_id(nb: NotebookNode) -> None:
    cell_of(nb, "double")["metadata"]["nbgrader"]["grade_id"] = "mine"


def no_longer_graded(nb: NotebookNode) -> None:
    cell_of(nb, "double")["metadata"]["nbgrader"]["grade"] = False


def unlocked_prose(nb: NotebookNode) -> None:
    cell = cell_of(nb, "text-double")
    cell["metadata"]["nbgrader"]["locked"] = False
    cell["source"] = "# My notes"


def from_a_newer_nbgrader(nb: NotebookNode) -> None:
    for cell in nb.cells:
        if nbgrader_of(cell):
            cell["metadata"]["nbgrader"]["schema_version"] = 99


def from_an_older_nbgrader(nb: NotebookNode) -> None:
    for cell in nb.cells:
        if nbgrader_of(cell):
            cell["metadata"]["nbgrader"]["schema_version"] = 1
            cell["metadata"]["nbgrader"].pop("task")


def nonsense_metadata(nb: NotebookNode) -> None:
    cell_of(nb, "double")["metadata"]["nbgrader"] = "nonsense"
    cell_of(nb, "softmax")["metadata"]["nbgrader"]["grade_id"] = 7


def split_solution(nb: NotebookNode) -> None:
    """As JupyterLab splits: both halves keep the metadata."""
    place = index_of(nb, "solution-Scale")
    second = copy.deepcopy(nb.cells[place])
    second["id"], second["source"] = "half", nb.cells[place].source
    nb.cells[place]["source"] = "factor_type = torch.float64"
    nb.cells.insert(place + 1, second)


def merged_solutions(nb: NotebookNode) -> None:
    first, second = cell_of(nb, "solution-double"), cell_of(nb, "solution-softmax")
    first["source"] += "\n\n\n" + second.source
    nb.cells.remove(second)


def solution_merged_into_its_grade_cell(nb: NotebookNode) -> None:
    solution, grade = cell_of(nb, "solution-double"), cell_of(nb, "double")
    grade["source"] = solution.source + "\n\n" + grade.source
    nb.cells.remove(solution)


def moved_solution(nb: NotebookNode) -> None:
    cell = cell_of(nb, "solution-double")
    nb.cells.remove(cell)
    nb.cells.append(cell)


def as_saved_by_colab(nb: NotebookNode) -> None:
    """Cells get ids in their metadata, nbgrader's own is gone, lines lose their trailing ends."""
    for number, cell in enumerate(nb.cells):
        cell["metadata"] = {"id": f"Colab{number}", "colab": {"base_uri": "https://localhost:8080/"}, "outputId": "x"}
        cell["source"] = cell["source"] + "\n"
    nb["metadata"]["colab"] = {"provenance": []}
    nb["metadata"]["kernelspec"]["name"] = "python3"
    nb["nbformat_minor"] = 0
    for cell in nb.cells:
        cell.pop("id", None)


def as_saved_by_vs_code(nb: NotebookNode) -> None:
    for cell in nb.cells:
        cell["metadata"]["vscode"] = {"languageId": "python"}
    nb["metadata"]["language_info"] = {"name": "python", "version": "3.12.1", "codemirror_mode": {"version": 3}}
    nb["metadata"]["kernelspec"] = {"display_name": ".venv", "language": "python", "name": "my-venv"}


def format_4_0(nb: NotebookNode) -> None:
    nb["nbformat_minor"] = 0
    for cell in nb.cells:
        cell.pop("id", None)


def format_4_0_without_grade_cells(nb: NotebookNode) -> None:
    deleted_grade_cells(nb)
    format_4_0(nb)


def with_saved_outputs(nb: NotebookNode) -> None:
    """A forged result and an error: neither counts."""
    forged = nbformat.v4.new_output("execute_result", {"text/plain": "1000"})
    cell_of(nb, "double")["outputs"] = [forged]
    cell_of(nb, "softmax")["outputs"] = [nbformat.v4.new_output("stream", name="stderr", text="oops")]


SOLVED = {
    change.__name__: (change, FULL)
    for change in (
        deleted_grade_cells, duplicated_grade_cell, duplicated_solution_cell, reordered, retyped_to_markdown,
        retyped_to_raw, edited_grade_cell, edited_points, edited_grade_id, no_longer_graded, unlocked_prose,
        from_a_newer_nbgrader, from_an_older_nbgrader, nonsense_metadata, split_solution, merged_solutions,
        solution_merged_into_its_grade_cell, moved_solution, as_saved_by_colab, as_saved_by_vs_code, format_4_0,
        format_4_0_without_grade_cells,
        with_saved_outputs,
    )
}  # fmt: skip
CHANGES: dict[str, tuple[Callable[[NotebookNode], None], dict[str, float]]] = {
    **SOLVED,
    "deleted_grade_and_solution_cell": (deleted_grade_and_solution_cell, {**FULL, "softmax": 0.0}),
}


@pytest.fixture(scope="module")
def graded(nbcourse: NbCourse) -> Ran:
    """One run of nbgrader autograde over every damaged notebook."""
    for name, (change, _) in CHANGES.items():
        notebook = nbcourse.source()
        change(notebook)
        nbcourse.hand_in(name, json.dumps(notebook))
    nbcourse.hand_in("format_3", json.dumps(nbformat.convert(nbcourse.source(), 3)))
    nbcourse.hand_in("renamed", nbcourse.source(), name="final version")
    nbcourse.hand_in("unreadable", "{")
    (nbcourse.folder / "submitted" / "nothing" / UNIT).mkdir(parents=True)
    return nbcourse.run("autograde", UNIT)


@pytest.mark.parametrize("name", [*CHANGES, "format_3"])
def test_a_damaged_notebook_gets_the_points_its_code_is_worth(nbcourse: NbCourse, graded: Ran, name: str) -> None:
    wanted = CHANGES[name][1] if name in CHANGES else FULL
    assert nbcourse.scores(name) == wanted, graded.log
    nbformat.validate(nbcourse.autograded(name))
    ids = [cell.id for cell in nbcourse.autograded(name).cells]
    assert len(set(ids)) == len(ids)


def test_submissions_are_never_changed(nbcourse: NbCourse, graded: Ran) -> None:
    notebook = nbcourse.source()
    edited_grade_cell(notebook)
    assert (nbcourse.folder / "submitted/edited_grade_cell" / UNIT / f"{UNIT}.ipynb").read_text() == json.dumps(
        notebook
    )


@pytest.mark.parametrize(
    ("name", "exercise", "said"),
    [
        ("deleted_grade_cells", "double", "This cell was missing from the notebook."),
        ("edited_grade_id", "double", ""),
        ("edited_grade_cell", "double", "what stood in it is kept above"),
        ("solution_merged_into_its_grade_cell", "double", "what stood in it is kept above"),
        ("retyped_to_markdown", "double", "This cell was no code cell any more."),
        ("deleted_grade_and_solution_cell", "softmax", "missing"),
    ],
)
def test_feedback_says_what_was_mended(nbcourse: NbCourse, graded: Ran, name: str, exercise: str, said: str) -> None:
    assert said in feedback_text(nbcourse.autograded(name), exercise)


def test_cells_without_metadata_are_known_by_what_they_do(nbcourse: NbCourse, graded: Ran) -> None:
    notebook = nbcourse.autograded("as_saved_by_colab")
    assert all("missing" not in feedback_text(notebook, name) for name in POINTS)
    assert len(notebook.cells) == len(nbcourse.source().cells)
    assert cell_of(notebook, "solution-double")


def test_a_cell_that_was_put_back_stands_behind_the_code_it_grades(nbcourse: NbCourse, graded: Ran) -> None:
    notebook = nbcourse.autograded("deleted_grade_cells")
    assert index_of(notebook, "softmax") == index_of(notebook, "solution-softmax") + 1


def test_what_stood_in_a_grade_cell_is_kept(nbcourse: NbCourse, graded: Ran) -> None:
    notebook = nbcourse.autograded("solution_merged_into_its_grade_cell")
    assert "def double(X)" in notebook.cells[index_of(notebook, "double") - 1].source


def test_saved_outputs_do_not_survive(nbcourse: NbCourse, graded: Ran) -> None:
    assert "oops" not in json.dumps(nbcourse.autograded("with_saved_outputs"))


def test_a_renamed_notebook_is_named_and_not_graded(nbcourse: NbCourse, graded: Ran) -> None:
    assert graded.code == 1
    assert (
        "renamed handed in final version.ipynb, but the notebook of this assignment is called doubling.ipynb"
        in graded.log
    )
    assert set(nbcourse.scores("renamed").values()) == {None}


def test_an_unreadable_notebook_stops_only_itself(nbcourse: NbCourse, graded: Ran) -> None:
    assert "error processing assignment 'doubling' for student 'unreadable'" in graded.log
    assert set(nbcourse.scores("unreadable").values()) == {None}
    assert not (nbcourse.folder / "autograded" / "unreadable").exists()
