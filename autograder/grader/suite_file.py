"""Collect a suite with pytest and draw its random inputs once, to be replayed for every submission."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import hypothesis
import msgspec
import pytest
import torch
from hypothesis import HealthCheck, Phase
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.internal.constants_ast import Constants
from torch import Tensor

from autograder.course import SuiteError
from autograder.grader.keys import digest, engine_version, suite_code
from autograder.keeping import shelf
from autograder.language import translated
from autograder.protocol import wire
from autograder.suite.checks import CheckMark, mark_of

DRAWN_EXAMPLES = 30
HARDWARE_MARKS = ("gpu", "multigpu")

hypothesis.settings.register_profile(
    "autograder",
    max_examples=DRAWN_EXAMPLES,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    print_blob=False,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


# Hypothesis also draws numbers and words that stand in the source of whatever modules are loaded and not installed.
# Inputs would depend on the command, the units graded before, and how this package was installed. It has no setting for that.
_NO_CONSTANTS_OF_LOADED_MODULES = mock.patch.object(HypothesisProvider, "_local_constants", Constants())


@dataclass(frozen=True, eq=False)
class Check:
    """One collected check.

    function: takes submission, reference and the inputs. wrapper: hypothesis' side of it, None for a check without
    random inputs. fixed: parametrised inputs. needs: hardware marks (`gpu`, `multigpu`). path: the suite it stands in. mark:
    what was declared of it.
    """

    id: str
    title: str
    exercise: str
    points: float
    function: Callable[..., None]
    wrapper: Any
    fixed: dict[str, Any]
    needs: frozenset[str]
    parameters: tuple[str, ...]
    mark: CheckMark
    path: Path = Path()

    @property
    def draws(self) -> str:
        """What its inputs are drawn as: checks that draw the same have the same inputs and seeds."""
        return self.mark.draws or self.id

    def run(self, submission: Any, reference: Any, example: dict[str, Any]) -> None:
        """Run it once on the given inputs."""
        arguments = {"submission": submission, "reference": reference, **self.fixed, **example}
        self.function(**{name: arguments[name] for name in self.parameters})


@dataclass(frozen=True)
class Suite:
    """The checks of one file in the order they are written, the unit they belong to, and the seed their inputs come from.

    keeps: whether what is drawn is kept for the next command.
    """

    path: Path
    unit: str
    seed: int
    checks: list[Check]
    keeps: bool = True
    _examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def exercises(self) -> dict[str, list[Check]]:
        grouped: dict[str, list[Check]] = {}
        for check in self.checks:
            grouped.setdefault(check.exercise, []).append(check)
        return grouped

    def examples(self, check: Check) -> list[dict[str, Any]]:
        """The inputs of a check: the same for everybody who is graded with this seed."""
        if check.wrapper is None:
            return check.mark.examples or [{}]
        if check.draws not in self._examples:
            self._examples[check.draws] = self._kept(check)
        return self._examples[check.draws][: check.mark.few]

    def _kept(self, check: Check) -> list[dict[str, Any]]:
        """As they were drawn before, if nothing they depend on has changed since."""
        inputs = shelf("inputs")
        key = digest([suite_code(self.path, check.exercise), check.draws, str(self.seed), engine_version()])
        kept = inputs.read(key)
        if kept is not None:
            return list(_decoded(kept))
        drawn = draw(check, self.seed)
        encoded = _encoded(drawn) if self.keeps else None
        if encoded is not None:
            inputs.write(key, encoded)
        return drawn

    def example_seed(self, check: Check, index: int) -> int:
        """The seed of the generators while the index-th example of a check runs."""
        # What the file is called does not count, or moving it would change what random exercises draw.
        return seed_for(self.seed, f"test_{self.unit}", check.draws, index)


def collect(path: Path, unit: str, seed: int, *, keeps: bool = True) -> Suite:
    """Collect the checks of one suite. Raises SuiteError if pytest cannot, or if a test is no proper check."""
    if not path.is_file():
        raise SuiteError(f"{path} does not exist")
    hypothesis.settings.load_profile("autograder")
    collector = _Collector()
    arguments = ["--collect-only", "-q", "--assert=plain", "--import-mode=importlib", "-p", "no:cacheprovider"]
    forget_module(path)
    status = pytest.main([*arguments, "-o", "addopts=", "--rootdir", str(path.parent), str(path)], plugins=[collector])
    forget_module(path)
    if status != pytest.ExitCode.OK or not collector.items:
        raise SuiteError(f"{path} cannot be collected:\n{collector.problems or 'it holds no tests'}")
    checks = [check_of(item) for item in collector.items]
    return Suite(path, unit, seed, checks, keeps)


def forget_module(path: Path) -> None:
    """Test files of one name (of two units, or of two courses) must not be taken for each other.

    Pytest goes by the module's name, which may begin with the folders it lies in.
    """
    for name in [name for name in sys.modules if name.split(".")[-1] == path.stem]:
        del sys.modules[name]


def draw(check: Check, seed: int) -> list[dict[str, Any]]:
    """Let hypothesis draw the inputs of a check; a check without random inputs has one empty example."""
    if check.wrapper is None:
        return [{}]
    drawn: list[dict[str, Any]] = []

    def record(**arguments: Any) -> None:
        drawn.append({n: v for n, v in arguments.items() if n not in ("submission", "reference", *check.fixed)})

    explore(check, seed, record)
    return drawn


def explore(check: Check, seed: int, inner: Callable[..., None]) -> None:
    """Run hypothesis' engine on a check's strategies with `inner` in place of its body."""
    handle = check.wrapper.hypothesis
    body = handle.inner_test
    signature = inspect.signature(body)

    def replaced(*args: Any, **kwargs: Any) -> None:
        inner(**signature.bind(*args, **kwargs).arguments)

    names = [name for name in inspect.signature(check.wrapper).parameters if name not in check.fixed]
    try:
        handle.inner_test = replaced
        seeded = hypothesis.seed(seed_for(seed, check.draws))(check.wrapper)
        with _NO_CONSTANTS_OF_LOADED_MODULES:
            seeded(**dict.fromkeys(names), **check.fixed)
    finally:
        handle.inner_test = body


def _encoded(drawn: list[dict[str, Any]]) -> bytes | None:
    """Drawn inputs as bytes; None if they would not come back as they are: a tuple becomes a list on the way."""
    try:
        encoded = msgspec.msgpack.encode(wire.pack_request(drawn))
    except wire.WireError:
        return None
    return encoded if _same(drawn, _decoded(encoded)) else None


def _decoded(encoded: bytes) -> Any:
    return msgspec.msgpack.decode(encoded, ext_hook=wire.unpack_request)


def _same(value: Any, other: Any) -> bool:
    """Whether two values cannot be told apart, their types and memory layouts included."""
    if type(value) is not type(other):
        return False
    if isinstance(value, Tensor):
        alike = (value.dtype, value.shape, value.stride(), value.device, value.requires_grad)
        same = (other.dtype, other.shape, other.stride(), other.device, other.requires_grad)
        return alike == same and torch.equal(value.nan_to_num(nan=0.5), other.nan_to_num(nan=0.5))
    if isinstance(value, list):
        return len(value) == len(other) and all(map(_same, value, other))
    if isinstance(value, dict):
        return list(value) == list(other) and all(_same(value[key], other[key]) for key in value)
    return bool(value == other) or value != value


def seed_for(*parts: object) -> int:
    """A seed that depends on nothing but the parts: the same on every machine and in every process."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big") % 2**31


class SilentPlugin:
    """A pytest plugin that keeps pytest from printing and notes what could not be collected."""

    def __init__(self) -> None:
        self.problems = ""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems += str(report.longrepr)

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            config.pluginmanager.unregister(reporter)


class _Collector(SilentPlugin):
    """Keeps the collected items."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[pytest.Function] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self.items = [item for item in items if isinstance(item, pytest.Function)]


def check_of(item: pytest.Function) -> Check:
    """The check a collected test declares. Raises SuiteError if it is none, or has no title."""
    function = item.obj
    where = f"{item.path.name}::{item.name}"
    mark = mark_of(function)
    if not isinstance(mark, CheckMark):
        raise SuiteError(f'{where} is no check; put @check("exercise", points=...) on top of it')
    title = inspect.getdoc(function)
    if not title:
        raise SuiteError(f"{where} needs a docstring: it is the title a student reads")
    handle = getattr(function, "hypothesis", None)
    callspec = getattr(item, "callspec", None)
    body = handle.inner_test if handle is not None else function
    if any(p.kind is p.VAR_KEYWORD for p in inspect.signature(body).parameters.values()):
        raise SuiteError(f"{where} takes **keywords; name its inputs, they are shown to students")
    words = " ".join(title.split())
    return Check(
        id=mark.id or item.name,
        title=words if mark.translated else translated(words, mark.home or item.path.parent),
        exercise=mark.exercise,
        points=mark.points,
        function=body,
        wrapper=function if handle is not None else None,
        fixed=dict(callspec.params) if callspec is not None else {},
        needs=frozenset(name for name in HARDWARE_MARKS if item.get_closest_marker(name)),
        parameters=tuple(inspect.signature(body).parameters),
        mark=mark,
        path=item.path,
    )
