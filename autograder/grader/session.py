"""A submission under examination: its worker, loaded statement by statement and replaced whenever it dies."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from autograder.grader.faults import CrashFault, Fault, TimeoutFault
from autograder.grader.hardware import wake
from autograder.grader.workers import Worker, WorkerBroke, WorkerDied, WorkerError, WorkerTimeout, Zygote
from autograder.language import _
from autograder.protocol.limits import PRINT_LIMIT
from autograder.protocol.messages import (
    Execute,
    Executed,
    Parse,
    Parsed,
    Reply,
    Request,
    SourceProblem,
    Statement,
    encode,
)
from autograder.submissions.submission import Submission

CALL_SECONDS = 10.0
# Processor seconds of one call: at first, once the submission has hung, and once this exercise has.
BUSY_SECONDS = (3.0, 0.5, 0.25)
# On a GPU all of it takes longer: the first use of an operator loads it, and CUDA waits by spinning.
GPU_PATIENCE = 4
EXERCISE_SECONDS = 120.0
# For all exercises together, beside loading.
SUBMISSION_SECONDS = 300.0
# Of answers, counted as `check_limits` does: what they cost the grader must not depend on how fast it is.
EXERCISE_BYTES = 2 * 2**30
SUBMISSION_BYTES = 8 * 2**30
STATEMENT_SECONDS = 20.0
# For all statements, as often as they are run until all were; then each gets little, until that is used up too.
LOADING_SECONDS = 180.0
HURRIED_STATEMENT_SECONDS = 0.5
HURRIED_SECONDS = 30.0
LOST_STATEMENTS = 3
MOST_PROBLEMS = 200
PARSE_SECONDS = 10.0
# Well below what a socket holds, so that neither side ever waits for the other to read.
AHEAD_BYTES = 32 * 1024
AHEAD_QUESTIONS = 16


class OutOfStepError(BaseException):
    """A check asked on about an example when the next one's question had been sent already: begin it again.

    No Exception, so that no check takes it for the submission's doing.
    """


@dataclass
class Session:
    """Answers requests from a submission's worker. Use as a context manager.

    A statement of the submission that hangs or kills its process is left out when the worker is replaced, so it costs
    only what it defines; after LOST_STATEMENTS of them no further statement runs. An exercise that has run into the
    deadline is given less time from then on (BUSY_SECONDS, and as much less by the clock), so that the deadline is paid
    once; none is given more than EXERCISE_SECONDS in all, nor all of them more than SUBMISSION_SECONDS, and what comes back
    is read up to as many bytes. Nothing is exempt from that: no repeats, no answers to questions that were sent ahead.
    """

    zygote: Zygote
    submission: Submission
    seed: int
    call_seconds: float = CALL_SECONDS
    problems: list[SourceProblem] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    beside: list[Statement] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)
    gpu: bool = False
    _on_gpu: Session | None = None
    _worker: Worker | None = None
    _skipped: set[int] = field(default_factory=set)
    _loaded_before: bool = False
    _impatience: int = 0
    _spent: float = 0.0
    _spent_before: float = 0.0
    _read: int = 0
    _read_before: int = 0
    _loading: float = 0.0
    _lost_seconds: float = 0.0
    _ahead: deque[bytes] = field(default_factory=deque)
    _sent: int = 0

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        if self._on_gpu is not None:
            self._on_gpu.__exit__()
            self._on_gpu = None

    def on_gpu(self) -> Session:
        """The same submission once more, in a worker that reaches GPUs; everything else stays behind the strict wall.

        It shares `problems` with this one, and is loaded when first asked.
        """
        if self._on_gpu is None:
            self._on_gpu = Session(
                self.zygote, self.submission, self.seed, self.call_seconds, self.problems, gpu=True,
                _skipped=set(self._skipped),
            )  # fmt: skip
        return self._on_gpu

    def load(self) -> None:
        """Run the submission's statements; what goes wrong is kept in `problems`.

        Raises ZygoteError if there is no worker to be had.
        """
        while self._worker is None:
            worker = self._fork()
            self.layers = worker.layers
            if not self._load_into(worker):
                continue
            self._worker = worker
        self._loaded_before = True

    def ask(self, request: Request) -> Reply:
        """Raises TimeoutFault or CrashFault; the worker is then replaced before the next question.

        Raises OutOfStepError if another question was sent ahead: it made the worker forget what this one is about.
        """
        if self._sent:
            self.expect([])
            raise OutOfStepError
        self._check_patience()
        return self._exchange([encode(request)])

    def expect(self, openings: Iterable[bytes]) -> None:
        """Announce the encoded questions to come, in their order; `ask_expected` asks them one by one.

        They are sent ahead, so that the worker goes on while the grader compares. What was announced before and not
        asked is dropped.
        """
        self._ahead.clear()
        while self._sent:
            self._sent -= 1
            with contextlib.suppress(Fault):  # an answer nobody waits for
                self._check_patience()
                self._exchange([])
                continue
            self._drop_worker()
        self._ahead.extend(openings)

    def ask_expected(self) -> Reply:
        """Ask the next question that was announced. Raises TimeoutFault or CrashFault as `ask` does."""
        self._check_patience()
        self.load()
        batch: list[bytes] = []
        size = sum(len(frame) for frame in itertools.islice(self._ahead, self._sent))
        for frame in itertools.islice(self._ahead, self._sent, AHEAD_QUESTIONS):
            if (size := size + len(frame)) > AHEAD_BYTES and (self._sent or batch):
                break
            batch.append(frame)
        self._sent += len(batch) - 1
        self._ahead.popleft()
        return self._exchange(batch)

    def busy_seconds(self) -> float:
        """Processor time its workers have used, as far as the system says."""
        return self._lost_seconds + (self._worker.busy_seconds() if self._worker is not None else 0.0)

    def _check_patience(self) -> None:
        """Raises TimeoutFault and CrashFault where a budget is used up."""
        if self._spent > EXERCISE_SECONDS:
            said = _("This exercise took more than {seconds} seconds in all.")
            raise TimeoutFault(said.format(seconds=f"{EXERCISE_SECONDS:g}"))
        if self._spent_before + self._spent > SUBMISSION_SECONDS:
            said = _("All exercises together took more than {seconds} seconds.")
            raise TimeoutFault(said.format(seconds=f"{SUBMISSION_SECONDS:g}"))
        if self._read > EXERCISE_BYTES or self._read_before + self._read > SUBMISSION_BYTES:
            raise CrashFault(_("What came back is too much to be read."))

    def _exchange(self, frames: Sequence[bytes]) -> Reply:
        started = time.monotonic()
        self.load()
        assert self._worker is not None
        busy_seconds = BUSY_SECONDS[self._impatience] * (GPU_PATIENCE if self.gpu else 1)
        seconds = self.call_seconds * busy_seconds / BUSY_SECONDS[0]
        before = self._worker.read_bytes
        try:
            reply = self._worker.exchange(frames, seconds, busy_seconds)
            self._read += self._worker.read_bytes - before
            return reply
        except WorkerTimeout as error:
            self._lose_worker()
            self._impatience = len(BUSY_SECONDS) - 1
            seconds = error.seconds
            self._lost_seconds += seconds
            one = _("It did not finish within one second. Is there a loop that never ends?")
            more = _("It did not finish within {seconds} seconds. Is there a loop that never ends?")
            raise TimeoutFault(one if seconds == 1 else more.format(seconds=f"{seconds:g}")) from None
        except WorkerDied as error:
            self._lose_worker()
            raise CrashFault(_("The whole Python process ended: {error}.").format(error=error)) from None
        except WorkerError as error:
            self._lose_worker()
            raise CrashFault(_("The answer could not be read: {error}.").format(error=error)) from None
        finally:
            self._spent += time.monotonic() - started

    def _lose_worker(self) -> None:
        self._worker, self._sent = None, 0

    def _drop_worker(self) -> None:
        if self._worker is not None:
            self._worker.close()
        self._lose_worker()

    def begin_exercise(self) -> None:
        """Each exercise is given time of its own, less of it once another one has hung."""
        self._impatience = min(self._impatience, 1)
        self._spent_before, self._spent = self._spent_before + self._spent, 0.0
        self._read_before, self._read = self._read_before + self._read, 0
        if self._on_gpu is not None:
            self._on_gpu.begin_exercise()

    def _fork(self) -> Worker:
        if not self.gpu:
            return self.zygote.fork()
        worker = self.zygote.fork_gpu()
        wake(worker)
        return worker

    def _load_into(self, worker: Worker) -> bool:
        """Parse and run the source; False if the worker died on the way (the statement at fault is then skipped)."""
        try:
            parsed = worker.ask(Parse(self.submission.cells), PARSE_SECONDS)
            assert isinstance(parsed, Parsed)
        except (WorkerError, AssertionError) as error:
            said = _("the file cannot be parsed: {error}").format(error=error)
            self.problems = [SourceProblem(self.submission.path.name, 1, said)]
            self.submission = Submission(self.submission.student, self.submission.path, [])
            worker.close()
            return False
        if not self._loaded_before:
            self.statements, self.beside = parsed.statements, parsed.beside
            self.problems += [p for p in parsed.problems[:MOST_PROBLEMS] if p not in self.problems]
        count = min(len(parsed.statements), len(self.statements))
        return all(self._execute(worker, i) for i in range(count) if i not in self._skipped)

    def _execute(self, worker: Worker, index: int) -> bool:
        overtime = 0.0 if self._loaded_before else self._loading - LOADING_SECONDS
        if overtime > HURRIED_SECONDS:
            self._leave_out_from(index)
            return True
        # Once statements have used up their time, definitions still get what they need.
        seconds = HURRIED_STATEMENT_SECONDS if overtime > 0 else STATEMENT_SECONDS
        started = time.monotonic()
        try:
            reply = worker.ask(Execute(index, seed=self.seed), seconds)
            if not isinstance(reply, Executed):
                worker.close()
                raise WorkerBroke("an answer to another question")
        except WorkerError as error:
            self._skipped.add(index)
            statement = self.statements[index]
            said = _("this statement was left out: {error}").format(error=error)
            self.problems.append(SourceProblem(statement.label, statement.line, said))
            if len(self._skipped) == LOST_STATEMENTS:
                self._leave_out_from(index)
            return False
        finally:
            self._loading += time.monotonic() - started
        if not self._loaded_before:
            if reply.problem is not None and len(self.problems) < MOST_PROBLEMS and reply.problem not in self.problems:
                self.problems.append(reply.problem)
            if reply.printed and sum(map(len, self.printed)) < PRINT_LIMIT:
                self.printed.append(reply.printed)
        return True

    def _leave_out_from(self, index: int) -> None:
        self._skipped.update(range(index, len(self.statements)))
        statement = self.statements[index]
        said = _("nothing after this was run")
        self.problems.append(SourceProblem(statement.label, statement.line, said))
