"""Find out pieces of a verification: what is known already is read, the rest is found out in one process or in several."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from autograder.authoring.planning import Found, Piece
from autograder.course import CourseError, SuiteError
from autograder.grader.launching import launch
from autograder.keeping import Shelf, shelf
from autograder.language import speak

if TYPE_CHECKING:
    from autograder.authoring.bench import Bench

Findings = dict[str, Found]
# A second process pays off from so many exercises of submissions on: it takes as long to start as these take.
WORTH_A_PROCESS = 30
_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Found).decode


@dataclass(frozen=True)
class Finder:
    """Finds out pieces, drawing inputs from `seed`, in up to `jobs` processes.

    cold: look at nothing that was found before. bench: one that is open already, where this process is to do everything.
    """

    seed: int
    jobs: int = 1
    cold: bool = False
    bench: Bench | None = None

    def find(self, pieces: Sequence[Piece]) -> Iterator[tuple[Piece, Findings | str]]:
        """Each piece with what it came to, by exercise: first what is known, then the others as they are found out.

        Where a unit's own files are at fault, a sentence that says so stands in the place of the findings.
        """
        kept = shelf("findings")
        known = {id(piece): {} if self.cold else dict(_read(kept, piece)) for piece in pieces}
        parts: dict[int, tuple[Piece, Piece]] = {}
        for piece in pieces:
            rest = [name for name in piece.exercises if name not in known[id(piece)]]
            if rest:
                part = piece.only(rest)
                parts[id(part)] = (piece, part)
            else:
                yield piece, known[id(piece)]
        for part, result in self._work_out([part for _, part in parts.values()]):
            piece, _ = parts[id(part)]
            if isinstance(result, str):
                yield piece, result
                continue
            for name, key in zip(part.exercises, part.keys, strict=True):
                if name in result:
                    kept.write(key, _encode(result[name]))
            yield piece, {**known[id(piece)], **result}

    def _work_out(self, pieces: list[Piece]) -> Iterator[tuple[Piece, Findings | str]]:
        if not pieces:
            return
        if self.bench is not None:
            yield from _one_by_one(pieces, self.bench)
            return
        jobs = min(self.jobs, 1 + sum(len(piece.exercises) for piece in pieces) // WORTH_A_PROCESS)
        launched = launch() if jobs == 1 else None
        from autograder.authoring.bench import Bench, chunks

        if jobs == 1:
            with Bench(self.seed, launched) as bench:
                yield from _one_by_one(pieces, bench)
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(jobs, context, _start, (self.seed,)) as pool:
            begun = {pool.submit(_find, chunk): chunk for chunk in chunks(pieces, jobs)}
            for done in as_completed(begun):
                yield from zip(begun[done], done.result(), strict=True)


def _read(kept: Shelf, piece: Piece) -> Iterator[tuple[str, Found]]:
    for name, key in zip(piece.exercises, piece.keys, strict=True):
        value = kept.read(key)
        if value is not None:
            try:
                yield name, _decode(value)
            except msgspec.DecodeError:  # of another version, or damaged: found out again
                continue


def _one_by_one(pieces: Iterable[Piece], bench: Bench) -> Iterator[tuple[Piece, Findings | str]]:
    for piece in pieces:
        yield piece, _found_or_said(bench, piece)
    bench.forget()


_bench: Bench


def _start(seed: int) -> None:
    """Give this process its bench; its zygote ends when the process does."""
    global _bench
    launched = launch()
    from autograder.authoring.bench import Bench

    speak("en")
    _bench = Bench(seed, launched)


def _find(pieces: list[Piece]) -> list[Findings | str]:
    found = [_found_or_said(_bench, piece) for piece in pieces]
    _bench.forget()
    return found


def _found_or_said(bench: Bench, piece: Piece) -> Findings | str:
    try:
        return bench.find(piece)
    except (SuiteError, CourseError) as error:
        return str(error)
