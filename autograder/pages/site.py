"""A report on a class: a static site of one class page and one page per student, each complete in itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from autograder.course import CourseError
from autograder.files import write_file
from autograder.language import _, language
from autograder.pages.exercise import exercise_html, exercise_style, kind, symbol, word
from autograder.pages.rendering import points, render
from autograder.pages.survey import survey
from autograder.results.document import Outcome, SubmissionResult
from autograder.results.reading import Reading, file_names

INDEX = "index.html"
STUDENTS = "students"
# By this we know a page as ours, and may replace it.
GENERATOR = '<meta name="generator" content="autograder report">'


def write_report(reading: Reading, out: Path, titles: Mapping[str, str] | None = None) -> list[Path]:
    """Write OUT/index.html and OUT/students/*.html; pages of students who are gone are removed. The pages written.

    titles: unit -> its title, in the order of the course. Raises CourseError where OUT holds something else or cannot be written.
    """
    if not reading.results and not reading.remarks:
        raise CourseError("there are no results to report on; `autograder grade --out DIR` writes some")
    _check_ours(out)
    titles = titles or {}
    units = sorted(reading.units, key=lambda unit: (unit not in titles, [*titles].index(unit) if unit in titles else 0))
    files = {student: f"{name}.html" for student, name in file_names(reading.students).items()}
    by_student: dict[str, dict[str, SubmissionResult]] = {student: {} for student in reading.students}
    for result in reading.results:
        by_student[result.student][result.unit] = result
    written = [_write(out / INDEX, _class_page(reading, by_student, files, units, titles))]
    for student, results in by_student.items():
        page = _student_page(student, [results[unit] for unit in units if unit in results], titles)
        written.append(_write(out / STUDENTS / files[student], page))
    _remove_stale(out / STUDENTS, written)
    return written


def _class_page(
    reading: Reading,
    by_student: Mapping[str, Mapping[str, SubmissionResult]],
    files: Mapping[str, str],
    units: list[str],
    titles: Mapping[str, str],
) -> str:
    surveys = [survey(unit, [result for result in reading.results if result.unit == unit]) for unit in units]
    rows = [
        {
            "student": student,
            "scores": [results.get(unit) for unit in units],
            "score": sum(result.score for result in results.values()),
            "most": sum(result.max_score for result in results.values()),
            "remarks": _remarks(results.values()),
        }
        for student, results in by_student.items()
    ]
    return render(
        "class.html",
        surveys=surveys,
        rows=rows,
        units=units,
        titles=titles,
        links={student: f"{STUDENTS}/{quote(file)}" for student, file in files.items()},
        remarks=reading.remarks,
        submissions=len(reading.results),
        isolation=sorted({result.isolation for result in reading.results}),
        missing=sorted({layer for result in reading.results for layer in result.missing_layers}),
        seeds=sorted({result.seed for result in reading.results}),
        outcome_words={outcome: outcome.value.replace("_", " ") for outcome in Outcome},
        generator=GENERATOR,
    )


def _student_page(student: str, results: list[SubmissionResult], titles: Mapping[str, str]) -> str:
    score, most = sum(result.score for result in results), sum(result.max_score for result in results)
    parts = [
        {
            "unit": result.unit,
            "title": titles.get(result.unit, result.unit),
            "score": _of(result.score, result.max_score),
            "problems": result.problems,
            "exercises": [exercise_html(exercise, styled=False) for exercise in result.exercises],
            "printed": result.printed.strip("\n"),
            "marks": [
                (symbol(check.outcome), kind(check.outcome), f"{word(check.outcome)}: {check.title}")
                for check in result.checks
            ],
        }
        for result in results
    ]
    return render(
        "student.html",
        student=student,
        total=_of(score, most),
        parts=parts,
        style=exercise_style(),
        language=language(),
        generator=GENERATOR,
        words={
            "skip": _("Skip to the results"),
            "units": _("Units"),
            "overview": _("All students"),
            "problems": _("Problems with the file"),
            "printed": _("What the code printed"),
            "checks": _("Checks"),
        },
    )


def _of(score: float, most: float) -> str:
    return _("{score} of {most} points").format(score=points(score), most=points(most))


def _remarks(results: Iterable[SubmissionResult]) -> str:
    """What an instructor wants to see at a glance, beyond plain failures."""
    outcomes = {check.outcome: None for result in results for check in result.checks}
    plain = (Outcome.PASSED, Outcome.FAILED, Outcome.RAISED, Outcome.NOT_ASSESSED)
    unusual = [outcome.value.replace("_", " ") for outcome in outcomes if outcome not in plain]
    problems = ["problem in the source"] if any(result.problems for result in results) else []
    review = ["to be reviewed"] if any(result.review for result in results) else []
    return ", ".join([*unusual, *problems, *review])


def _check_ours(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise CourseError(f"{out} is a file; name a folder with --out")
    index = out / INDEX
    ours = index.is_file() and GENERATOR in index.read_text(encoding="utf-8", errors="replace")
    if out.is_dir() and any(out.iterdir()) and not ours:
        raise CourseError(f"{out} holds something other than a report; name a new or empty folder with --out")


def _write(path: Path, page: str) -> Path:
    return write_file(path, page.encode())


def _remove_stale(folder: Path, written: list[Path]) -> None:
    for path in set(folder.glob("*.html")) - set(written):
        if GENERATOR in path.read_text(encoding="utf-8", errors="replace"):
            path.unlink()
