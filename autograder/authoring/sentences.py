"""The sentences that students read, found where they are written: the engine, the course's index, the files of a unit."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.cutting import cut
from autograder.authoring.declared import contracts, parsed
from autograder.authoring.prose import passages
from autograder.course import Course, Unit
from autograder.language import ENGINE, VALUE
from autograder.submissions.variants import CHANGED, WRONG

# Where the sentence stands among the arguments of a call.
_SENTENCES = {"expect": ("problem", 1), "different": ("problem", 2), "Mismatch": ("problem", 0)}
_WORDS = re.compile(r"[a-z]{2,} [a-z]{2,}| [a-z]{3,}|[a-z]{3,} ")
_MODES = ("training", "evaluation")
_LED_IN = re.compile(r"\{value1\}, ")  # code after words that are known only when the suite runs


@dataclass(frozen=True)
class Message:
    """A sentence to translate and what it is (`title`, `hint`, ...), which helps whoever translates it."""

    text: str
    kind: str


def engine_messages() -> list[Message]:
    """What the package's own code says to students: every literal inside `_()` and `N_()`."""
    package = ENGINE.parent
    found: dict[str, Message] = {}
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and _name(node.func) in ("_", "N_") and node.args:
                text = _literal(node.args[0])
                if text:
                    found.setdefault(text, Message(text, str(path.relative_to(package))))
    return list(found.values())


def course_messages(course: Course) -> list[Message]:
    """The titles that stand in the course's index."""
    parts = [Message(part.title, "title of a part") for part in course.parts]
    return _unique([Message(course.title, "title of the course"), *parts])


def public_messages(unit: Unit) -> list[Message]:
    """The sentences of a unit that a student's install needs: its title, and what its public checks say."""
    public = suite_messages(unit.public_suite) if unit.public_suite.is_file() else []
    return _unique([Message(unit.title, "title of the unit"), *public])


def unit_messages(unit: Unit) -> list[Message]:
    """Every sentence of a unit, whatever it has so far. Raises BuildError for a file that cannot be read."""
    sources = (
        (solution_messages, unit.solution),
        (suite_messages, unit.hidden_suite),
        (misconception_messages, unit.misconceptions),
    )
    found = [message for read, path in sources if path.is_file() for message in read(path)]
    return _unique([*public_messages(unit), *found])


def suite_messages(path: Path) -> list[Message]:
    """A suite's titles, hints, and the words its comparisons are given."""
    tree = parsed(path)
    local = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found: list[Message] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and "check" in map(_name, node.decorator_list):
            found.append(Message(" ".join((ast.get_docstring(node) or "").split()), "title"))
        if isinstance(node, ast.FunctionDef) and "probe" in map(_name, node.decorator_list):
            found.append(Message((ast.get_docstring(node) or "").split("\n")[0], "what is called"))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _name(node.value.func) == "hints":
            found += [Message(_literal(k.value), f"hint: {k.arg}") for k in node.value.keywords]
        found += _said_in(node, local)
    for made in contracts(path):
        also = (made.options.get("also") or {}).values()
        titles = [made.options.get("matches"), *(case[0] for case in also if isinstance(case, list))]
        found += [Message(title, "title") for title in titles if isinstance(title, str)]
    found += _phrases(tree)
    return _unique([m for m in found if m.kind.startswith(("title", "hint")) or _is_prose(m.text)])


def misconception_messages(path: Path) -> list[Message]:
    """The names and hints of misconceptions."""
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and _name(node.func) in (WRONG, CHANGED) and len(node.args) > 1:
            found.append(Message(_literal(node.args[1]), "misconception"))
            found += [Message(_literal(k.value), "its hint") for k in node.keywords if k.arg == "hint"]
    return _unique(found)


def solution_messages(path: Path) -> list[Message]:
    """The prose of a solution that its stub keeps: markdown and docstrings. Raises BuildError for bad markers."""
    stub = cut(path.read_text(encoding="utf-8"), path.name)
    return _unique([Message(passage.text, "prose") for passage in passages(stub)])


def _said_in(scope: ast.stmt, local: dict[str, ast.FunctionDef]) -> Iterator[Message]:
    """The sentences that the calls of a top-level statement are given as `problem` and as `what`."""
    strings: dict[str, list[ast.expr]] = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            strings.setdefault(node.targets[0].id, []).append(node.value)
    for node in ast.walk(scope):
        if isinstance(node, ast.Call):
            for kind, value in _sentence_arguments(node, local):
                for text in _texts(value, strings):
                    yield Message(text, kind)


def _sentence_arguments(call: ast.Call, local: dict[str, ast.FunctionDef]) -> Iterator[tuple[str, ast.expr]]:
    name = _name(call.func)
    if name in _SENTENCES and len(call.args) > _SENTENCES[name][1]:
        yield "problem", call.args[_SENTENCES[name][1]]
    if name in local:
        for parameter, value in zip(local[name].args.args, call.args, strict=False):
            if parameter.arg in ("problem", "what"):
                yield parameter.arg, value
    for keyword in call.keywords:
        if keyword.arg in ("problem", "what"):
            yield keyword.arg, keyword.value


def _texts(value: ast.expr, strings: dict[str, list[ast.expr]]) -> Iterator[str]:
    """The texts an argument may have: a literal, either branch of a condition, or what a local name was set to."""
    if isinstance(value, ast.IfExp):
        yield from _texts(value.body, strings)
        yield from _texts(value.orelse, strings)
    elif isinstance(value, ast.Name):
        for other in strings.get(value.id, []):
            if not isinstance(other, ast.Name):
                yield from _texts(other, strings)
    else:
        yield _literal(value)


def _phrases(tree: ast.Module) -> Iterator[Message]:
    """The other strings of a suite that have several words: parts that are put together only when it runs. Probes are
    left out, for they run elsewhere, and so are docstrings."""
    inner: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and "probe" in map(_name, node.decorator_list):
            inner |= set(map(id, ast.walk(node)))
        inner |= set(map(id, _parts(node)))
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and ast.get_docstring(node) is not None:
            inner |= set(map(id, ast.walk(node.body[0])))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _name(node.value.func) == "hints":
            inner |= set(map(id, ast.walk(node)))
        if isinstance(node, ast.keyword) and node.arg == "key":  # of a shared strategy: nobody reads it
            inner |= set(map(id, ast.walk(node)))
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and id(node) not in inner:
            text = _literal(node)
            if text in _MODES or (_is_prose(text) and _WORDS.search(VALUE.sub("", text))):
                yield Message(_with_rest(text), "phrase")


def _with_rest(text: str) -> str:
    """A piece that is hung on to another, such as ` as returned`, with {rest} for that other one: its place may differ.
    What `format` fills by position gets names as well."""
    count = itertools.count(1)
    text = re.sub(r"\{\}", lambda _place: f"{{value{next(count)}}}", text)
    if text.startswith((" ", ",")):
        return "{rest}" + text
    return text + "{rest}" if text.endswith(" ") else text


def _literal(node: ast.expr) -> str:
    """A string as it is; an f-string or a sum of strings with {value1}, {value2}, ... in its places; '' for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    pieces = _pieces(node) if isinstance(node, (ast.JoinedStr, ast.BinOp)) else []
    if not any(pieces):
        return ""
    count = 0
    for place, piece in enumerate(pieces):
        if not piece:
            count += 1
            pieces[place] = f"{{value{count}}}"
    return "".join(pieces)


def _parts(node: ast.AST) -> list[ast.expr]:
    """The strings that a string is put together from, at any depth."""
    if isinstance(node, ast.JoinedStr):
        return [value for value in node.values if isinstance(value, ast.Constant)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [node.left, node.right, *_parts(node.left), *_parts(node.right)]
    return []


def _pieces(node: ast.expr) -> list[str]:
    """The parts of a string that is put together; '' stands for what is known only when it runs."""
    if isinstance(node, ast.JoinedStr):
        return [piece for value in node.values for piece in _pieces(value)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _pieces(node.left) + _pieces(node.right)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else [""]


def _is_prose(text: str) -> bool:
    """Whether a phrase has words to translate: code, such as `layer(X)[0]`, has none."""
    if text in _MODES or _LED_IN.match(text):
        return True
    bare = VALUE.sub("value", text)
    if not re.search(r"[A-Za-z]{2}", VALUE.sub("", text)):
        return False
    try:
        tree = ast.parse(bare.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return True
    return isinstance(tree.body, ast.Name) and text[:1].isupper() and text[1:].islower()


def _name(node: ast.expr) -> str:
    """`check` for check, check(...) and suite.check."""
    if isinstance(node, ast.Call):
        return _name(node.func)
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _unique(messages: list[Message]) -> list[Message]:
    return list({message.text: message for message in reversed(messages) if message.text}.values())[::-1]
