"""Whether mutants that are listed as equivalent are: on other inputs than the suite's, their answers are the solution's, bit
for bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.authoring.mutating import Mutant, covers, mutants
from autograder.course import Equivalent, Unit
from autograder.grader.assessing import Assessor
from autograder.grader.exhibit import Local
from autograder.grader.suite_file import Suite, collect
from autograder.grader.trusted import load_module, run_source
from autograder.protocol import wire
from autograder.protocol.messages import Reply, Returned, encode

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
    left = [(entry, mutant) for entry, own in covered for mutant in own]
    compared = 0
    while compared < INPUTS and left:
        seed += 1
        suite = collect(unit.hidden_suite, unit.name, seed, keeps=False)
        assessor = Assessor(suite, reference, frozenset())
        told = [(entry, mutant, _differing(unit, suite, assessor, mutant)) for entry, mutant in left]
        for entry, _, check in told:
            if check:
                yield Doubt(entry, f"answers otherwise than the solution in {check}, drawn from seed {seed}")
        left = [(entry, mutant) for entry, mutant, check in told if not check]
        drawn = [check for _, mutant in left for check in suite.exercises().get(mutant.exercise, [])]
        compared += max((len(suite.examples(check)) for check in drawn), default=INPUTS)


def _differing(unit: Unit, suite: Suite, assessor: Assessor, mutant: Mutant) -> str:
    """The first check in which a mutant's answers are not the solution's; '' if there is none."""
    solution = run_source(unit.solution.read_text(encoding="utf-8"), "solution")
    changed = run_source(mutant.source, "mutant")
    for check in suite.exercises().get(mutant.exercise, []):
        if not check.needs:
            pairs = (assessor.transcripts(check, Local(names, remembers=False)) for names in (solution, changed))
            for right, other in zip(*pairs, strict=True):
                if _bits(right) != _bits(other):
                    return check.id
    return ""


def _bits(transcript: Sequence[Reply]) -> list[bytes]:
    """What replies answer, without what was printed and recorded on the way."""
    return [
        bytes(encode(Returned(wire.pack(reply.value))))
        if isinstance(reply, Returned)
        else type(reply).__name__.encode()
        for reply in transcript
    ]
