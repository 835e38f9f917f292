"""What students install: the chosen units, working without a network, and not one byte of an answer."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from studentcourse import environment, make_course, solve

from autograder.authoring.building import BuildError
from autograder.authoring.releasing import index_text, release
from autograder.course import Course, CourseError, find_course, load_course

CANARY = "canary-3f9a1c"


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with a canary in everything a student must not get."""
    course = make_course(tmp_path_factory.mktemp("planted") / "course")
    for unit in course.units.values():
        for path in (unit.reference, unit.hidden_suite, unit.misconceptions, unit.accepted, unit.reference_tests):
            path.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text() if path.is_file() else ""
            path.write_text(f"{text}\n# {CANARY}\n")
        solution = unit.solution.read_text()
        unit.solution.write_text(solution.replace("### END SOLUTION", f"# {CANARY}\n    ### END SOLUTION"))
    return course


@pytest.fixture(scope="module")
def released(planted: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `autograder release OUT doubling` writes."""
    out = tmp_path_factory.mktemp("released")
    release(planted, [planted.unit("doubling")], out)
    return out


def contents(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Every file in an archive, those of archives inside it too."""
    for name in archive.namelist():
        data = archive.read(name)
        yield name, data
        if name.endswith(".whl"):
            yield from contents(zipfile.ZipFile(io.BytesIO(data)))


def test_no_byte_of_an_answer_is_given_away(released: Path):
    looked_at = 0
    for path in released.iterdir():
        for name, data in contents(zipfile.ZipFile(path)):
            looked_at += 1
            assert CANARY.encode() not in data, f"{path.name}: {name}"
            assert b"BEGIN SOLUTION" not in data or name.startswith("autograder/"), name
    assert looked_at > 50


def test_only_the_chosen_units_are_in_it(released: Path):
    for path in released.iterdir():
        for name, data in contents(zipfile.ZipFile(path)):
            assert "tripling" not in name
            assert b"tripling" not in data.lower(), name
            assert not any(word in name for word in ("hidden/", "reference/", "misconceptions/", "accepted/")), name


@pytest.fixture(scope="module")
def installed(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked zip, with the wheel in it installed by pip into an environment of its own, without a network.

    Torch and the other dependencies come from the environment of the tests, through a .pth file.
    """
    folder = tmp_path_factory.mktemp("student")
    zipfile.ZipFile(released / "exercises.zip").extractall(folder)
    home = folder / "exercises"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / ".venv"], check=True)
    python = home / ".venv/bin/python"
    (wheel,) = home.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel]
    subprocess.run(pip, check=True)
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True).stdout.strip()
    Path(site, "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return home


def student(home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [home / ".venv/bin" / command[0], *command[1:]],
        cwd=home, env=environment(), capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip


def test_the_installed_package_checks_by_command_line_and_by_pytest(installed: Path):
    listed = student(installed, "autograder", "list")
    assert "doubling" in listed.stdout, listed.stderr
    assert "tripling" not in listed.stdout
    stub = installed / "01_doubling/doubling.py"
    solve(stub, "double", "return 2 * X")
    checked = student(installed, "autograder", "check")
    assert checked.returncode == 1, checked.stderr
    assert "✓ double" in checked.stdout
    assert "1 of 4 points" in checked.stdout
    tested = student(installed, "python", "-m", "pytest", "-q")
    assert "3 failed, 1 passed" in tested.stdout, tested.stdout + tested.stderr
    where = student(installed, "python", "-c", "import autograder; print(autograder.__file__)")
    assert where.stdout.startswith(str(installed / ".venv"))


def test_doctor_is_content_with_the_install_and_wants_no_wall_for_local_checks(installed: Path):
    done = student(installed, "autograder", "doctor")
    assert done.returncode == 0, done.stdout
    assert "✓ worker" in done.stdout
    assert "✓ prompt-toolkit" in done.stdout
    assert "✓ workspace" in done.stdout
    assert "landlock " not in done.stdout.replace("py-landlock", "")


def test_the_installed_package_cannot_grade(installed: Path):
    graded = student(installed, "autograder", "grade", "01_doubling/doubling.py")
    assert graded.returncode == 3
    assert "test_doubling.py does not exist" in graded.stderr


def test_the_same_course_gives_the_same_bytes(planted: Course, tmp_path: Path):
    unit = planted.unit("doubling")
    first, second = (release(planted, [unit], tmp_path / name) for name in ("first", "second"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_a_stub_that_holds_its_solution_is_never_released(planted: Course, tmp_path: Path):
    shutil.copytree(planted.root, tmp_path / "course")
    course = load_course(tmp_path / "course")
    unit = course.unit("doubling")
    unit.stub.write_text(unit.solution.read_text())
    with pytest.raises(BuildError, match=r"doubling\.py holds a part of solutions/doubling\.py; nothing was released"):
        release(course, [unit], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_stub_is_named(planted: Course, tmp_path: Path):
    shutil.copytree(planted.root, tmp_path / "course")
    course = load_course(tmp_path / "course")
    course.unit("tripling").stub.unlink()
    with pytest.raises(CourseError, match="autograder build tripling"):
        release(course, list(course.units.values()), tmp_path / "out")


def test_the_released_index_says_what_the_courses_says(tmp_path: Path):
    real = find_course(Path(__file__).parent)
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions/course.toml").write_text(index_text(real), encoding="utf-8")
    again = load_course(tmp_path)
    assert (again.title, again.seed, list(again.units)) == (real.title, real.seed, list(real.units))
    assert [(u.title, u.lecture, u.forbidden) for u in again.units.values()] == [
        (u.title, u.lecture, u.forbidden) for u in real.units.values()
    ]
