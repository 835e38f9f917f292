"""The stub of a unit: cut out of the solution, with what its exercises promise put in."""

from __future__ import annotations

import ast
import re

from autograder.authoring.cutting import BuildError, cut
from autograder.authoring.declared import contracts
from autograder.authoring.prose import Passage, laid_out
from autograder.course import Unit
from autograder.language import speaking
from autograder.promises import PROMISES, DeclaredContract

# A line of prose in whose place the sentences of an exercise's clauses come.
MARKER = re.compile(r"^# (?P<bullet>(?:- )?)\{promises of (?P<exercise>\w+)\}$", re.MULTILINE)
# What a contract may say where no reference is, in the students' own suite: the promises, and what they speak of.
_LOCAL = (
    "call", *(key for key, promise in PROMISES.items() if promise.local), "through", "returns", "changes", "buffers",
)  # fmt: skip
_HEAD = "\n\n# What the stubs promise, on a few inputs. Made by `autograder build`.\n\n"


def stub_text(unit: Unit) -> str:
    """The unit's stub in English. Raises BuildError for a solution that is missing, has bad markers or promises nothing."""
    if not unit.solution.is_file():
        raise BuildError(f"{unit.solution} does not exist; write it, or take {unit.name} out of the index")
    with speaking("en"):
        return with_promises(unit, cut(unit.solution.read_text(encoding="utf-8"), unit.solution.name))


def with_promises(unit: Unit, text: str) -> str:
    """A solution or stub with the sentences of its contracts in the places marked for them, in the language chosen.

    Raises BuildError for a place without a contract, or whose contract needs no sentence.
    """
    if "{promises of " not in text:
        return text
    made = {each.exercise: each for each in contracts(unit.hidden_suite)} if unit.hidden_suite.is_file() else {}

    def put(found: re.Match[str]) -> str:
        exercise, bullet = found["exercise"], found["bullet"]
        said = _sentences(made[exercise]) if exercise in made else []
        if not said:
            raise BuildError(f"{unit.solution}: {exercise} has no contract that promises anything; take the line out")
        place = Passage(0, 1, "", f"# {bullet}", "# " + " " * len(bullet))
        return "\n".join(laid_out(place, _joined(said)))

    return MARKER.sub(put, text)


def unmarked(unit: Unit) -> list[str]:
    """Exercises whose contract promises something that their stub has no place for."""
    text = unit.solution.read_text(encoding="utf-8")
    marked = {found["exercise"] for found in MARKER.finditer(text)}
    return [each.exercise for each in contracts(unit.hidden_suite) if _sentences(each) and each.exercise not in marked]


def public_text(unit: Unit) -> str:
    """The public checks as students get them: those that are written by hand, and what contracts promise on public inputs.

    Raises BuildError for inputs that cannot be copied.
    """
    text = unit.public_suite.read_text(encoding="utf-8")
    made = contracts(unit.hidden_suite) if unit.hidden_suite.is_file() else []
    calls = [_local_call(unit, each) for each in made if each.options.get("public")]
    if not calls:
        return text
    return text.rstrip("\n") + _HEAD + "from autograder.suite import contract  # noqa: E402\n\n" + "\n".join(calls)


def _local_call(unit: Unit, made: DeclaredContract) -> str:
    """The call of `contract` for a student's machine: what needs no reference, on the public inputs."""
    given = {keyword.arg: keyword.value for keyword in made.node.keywords}
    kept = {name: given[name] for name in _LOCAL if name in given}
    lines = [f"    {made.exercise!r},"]
    if made.options.get("builds") is not None:
        lines.append(f"    builds={list(made.options['builds'])!r},")
    for name, value in {"public": given["public"], **kept}.items():
        strange = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} - {"torch"}
        if strange:
            where = f"{unit.hidden_suite}:{made.line}"
            raise BuildError(f"{where}: {name} of {made.exercise} goes to students, who have no {', '.join(strange)}")
        lines.append(f"    {name}={ast.unparse(value)},")
    return "contract(\n" + "\n".join(lines) + "\n)\n"


def _sentences(made: DeclaredContract) -> list[str]:
    return [sentence for clause in made.clauses if (sentence := clause.sentence())]


def _joined(sentences: list[str]) -> str:
    """Sentences one after the other; in Chinese no space stands between them."""
    return re.sub(r"(?<=。) ", "", " ".join(sentences))
