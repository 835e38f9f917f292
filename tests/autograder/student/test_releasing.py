"""What students install: the chosen units, working without a network, and not one byte of an answer."""

from __future__ import annotations

import ast
import io
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from studentcourse import environment, make_course, run, solve

from autograder.authoring import building
from autograder.authoring.cutting import BuildError
from autograder.authoring.releasing import release
from autograder.authoring.secrets import leaks, readable, secrets_of
from autograder.course import Course, find_course, load_course
from autograder.language import speaking, translated

CANARY = "canary-3f9a1c"
SECRET_NAMES = ("unit.toml", "test_hidden.py", "wrong.py", "right.py", "test_reference.py", "lock.json", "ids.txt")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with a canary in every file but those that students get, and a draft with one in these too."""
    course = make_course(tmp_path_factory.mktemp("planted") / "course")
    for unit in course.units.values():
        (unit.home / "blind").mkdir()
        for name in ("test_hidden.py", "wrong.py", "right.py", "test_reference.py", "ids.txt", "blind/right_1.py"):
            plant(unit.home / name, f"# {CANARY}")
        plant(unit.reference, f"# {CANARY}")
        plant(unit.home / "lock.json", f'["{CANARY}"]')
        plant(unit.home / "zh.po", f'msgid "{CANARY}"\nmsgstr "{CANARY}"')
        equivalent = "".join(f'{key} = "{CANARY}"\n' for key in ("exercise", "before", "after", "reason"))
        plant(unit.home / "unit.toml", f"[[equivalent]]\n{equivalent}")
        solution = unit.solution.read_text()
        unit.solution.write_text(solution.replace("### END SOLUTION", f"# {CANARY}\n    ### END SOLUTION"))
    plant(course.home / "zh.po", f'msgid "{CANARY}"\nmsgstr "{CANARY}"')
    make_draft(course, f"# {CANARY}")
    course = load_course(course.root)
    building.update(building.handed_out(course))
    return course


def plant(path: Path, text: str) -> None:
    path.write_text(f"{path.read_text() if path.is_file() else ''}\n{text}\n")


def make_draft(course: Course, comment: str) -> None:
    """A unit that is being written, whole but for `stable = true`."""
    home = course.root / "tests/units/fragile"
    shutil.copytree(course.unit("tripling").home, home)
    (home / "unit.toml").write_text('title = "A canary-3f9a1c of a draft"\n')
    (home / "test_public.py").write_text(f"{(home / 'test_public.py').read_text()}\n{comment}\n")
    solution = course.unit("tripling").solution.read_text()
    (course.root / "solutions/fragile.py").write_text(f"{solution}\n{comment}\n")


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
            assert Path(name).name not in SECRET_NAMES, name


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
    assert graded.returncode == 2
    assert graded.stderr.count("\n") == 1
    assert "no hidden suites here" in graded.stderr


def test_the_same_course_gives_the_same_bytes(planted: Course, tmp_path: Path):
    unit = planted.unit("doubling")
    first, second = (release(planted, [unit], tmp_path / name) for name in ("first", "second"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.fixture
def copied(planted: Course, tmp_path: Path) -> Course:
    shutil.copytree(planted.root, tmp_path / "course")
    return load_course(tmp_path / "course")


def test_a_stub_that_was_edited_is_never_released(copied: Course, tmp_path: Path):
    unit = copied.unit("doubling")
    unit.stub.write_text(unit.solution.read_text())
    with pytest.raises(BuildError, match=r"doubling\.py is missing or not what it is made of; run `autograder build"):
        release(copied, [unit], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_stub_is_named(copied: Course, tmp_path: Path):
    copied.unit("tripling").stub.unlink()
    with pytest.raises(BuildError, match="autograder build tripling"):
        release(copied, list(copied.units.values()), tmp_path / "out")


LEAKED = ("a hidden title", "a whole hidden function", "a hint of a known mistake", "a hidden title in Chinese")


@pytest.mark.parametrize("kind", LEAKED)
def test_a_release_that_would_tell_a_secret_is_refused(kind: str, copied: Course, tmp_path: Path):
    """Whoever writes a hidden sentence into a stub's prose, or hidden code into a public suite, is told."""
    unit = copied.unit("doubling")
    hidden = unit.hidden_suite.read_text()
    title = re.search(r'def test_noise\w*\(.*?\):\n    """(.*?)"""', hidden, re.S)
    assert title is not None
    text = {
        "a hidden title": "\n".join(f"# {word}" for word in title[1].split()),
        "a whole hidden function": longest_function(hidden),
        "a hint of a known mistake": "# Two times, not to\n#   the power two.",
        "a hidden title in Chinese": "# 这句话只在隐藏的检查里出现过一次",
    }[kind]
    plant(unit.home / "zh.po", f'msgid "{title[1]}"\nmsgstr "这句话只在隐藏的检查里出现过一次"')
    plant(unit.public_suite, text)
    building.update(building.build(unit))
    with pytest.raises(BuildError, match="nothing was released"):
        release(copied, [unit], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def longest_function(source: str) -> str:
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return max((ast.get_source_segment(source, node) or "" for node in functions), key=len)


def test_no_hidden_sentence_of_the_real_course_is_in_what_students_get():
    real = find_course(Path(__file__).parent)
    files = {str(path): readable(path.name, text.encode()) for path, text in building.handed_out(real).items()}
    hidden = [secret for unit in real.units.values() for secret in secrets_of(unit)]
    assert len(hidden) > 100 * len(real.units)
    assert list(leaks(files, hidden)) == []


def test_a_draft_is_in_no_students_hands_and_in_no_teachers_course(planted: Course, tmp_path: Path):
    assert "fragile" in planted.drafts
    assert "fragile" not in planted.units
    assert not [path for path in building.handed_out(planted) if "fragile" in str(path)]
    for command in (
        ["grade", "x.py", "--unit"],
        ["check"],
        ["course", str(tmp_path / "nb")],
        ["release", str(tmp_path)],
    ):
        done = run(planted.root, *command, "fragile")
        assert (done.returncode, "fragile is a draft" in done.stderr) == (2, True), (command, done.stderr)
    assert "fragile" not in run(planted.root, "list").stdout
    assert "fragile" not in run(planted.root, "start", str(tmp_path / "work")).stdout
    assert not list((tmp_path / "work").glob("*fragile*"))
    assert re.search(r"fragile .*\(draft\)", run(planted.root, "list", "--drafts").stdout)


def test_a_draft_can_be_built_translated_and_verified_by_name(planted: Course):
    assert "fragile is a draft" in run(planted.root, "build", "fragile").stdout
    assert not (planted.root / "assignments/fragile").exists()
    assert "fragile" in run(planted.root, "verify", "fragile").stdout


@pytest.mark.parametrize(("file", "text"), [("solutions/fragile.py", None), ("tests/units/fragile/wrong.py", "def (")])
def test_a_half_finished_draft_keeps_nobody_from_releasing(copied: Course, tmp_path: Path, file: str, text: str | None):
    if text is None:
        (copied.root / file).unlink()
    else:
        (copied.root / file).write_text(text)
    release(copied, [copied.unit("doubling")], tmp_path / "out")
    assert (tmp_path / "out/exercises.zip").is_file()


def test_a_unit_that_is_handed_out_and_cannot_be_searched_is_not_released(copied: Course, tmp_path: Path):
    copied.unit("tripling").home.joinpath("right.py").write_text("def (")
    with pytest.raises(BuildError, match=r"right\.py cannot be read"):
        release(copied, [copied.unit("doubling")], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_nothing_makes_is_found_among_the_assignments(copied: Course):
    stray = copied.root / "assignments/renamed/renamed.py"
    stray.parent.mkdir()
    stray.write_text("old")
    assert building.strays(copied, building.handed_out(copied)) == [stray]
    done = run(copied.root, "build", "--check")
    assert done.returncode == 1
    assert f"nothing makes {stray}; delete it" in done.stderr


def test_the_released_index_says_what_the_courses_says(tmp_path: Path):
    real = find_course(Path(__file__).parent)
    for path, text in building.index(real).items():
        (tmp_path / path.relative_to(real.root)).parent.mkdir(exist_ok=True)
        (tmp_path / path.relative_to(real.root)).write_text(text, encoding="utf-8")
    again = load_course(tmp_path)
    assert (again.title, again.seed, list(again.units)) == (real.title, real.seed, list(real.units))
    assert [(u.title, u.lecture, u.forbidden, u.number) for u in again.units.values()] == [
        (u.title, u.lecture, u.forbidden, u.number) for u in real.units.values()
    ]
    assert [(part.title, [u.name for u in units]) for part, units in again.by_part()] == [
        (part.title, [u.name for u in units]) for part, units in real.by_part()
    ]
    with speaking("zh"):
        assert [part.title for part, _ in again.by_part()] != [translated(p.title, again.home) for p in again.parts]
