"""What results, inputs and answers depend on, as hashes: what has the same key is the same. Nothing here imports torch."""

from __future__ import annotations

import ast
import functools
import hashlib
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from autograder.course import Unit
from autograder.promises import CONTRACT, TAKEN
from autograder.submissions.cells import Cell

_PACKAGE = Path(__file__).resolve().parent.parent
# How results are shown, and how a course is written, does not change them.
_IRRELEVANT = (
    "authoring", "cli", "pages",
    "results/differing.py", "results/exporting", "results/reading.py", "results/text.py", "results/wrapping.py",
)  # fmt: skip
_DRIVER = Path("/proc/driver/nvidia/gpus")
_DECISIVE = ("torch", "torchvision", "numpy", "hypothesis", "msgspec")


def submission_key(cells: Iterable[Cell], problem: str, unit_key: str) -> str:
    """The key of one submission: its code, what is wrong with its file, and everything `unit_key` stands for."""
    return digest([unit_key, problem, *(part for cell in cells for part in (cell.label, cell.source))])


def unit_key(unit: Unit, seed: int, *, language: str = "en", hardware: Iterable[str] = ()) -> str:
    """The key of what every submission of a unit meets: its files and what it says of itself, the seed, the engine, the
    language of the messages and the hardware that checks can use."""
    line = repr((unit.name, unit.title, unit.lecture, sorted(unit.forbidden.items()), sorted(unit.points.items())))
    files = [hash_of(path) for path in _files_of(unit)]
    return digest([line, str(seed), language, *sorted(hardware), engine_version(), *files])


@functools.cache
def engine_version() -> str:
    """A hash of this package's sources (views of results left out) and of the versions of what computes with it."""
    return _version_without(_IRRELEVANT)


@functools.cache
def package_version() -> str:
    """The same of all sources."""
    return _version_without(())


def _version_without(names: Iterable[str]) -> str:
    irrelevant = {_PACKAGE / name for name in names}
    sources = sorted(
        path
        for path in _PACKAGE.rglob("*")
        if path.suffix in (".py", ".po", ".mo") and irrelevant.isdisjoint([path, *path.parents])
    )
    versions = [f"{name} {metadata.version(name)}" for name in _DECISIVE]
    named = [f"{path.relative_to(_PACKAGE)} {hash_of(path)}" for path in sources]
    return digest([".".join(platform.python_version_tuple()[:2]), *versions, *named])


def exercise_key(unit: Unit, exercise: str, seed: int, *, public: bool = False, hardware: Iterable[str] = ()) -> str:
    """The key of what every submission of one exercise meets: the code of its checks and of the reference, its rules, the
    seed, the engine and the hardware. Titles, hints, docstrings and comments do not count, nor do other exercises' checks."""
    suite = unit.handed_out_suite if public else unit.hidden_suite
    rules = repr(unit.forbidden.get(exercise, ()))
    parts = [unit.name, exercise, rules, str(seed), str(public), *sorted(hardware), engine_version()]
    return digest([*parts, suite_code(suite, exercise), code_of(unit.reference)])


def suite_code(suite: Path, exercise: str) -> str:
    """The code of a suite that checks of one exercise can depend on: all but the checks of the others."""
    shared, checks, taken = _suite_parts(suite, _version(suite))
    return digest(
        [shared, *checks.get(exercise, ()), *(code_of(suite.parent.parent / unit / suite.name) for unit in taken)]
    )


def code_of(path: Path) -> str:
    """A hash of a file's code, without comments and docstrings; '' if there is no such file."""
    return _code_of(path, _version(path)) if path.is_file() else ""


def _version(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@functools.lru_cache(maxsize=1000)
def _code_of(path: Path, _version: tuple[int, int]) -> str:
    return digest([ast.unparse(_bare(_tree(path)))])


@functools.lru_cache(maxsize=1000)
def _suite_parts(path: Path, _version: tuple[int, int]) -> tuple[str, dict[str, list[str]], list[str]]:
    """The code that all checks of a suite share, that of each exercise's checks, and the units that checks are taken from."""
    tree = _bare(_tree(path))
    shared: list[ast.stmt] = []
    checks: dict[str, list[str]] = {}
    taken: list[str] = []
    for node in tree.body:
        call = node.value if isinstance(node, ast.Expr) else None
        name = call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""
        if isinstance(node, ast.FunctionDef) and (exercise := _checked(node)):
            checks.setdefault(exercise, []).append(ast.unparse(node))
        elif isinstance(call, ast.Call) and name == CONTRACT:
            checks.setdefault(_first(call), []).append(ast.unparse(_untitled(call)))
        elif isinstance(call, ast.Call) and name == TAKEN:
            shared.append(node)
            taken.append(_first(call))
        elif name != "hints":
            shared.append(node)
    return ast.unparse(ast.Module(shared, type_ignores=[])), checks, taken


def _checked(node: ast.FunctionDef) -> str:
    """The exercise that a function is a check of; '' if it is none."""
    for call in node.decorator_list:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "check":
            return _first(call)
    return ""


def _first(call: ast.Call) -> str:
    """The first argument of a call, a string; '' if it is none."""
    value = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
    return value if isinstance(value, str) else ""


def _untitled(contract: ast.Call) -> ast.Call:
    """A contract without its titles: the sentences of `matches`, and the first of each pair in `also`."""
    copy = ast.parse(ast.unparse(contract), mode="eval").body
    assert isinstance(copy, ast.Call)
    for keyword in copy.keywords:
        if keyword.arg == "matches" and isinstance(keyword.value, ast.Constant):
            keyword.value = ast.Constant("titled")
        for case in keyword.value.values if keyword.arg == "also" and isinstance(keyword.value, ast.Dict) else ():
            if isinstance(case, ast.Tuple) and case.elts:
                case.elts[0] = ast.Constant("titled")
    return copy


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # whoever runs it says so; its bytes are as good a key
        return ast.Module([ast.Expr(ast.Constant(path.read_bytes()))], type_ignores=[])


def _bare(tree: ast.Module) -> ast.Module:
    """A syntax tree without docstrings."""
    scopes = (
        n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module))
    )
    for node in scopes:
        if ast.get_docstring(node, clean=False) is not None:
            node.body[0] = ast.Pass()
    return tree


def gpus() -> list[str]:
    """The models of this machine's NVIDIA GPUs, from the driver's own list; empty where there is none."""
    found = sorted(_DRIVER.glob("*/information"))
    lines = [line for path in found for line in path.read_text().splitlines() if line.startswith("Model")]
    return [line.split(":", 1)[1].strip() for line in lines]


def _files_of(unit: Unit) -> list[Path]:
    """Misconceptions are composed from the solution, so that counts too; so do translations, and what units share."""
    *_, taken = (
        _suite_parts(unit.hidden_suite, _version(unit.hidden_suite)) if unit.hidden_suite.is_file() else ("", {}, [])
    )
    others = [unit.home.parent / name / unit.hidden_suite.name for name in taken]
    own = [unit.hidden_suite, unit.reference, unit.misconceptions, unit.solution, *others]
    shared = sorted(unit.home.parent.glob("*.py"))
    translated = sorted(unit.home.glob("*.po"))
    return [*own, *shared, *translated]


def hash_of(path: Path) -> str:
    """A hash of a file's bytes; '' if there is no such file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def digest(parts: Iterable[str]) -> str:
    """A hash that keeps the parts apart: ["ab", "c"] and ["a", "bc"] differ."""
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part.encode("utf-8", "surrogatepass")).digest())
    return total.hexdigest()
