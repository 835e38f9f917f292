"""What a suite can ask of a submission, and that the reference answers the same questions the same way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
import torch
from conftest import GOOD, submission_of

from autograder.grader.exhibit import Desk, Exhibit, Handle, Local, Room, Sitting, forbidden_operators
from autograder.grader.faults import CrashFault, ForbiddenFault, MissingFault, RaisedFault, TimeoutFault
from autograder.grader.session import Session
from autograder.grader.trusted import run_source
from autograder.grader.workers import Zygote
from autograder.protocol import wire
from autograder.protocol.messages import Executed, Parsed, Returned, decode_reply, encode
from autograder.suite.checks import probe

SOURCE = (
    GOOD
    + """
def batches(n):
    for i in range(n):
        yield torch.full((2,), float(i)), i

def make():
    return nn.Sequential(nn.Linear(2, 3, dtype=torch.float64), nn.Dropout(0.5))

def takes(layer, X):
    return layer(X)

def looped(X):
    return torch.stack([row * 2 for row in X])

def cut(X):
    return X.detach() * 2

def pair(X, Y):
    return X * Y, X.sum()

def shouts():
    print("loud")
    raise ValueError("no")

def dies():
    import os
    os._exit(7)

def hangs():
    while True:
        pass

TABLE = {"a": [1, 2]}
counter = [0]

def counts():
    counter[0] += 1
    return counter[0]

class Lazy(torch.Tensor):
    def detach(self):
        return super().detach() * 2

class Dispatching(torch.Tensor):
    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return torch.zeros(2, 2, dtype=torch.float64)

class Number(float):
    def __float__(self):
        return 7.0

def of_own_classes(X):
    made = torch.Tensor._make_wrapper_subclass(Dispatching, X.shape, dtype=X.dtype)
    return [X.as_subclass(Lazy), made, Number(3.0)]

def entropy(X):
    return torch.nn.functional.cross_entropy(X, X)

class Broken:
    @property
    def value(self):
        raise AttributeError("inner")
"""
)


@pytest.fixture(params=["remote", "local"])
def exhibit(request: pytest.FixtureRequest, zygote: Zygote) -> Iterator[Exhibit]:
    """The same names behind the wall, and in this process the way a reference is held."""
    if request.param == "local":
        yield started(Desk(Local(run_source(SOURCE, "local_submission"))))
        return
    with Session(zygote, submission_of(SOURCE), seed=0, call_seconds=2) as session:
        yield started(Desk(session))


def started(desk: Desk, **example: object) -> Exhibit:
    desk.begin(5, example)
    return Exhibit(desk)


X = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)


def test_functions_return_values(exhibit: Exhibit):
    assert torch.equal(exhibit.double(X), 2 * X)


def test_what_a_class_of_ones_own_overrides_does_not_cross(exhibit: Exhibit):
    lazy, dispatching, number = exhibit.of_own_classes(X)
    assert torch.equal(lazy, X)
    assert not isinstance(dispatching, torch.Tensor)
    assert number == 3.0


def test_modules_are_handles_with_values_as_attributes(exhibit: Exhibit):
    layer = exhibit.Scale(3)
    assert isinstance(layer, Handle)
    assert layer.type_name == "Scale"
    assert torch.equal(layer(X), 3 * X)
    assert layer.factor.item() == 3
    assert layer.training is True
    layer.eval()
    assert layer.training is False
    assert list(layer.state_dict()) == ["factor"]
    layer.load_state_dict({"factor": torch.tensor(5.0, dtype=torch.float64)})
    assert torch.equal(layer(X), 5 * X)


def test_handles_can_be_passed_back(exhibit: Exhibit):
    assert torch.equal(exhibit.takes(exhibit.Scale(2), X), 2 * X)


def test_inner_modules_are_handles_too(exhibit: Exhibit):
    net = exhibit.make()
    inner = [layer.type_name for layer in net.children()]
    assert inner == ["Linear", "Dropout"]
    assert net.eval().type_name == "Sequential"


def test_generators_are_iterated(exhibit: Exhibit):
    assert [(x.tolist(), i) for x, i in exhibit.batches(3)] == [([0.0, 0.0], 0), ([1.0, 1.0], 1), ([2.0, 2.0], 2)]


def test_constants_are_read(exhibit: Exhibit):
    assert exhibit.get("TABLE") == {"a": [1, 2]}


def test_vector_jacobian_products(exhibit: Exhibit):
    cotangent = torch.tensor([[1.0, 0.0], [0.0, 2.0]], dtype=torch.float64)
    result = exhibit.double.vjp(X, cotangent=cotangent)
    assert torch.equal(result.output, 2 * X)
    assert torch.equal(result.inputs[0], 2 * cotangent)
    assert result.parameters == {}


def test_vector_jacobian_products_of_modules_reach_parameters(exhibit: Exhibit):
    layer = exhibit.Scale(3)
    result = layer.vjp(X, cotangent=torch.ones_like(X))
    assert result.parameters["factor"].item() == X.sum().item()
    assert torch.equal(result.inputs[0], torch.full_like(X, 3))


def test_vector_jacobian_products_of_several_outputs(exhibit: Exhibit):
    one = torch.ones((), dtype=torch.float64)
    result = exhibit.pair.vjp(X, 2 * X, cotangent=[torch.zeros_like(X), 3 * one])
    assert torch.equal(result.inputs[0], torch.full_like(X, 3))
    assert torch.equal(result.inputs[1], torch.zeros_like(X))


def test_a_cut_graph_has_no_gradient(exhibit: Exhibit):
    assert exhibit.cut.vjp(X).inputs == [None]


def test_operations_are_counted(exhibit: Exhibit):
    few, many = (exhibit.looped.operations(torch.ones(n, 2)) for n in (2, 10))
    assert few["mul"] == 2
    assert many["mul"] == 10
    assert exhibit.double.operations(X)["mul"] == 1


@probe
def pair_then_shout(names, X):
    """pair(X, X)"""
    names.pair(X, X)
    at("shouts(), after pair(X, X)")  # noqa: F821
    return names.shouts()


def test_the_call_of_a_probe_that_failed_is_the_one_that_is_shown(exhibit: Exhibit):
    X = torch.ones(2)
    with pytest.raises(RaisedFault, match=r"shouts\(\), after pair\(X, X\) raised ValueError: no"):
        exhibit.run(pair_then_shout, X)
    with pytest.raises(RaisedFault, match=r"^shouts\(\) raised ValueError: no"):
        exhibit.shouts()


@probe
def twice(names, X):
    """double(double(X))"""
    names.double = lambda value: value + 1
    return names.double(names.double(X)), np.array([1.0])  # noqa: F821


def test_probes_run_where_the_submission_lives(exhibit: Exhibit):
    values = exhibit.run(twice, X)
    assert torch.equal(values[0], X + 2)
    assert values[1].tolist() == [1.0]


def test_calls_are_seeded_and_differ_from_each_other(exhibit: Exhibit):
    first, second = exhibit.noise(4), exhibit.noise(4)
    assert not torch.equal(first, second)
    exhibit._desk.begin(5, {})
    assert torch.equal(exhibit.noise(4), first)


def test_remote_and_local_draw_the_same(zygote: Zygote):
    local = started(Desk(Local(run_source(SOURCE, "local_submission"))))
    with Session(zygote, submission_of(SOURCE), seed=0) as session:
        assert torch.equal(started(Desk(session)).noise(8), local.noise(8))


def test_what_is_missing_is_named(exhibit: Exhibit):
    with pytest.raises(MissingFault, match="no triple in the submission"):
        exhibit.triple(X)
    with pytest.raises(MissingFault, match=r"Scale\.weight"):
        _ = exhibit.Scale(1).weight
    with pytest.raises(MissingFault, match="MISSING_TABLE"):
        exhibit.get("MISSING_TABLE")


def test_what_raises_is_reported_with_the_call():
    desk = Desk(Local(run_source(SOURCE, "local_submission")))
    rows = torch.ones(3, 2)
    exhibit = started(desk, rows=rows)
    with pytest.raises(RaisedFault, match=r"takes\(rows, 2\) raised TypeError"):
        exhibit.takes(rows, 2)


def test_a_number_is_not_called_by_an_inputs_name():
    exhibit = started(Desk(Local(run_source(SOURCE, "local_submission"))), n=3)
    with pytest.raises(RaisedFault, match=r"takes\(3, 3\) raised TypeError"):
        exhibit.takes(3, 3)


def test_a_property_that_raises_is_no_missing_attribute(zygote: Zygote):
    with Session(zygote, submission_of(SOURCE), seed=0) as session:
        exhibit = started(Desk(session))
        with pytest.raises(RaisedFault, match="inner"):
            _ = exhibit.Broken().value


def test_a_dead_worker_is_replaced_and_loaded_again(zygote: Zygote):
    with Session(zygote, submission_of(SOURCE), seed=0, call_seconds=1) as session:
        exhibit = started(Desk(session))
        assert [exhibit.counts(), exhibit.counts()] == [1, 2]
        with pytest.raises(CrashFault, match="exit code 7"):
            exhibit.dies()
        assert exhibit.counts() == 1
        with pytest.raises(TimeoutFault, match="within one second"):
            exhibit.hangs()
        assert torch.equal(exhibit.double(X), 2 * X)


def test_printing_is_noted_on_the_desk(zygote: Zygote):
    with Session(zygote, submission_of(SOURCE), seed=0) as session:
        desk = Desk(session)
        with pytest.raises(RaisedFault, match="ValueError: no"):
            started(desk).shouts()
        assert desk.printed == ["loud\n"]


def test_a_forbidden_operator_is_a_fault():
    desk = Desk(Local(run_source(SOURCE, "local_submission")), forbidden=("mul*",))
    with pytest.raises(ForbiddenFault, match="used mul, which"):
        started(desk).double(X)


@pytest.mark.parametrize("watched", [False, True])
def test_what_a_function_ends_in_is_looked_for_where_the_example_is_watched(watched: bool):
    desk = Desk(Local(run_source(SOURCE, "local_submission")), forbidden=("*softmax",), watched=watched)
    with pytest.raises(ForbiddenFault, match="log_softmax") if watched else contextlib.nullcontext():
        started(desk).entropy(X)


@pytest.mark.parametrize(
    ("used", "found"),
    [
        (["_softmax"], ["softmax"]),
        (["_log_softmax"], ["log_softmax"]),
        (["torchvision.ops.softmax"], ["torchvision.ops.softmax"]),
        (["relu_", "add"], []),
        (["softmax_backward_data"], ["softmax_backward_data"]),
    ],
)
def test_operator_names_are_compared_without_underscores(used: list[str], found: list[str]):
    assert forbidden_operators(used, ("*softmax*",)) == found


def test_the_local_answers_are_worked_out_once():
    names = run_source(SOURCE, "local_submission")
    exhibit = started(Desk(Local(names)))
    assert [exhibit.counts(), exhibit.counts()] == [1, 2]
    exhibit._desk.begin(5, {})
    assert [exhibit.counts(), exhibit.counts()] == [1, 2]
    assert names["counter"] == [2]
    assert exhibit.counts() == 5  # a question not asked before: the example is performed again from its start


class Forger:
    """Answers every question with the same bytes."""

    def __init__(self, frame: bytes) -> None:
        self.frame = frame

    def ask(self, request: object) -> object:
        return decode_reply(self.frame)


def test_answers_are_kept_as_long_as_there_is_room():
    sitting = Sitting(Room(20_000))
    desk = Desk(Forger(encode(Returned(wire.pack(torch.ones(1000, dtype=torch.float64))))), sitting=sitting)
    exhibit = started(desk)
    for _ in range(5):
        assert exhibit.f().shape == (1000,)
    assert (len(desk.transcript), desk.complete) == (2, False)
    assert desk.last_reply is not None
    desk.begin(0, {})
    assert (desk.transcript, desk.complete, desk.last_reply) == ([], True, None)


def test_what_is_printed_is_kept_up_to_its_limit():
    desk = Desk(Forger(encode(Returned(1, printed="x" * 9000))))
    for _ in range(9):
        started(desk).f()
    assert sum(map(len, desk.printed)) <= 20_000


@pytest.mark.parametrize("reply", [Executed(), Parsed([], [])])
def test_an_answer_to_another_question_is_the_submissions_fault(reply: Executed | Parsed):
    with pytest.raises(CrashFault, match="another question"):
        started(Desk(Forger(encode(reply)))).f()


def test_items_are_a_list():
    endless = encode(Returned(wire.pack(torch.empty(2**40, device="meta"))))
    desk = Desk(Forger(endless))
    with pytest.raises(CrashFault, match="another question"):
        list(Handle(desk, wire.HandleRef(1, "generator"), "batches"))
