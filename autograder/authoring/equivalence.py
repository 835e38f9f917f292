"""Whether mutants that are listed as equivalent are: on other inputs than the suite's, their answers are the solution's, bit
for bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograder.authoring.bench import bytes_of
from autograder.authoring.mutating import covers, mutants
from autograder.course import Equivalent, Unit
from autograder.grader.assessing import Assessor
from autograder.grader.exhibit import Local
from autograder.grader.suite_file import Suite, collect
from autograder.grader.trusted import load_module, run_source

INPUTS = 1000


@dataclass(frozen=True)
class Doubt:
    """Why an entry of the list of equivalents does not hold."""

    entry: Equivalent
    problem: str


def doubts(unit: Unit, seed: int) -> Iterator[Doubt]:
    """The entries that no mutant needs any more, and those that answer otherwise on one of INPUTS other inputs."""
    found = mutants(unit)
    covered = [(entry, [mutant for mutant in found if covers(entry, mutant)]) for entry in unit.equivalents]
    yield from (Doubt(entry, "stands for no mutant any more; take it out") for entry, own in covered if not own)
    reference = vars(load_module(unit.reference))
    solution = run_source(unit.solution.read_text(encoding="utf-8"), "solution")
    left = [(entry, run_source(mutant.source, "mutant")) for entry, own in covered for mutant in own]
    compared = 0
    while compared < INPUTS and left:
        seed += 1
        suite = collect(unit.hidden_suite, unit.name, seed, keeps=False)
        assessor = Assessor(suite, reference, frozenset())
        told = [(entry, names, _differing(suite, assessor, entry.exercise, solution, names)) for entry, names in left]
        for entry, _, check in told:
            if check:
                yield Doubt(entry, f"answers otherwise than the solution in {check}, drawn from seed {seed}")
        left = [(entry, names) for entry, names, check in told if not check]
        drawn = [check for entry, _ in left for check in suite.exercises().get(entry.exercise, [])]
        compared += max((len(suite.examples(check)) for check in drawn), default=INPUTS)


def _differing(
    suite: Suite, assessor: Assessor, exercise: str, solution: dict[str, Any], changed: dict[str, Any]
) -> str:
    """The first check of an exercise in which a mutant's answers are not the solution's; '' if there is none."""
    for check in suite.exercises().get(exercise, []):
        if not check.needs:
            pairs = (assessor.transcripts(check, Local(names, remembers=False)) for names in (solution, changed))
            for right, other in zip(*pairs, strict=True):
                if list(map(bytes_of, right)) != list(map(bytes_of, other)):
                    return check.id
    return ""
