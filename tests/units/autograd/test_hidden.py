"""Hidden suite: automatic differentiation."""

import torch

from autograder.suite import (
    FLOATS,
    check,
    close,
    contract,
    expect,
    given,
    items_of,
    matrices,
    number_of,
    probe,
    settings,
    spread,
    st,
    tensor_of,
    tensors,
    together,
)

F64 = torch.float64
DTYPE = st.shared(FLOATS, key="dtype")
M, N = st.shared(st.integers(2, 4), key="m"), st.shared(st.integers(2, 4), key="n")
ONE_OR_TWO = st.integers(1, 2)


class Source(str):
    """Code that a failure prints so that it can be pasted; what stands before it, `f = ` or `a = `, is the input's name."""

    def __repr__(self):
        return self.removeprefix("a = ")


def sources(*texts):
    return st.sampled_from(texts).map(Source)


# gradients

FUNCTIONS = (
    "lambda x: x.sum()", "lambda x: (x * x).sum()", "lambda x: (3 * x).sum()", "lambda x: (x ** 3).sum()",
    "lambda x: x.sin().sum()", "lambda x: x.dot(x) ** 2", "lambda x: (x.exp() - x).mean()",
)  # fmt: skip


@probe
def differentiated(names, f, g, x, x_grad):
    """gradients(f, g, x)"""
    x.requires_grad_().grad = x_grad
    return names.gradients(eval(f), eval(g), x)


contract(
    "gradients",
    asked=differentiated,
    call="gradients(f, g, x)",
    inputs={
        "f": sources(*FUNCTIONS),
        "g": sources(*reversed(FUNCTIONS)),
        "x": spread((N,)),
        "x_grad": st.none(),
    },
    returns=["the first gradient", "the second gradient"],
    matches="The first gradient is that of f alone, the second one that of g alone.",
    also={
        "leftover": ("What x.grad holds from earlier does not get in.", {"x_grad": spread((N,))}),
        "single": ("x may have a single entry, and be float32.", {"x": spread((1,), dtype=torch.float32)}),
    },
)


# detach_product

contract(
    "detach_product",
    inputs={"x": tensors((N,), dtype=DTYPE)},
    matches="The gradient is that of sum(u * x) with u = x * x held constant.",
    also={"single": ("x may have a single entry.", {"x": tensors((1,), dtype=DTYPE)})},
)


# control_flow_grad


def numbers(*values):
    """Tensors without axes, of either sign where values are."""
    return tensors((), elements=st.sampled_from(values), dtype=DTYPE, layouts=False)


contract(
    "control_flow_grad",
    inputs={"a": numbers(1.0, 3.0, 0.375, 7.25, 60.5, 499.75, 510.0, 900.0)},
    matches="The slope is that of the steps that were taken: twice a, doubled until 1000 or more.",
    also={
        "negative": ("A negative a ends in the other branch, 100 times as steep.", {"a": numbers(-1.0, -0.5, -7.25, -510.0)}),
        "exact": ("Where the doubling reaches 1000 exactly, it stops.", {"a": numbers(500.0, 125.0, -62.5, -250.0)}),
        "large": ("Where 2a is 1000 or more already, nothing is doubled.", {"a": numbers(1000.0, 2500.0, -1500.0, 4000.5)}),
    },
)  # fmt: skip


# accumulated_gradient


@st.composite
def pieces(draw, sizes):
    """Micro-batches of features (k, 2) and labels (k, 1)."""
    return [[draw(spread((k, 2))), draw(spread((k, 1)))] for k in draw(sizes)]


UNEQUAL = st.sampled_from([[1, 3], [2, 1], [3, 1, 2], [2, 4, 1, 1]])


@probe
def accumulated(names, batches, leftover):
    """accumulated_gradient(net, loss, batches)"""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()  # noqa: F821
    if leftover:
        for p in net.parameters():
            p.grad = torch.ones_like(p)
    # Not the same if its arguments change places.
    loss = lambda y_hat, y: ((y_hat - y) ** 2 + y_hat).sum(dim=1)  # noqa: E731
    return names.accumulated_gradient(net, loss, [(X, y) for X, y in batches])


contract(
    "accumulated_gradient",
    asked=accumulated,
    call="accumulated_gradient(net, loss, batches)",
    inputs={"batches": pieces(UNEQUAL), "leftover": st.just(False)},
    returns=[f"gradient {index}" for index in range(4)],
    matches="The gradients are those of the mean loss over all examples, whatever the sizes of the pieces.",
    also={
        "single": (
            "There may be a single piece, and a single example.",
            {"batches": pieces(st.sampled_from([[1], [3], [1, 1]]))},
        ),
        "leftover": ("What the parameters hold from earlier does not get in.", {"leftover": st.just(True)}),
    },
)


@probe
def watched(names, batches):
    """accumulated_gradient(net, loss, batches)"""
    from weakref import ref

    saved, alive, sizes = [], [], []

    class Kept:
        def __init__(self, tensor):
            self.tensor = tensor

    class Net(nn.Module):  # noqa: F821
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.tensor([[0.5], [-1.0]], dtype=torch.float64))  # noqa: F821

        def forward(self, X):
            alive.append(sum(kept() is not None for kept in saved))
            sizes.append(len(X))
            return (X @ self.w).tanh()

    def pack(tensor):
        kept = Kept(tensor)
        saved.append(ref(kept))
        return kept

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept.tensor):
        loss, batches = lambda y_hat, y: ((y_hat - y) ** 2).sum(dim=1), [(X, y) for X, y in batches]
        found = names.accumulated_gradient(Net(), loss, batches)
    return [list(found), max(alive, default=0), max(sizes, default=0)]


# Of one size, so that it costs nothing here to weigh them wrongly.
EQUAL = st.sampled_from([[2, 2], [1, 1, 1], [3, 3]])


@check("accumulated_gradient", points=2)
@settings(max_examples=12)
@given(batches=pieces(EQUAL))
def test_accumulated_gradient_holds_one_piece_at_a_time(submission, reference, batches):
    """When the network is called on a piece, torch remembers nothing of the piece before."""
    call = "accumulated_gradient(net, loss, batches)"
    found, alive, size = items_of(submission.run(watched, batches), 3)
    largest = max(len(y) for _, y in batches)
    expect(size <= largest, f"must call net on one piece after the other, not on {size} examples at once", what=call)
    expect(not alive, "still remembers the steps of earlier pieces when it calls net again", what=call)
    w = torch.tensor([[0.5], [-1.0]], dtype=F64, requires_grad=True)
    X, y = (torch.cat(parts) for parts in zip(*batches, strict=True))
    (wanted,) = torch.autograd.grad((((X @ w).tanh() - y) ** 2).sum(dim=1).mean(), w)
    close(items_of(found, 1, what=call)[0], wanted, what=f"{call}[0]")


# jvp, vjp

J = matrices(M, N, dtype=DTYPE)
FEW_J = matrices(ONE_OR_TWO, ONE_OR_TWO, dtype=DTYPE)

contract(
    "jvp",
    inputs={"J": J, "t": tensors((N,), dtype=DTYPE)},
    matches="Entry i of jvp(J, t) is the sum of each entry of row i of J times the entry of t.",
    also={
        "single": (
            "There may be a single input, and a single output.",
            {"J": matrices(ONE_OR_TWO, 1, dtype=DTYPE), "t": tensors((1,), dtype=DTYPE)},
        )
    },
)

contract(
    "vjp",
    inputs={"v": tensors((M,), dtype=DTYPE), "J": J},
    matches="Entry j of vjp(v, J) is the sum of each entry of v times the entry of column j of J.",
    also={
        "single": (
            "There may be a single input, and a single output.",
            {"v": tensors((1,), dtype=DTYPE), "J": matrices(1, ONE_OR_TWO, dtype=DTYPE)},
        )
    },
)


@probe
def refused(names, J, vector, other, exercise):
    """the product with a vector of another length"""
    product = names.jvp if exercise == "jvp" else lambda J, v: names.vjp(v, J)
    at(f"{exercise} with a vector that fits")  # noqa: F821
    right = product(J, vector)
    try:
        product(J, other)
    except Exception:
        return [right, True]
    return [right, False]


def _require_refused(submission, exercise, J, length):
    """Require an error for a vector of this length, and the right product for one that fits."""
    vector, other = torch.ones(J.shape[exercise == "jvp"], dtype=F64), torch.ones(length, dtype=F64)
    if len(vector) == length:
        return
    right, raised = items_of(submission.run(refused, J, vector, other, exercise), 2)
    close(right, J.sum(dim=int(exercise == "jvp")), what=f"{exercise} of J and a vector of ones that fits")
    problem = f"must raise an error for a vector of length {length}, where J has shape {tuple(J.shape)}"
    expect(raised, problem, what=exercise)


@check("jvp", points=2)
@given(J=matrices(M, N, dtype=F64), length=st.integers(1, 5))
def test_jvp_of_a_wrong_length(submission, J, length):
    """A t that does not have an entry for each input, 1 entry for example, ends in an error."""
    _require_refused(submission, "jvp", J, length)


@check("vjp", points=2)
@given(J=matrices(M, N, dtype=F64), length=st.integers(1, 5))
def test_vjp_of_a_wrong_length(submission, J, length):
    """A v that does not have an entry for each output, 1 entry for example, ends in an error."""
    _require_refused(submission, "vjp", J, length)


@check("vjp", points=1)
@given(v=spread((3,)), J=spread((3, 2)), t=spread((2,)))
@settings(max_examples=10)
def test_vjp_agrees_with_forward_mode(submission, v, J, t):
    """Both modes meet: vjp(v, J) times t is v times what J makes of t."""
    back = tensor_of(submission.vjp(v, J), shape=(2,), dtype=F64, what="vjp(v, J)")
    close(back @ t, v @ (J @ t), what="vjp(v, J) @ t")


# Dual, Value

NUMBERS = st.sampled_from([2.0, 3.0, 0.5, -1.5, 1.0, -2.0, 0.25])
SLOPES, PLACES = st.sampled_from([1.0, 0.0, -2.0, 0.5]), st.integers(0, 9)
NAMES = [*"abcdefghijkmnpqrstuvwxyz", *(f"a{n}" for n in range(20))]
PLAIN = ["{x} + {y}", "{x} * {y}"]
OPERATORS = [*PLAIN, "{x} - {y}", "{x} / {y}", "{x} ** {y}"]
WITH_NUMBERS = [
    "{x} + 3", "{x} * 3", "{x} - 3", "{x} / 4", "{x} ** 2", "{x} ** 3", "{x} ** -1", "3 + {x}", "3 * {x}", "3 - {x}",
    "3 / {x}", "2 ** {x}", "-{x}", "{x} ** 0.5", "0.5 + {x}",
]  # fmt: skip
METHODS = ["{x}.log()", "{x}.exp()", "{x}.sin()", "{x}.tanh()"]
OF_POSITIVES = ("{x} ** {y}", "{x} ** 0.5", "{x}.log()")


@st.composite
def programs(draw, kind, operators, most=1, calls=1):
    """Lines of Python that compute with a kind of number; a Value at the end goes backward, so many times. Operations that
    no number or only a huge one would come from are left out; a single one has different operands."""
    length = draw(st.sampled_from([1, 12, 30])) if most > 30 else 1
    steps = draw(st.lists(st.tuples(st.sampled_from(operators), PLACES, PLACES), min_size=length, max_size=most))
    least, largest = (1, 3) if most > 1 else (2, 2) if "{y}" in steps[0][0] else (1, 1)
    leaves = draw(st.lists(NUMBERS, min_size=least, max_size=largest, unique=True))
    values = [torch.tensor(number, dtype=F64) for number in leaves]
    lines = [f"{kind}({number})" if kind == "Value" else f"{kind}({number}, {draw(SLOPES)})" for number in leaves]
    for operator, i, j in steps:
        # Counted from the last one, so that most are needed for the result.
        x, y = (-1 - n % len(values) for n in ((i, j) if most > 1 else (largest - 1, 0)))
        value = eval(operator.format(x="x", y="y"), {"x": values[x], "y": values[y]})
        if not (operator in OF_POSITIVES and values[x] < 0.2) and value.abs() < 50:
            names = NAMES[: len(values)]
            values.append(value)
            lines.append(operator.format(x=names[x], y=names[y]))
    lines = [f"{name} = {line}" for name, line in zip(NAMES, lines, strict=False)]
    back = [f"{NAMES[len(lines) - 1]}.backward()"] * calls if kind == "Value" else []
    return Source("\n".join(lines + back))


@probe
def ran(names, program):
    """these lines"""
    kind = program[4 : program.index("(")]
    scope = {kind: getattr(names, kind)}
    for line in program.split("\n"):
        at(line)  # noqa: F821
        exec(line, scope)
    attributes = ("data", "grad") if kind == "Value" else ("value", "slope")
    found = []
    for name, value in scope.items():
        if name != kind and name[0] != "_":
            at(f"reading {' and '.join(attributes)} of {name}")  # noqa: F821
            found.append([name, *(getattr(value, attribute) for attribute in attributes)])
    return found


def _require_numbers(submission, reference, program, first, second):
    """Require the attributes of every number after some lines."""
    mine, right = (items_of(side.run(ran, program)) for side in (submission, reference))
    # Where large slopes cancel, their last digits are left.
    scale = max(abs(number_of(slope)) for _, _, slope in right)
    for (name, value, _), (_, wanted, _) in zip(mine, right, strict=True):
        close(value, wanted, what=f"{name}.{first}")
    for (name, _, slope), (_, _, wanted) in zip(mine, right, strict=True):
        close(slope, wanted, what=f"{name}.{second}", atol=1e-8 + 1e-10 * scale)


def _require_duals(submission, reference, program):
    _require_numbers(submission, reference, program, "value", "slope")


def _require_values(submission, reference, program):
    _require_numbers(submission, reference, program, "data", "grad")


@check("Dual", points=3)
@given(a=programs("Dual", OPERATORS))
def test_dual_of_two_duals(submission, reference, a):
    """Sum, difference, product, quotient and power of two duals have the right value and slope."""
    _require_duals(submission, reference, a)


@check("Dual", points=2)
@given(a=programs("Dual", WITH_NUMBERS))
def test_dual_with_a_number(submission, reference, a):
    """A plain number may stand on either side of an operator, and a minus sign in front."""
    _require_duals(submission, reference, a)


@check("Dual", points=2)
@given(a=programs("Dual", METHODS))
def test_dual_functions(submission, reference, a):
    """log, exp, sin and tanh have the right value and slope."""
    _require_duals(submission, reference, a)


@check("Dual", points=2)
@given(a=programs("Dual", [*OPERATORS, *WITH_NUMBERS, *METHODS], 12))
def test_dual_expressions(submission, reference, a):
    """Long expressions are right, too, and what was computed before stays as it was."""
    _require_duals(submission, reference, a)


# forward_gradient

FORMULAS = {
    1: ["lambda a: a * a", "lambda a: a * a * a + a", "lambda a: 3 * a"],
    2: ["lambda a, b: a * b", "lambda a, b: a * a * b + 2 * a", "lambda a, b: a.log() + a * b - b.sin()"],
    3: ["lambda a, b, c: a * b + c * c", "lambda a, b, c: (a + 2 * b) * c", "lambda a, b, c: a + 5 * b + 7 * c"],
}


@st.composite
def formulas(draw, inputs):
    """A function of so many duals, and where to take its slopes."""
    n = draw(inputs)
    xs = draw(st.lists(st.sampled_from([2.0, 5.0, 0.5, 3.0]), min_size=n, max_size=n, unique=True))
    return Source(draw(st.sampled_from(FORMULAS[n]))), xs


@probe
def pushed(names, f, xs):
    """forward_gradient(f, xs)"""
    function, calls = eval(f), []

    def counted(*duals):
        calls.append(len(duals))
        return function(*duals)

    return [names.forward_gradient(counted, xs), len(calls)]


def _runs(submission, reference, f, xs):
    """How often f was called for the slopes, which are right."""
    (mine, runs), (right, _) = (items_of(side.run(pushed, f, xs), 2) for side in (submission, reference))
    close(mine, right, what="forward_gradient(f, xs)")
    return runs


@check("forward_gradient", points=3)
@given(**together(formulas(st.integers(2, 3)), "f", "xs"))
def test_forward_gradient_of_several_inputs(submission, reference, f, xs):
    """The list holds the slope of f in each input, in their order."""
    _runs(submission, reference, f, xs)


@check("forward_gradient", points=1)
@given(**together(formulas(st.just(1)), "f", "xs"))
def test_forward_gradient_of_one_input(submission, reference, f, xs):
    """There may be a single input."""
    _runs(submission, reference, f, xs)


@check("forward_gradient", points=1)
@given(**together(formulas(st.integers(2, 3)), "f", "xs"))
def test_forward_gradient_takes_a_run_an_input(submission, reference, f, xs):
    """f is called once for each input."""
    runs = _runs(submission, reference, f, xs)
    expect(runs == len(xs), f"must call f {len(xs)} times, not {runs} times", what="forward_gradient(f, xs)")


# Value


@check("Value", points=2)
@given(a=programs("Value", OPERATORS))
def test_value_of_two_values(submission, reference, a):
    """Sum, difference, product, quotient and power of two values have the right data, and hand back the right slopes."""
    _require_values(submission, reference, a)


@check("Value", points=1)
@given(a=programs("Value", WITH_NUMBERS))
def test_value_with_a_number(submission, reference, a):
    """A plain number may stand on either side of an operator, and a minus sign in front."""
    _require_values(submission, reference, a)


@check("Value", points=2)
@given(a=programs("Value", METHODS))
def test_value_functions(submission, reference, a):
    """log, exp, sin and tanh have the right data, and hand back the right slopes."""
    _require_values(submission, reference, a)


@check("Value", points=3)
@given(a=programs("Value", PLAIN, 6))
def test_value_used_several_times(submission, reference, a):
    """A value that is used in several places gets the sum of what comes back from all of them."""
    _require_values(submission, reference, a)


@check("Value", points=2)
@given(a=programs("Value", PLAIN, 6, 2))
def test_value_backward_twice(submission, reference, a):
    """A second call of backward doubles every grad, those of the values in between too."""
    _require_values(submission, reference, a)


@check("Value", points=2)
@given(a=programs("Value", [*OPERATORS, *WITH_NUMBERS, *METHODS], 38))
def test_value_expressions(submission, reference, a):
    """Expressions of up to 40 values are right, and values that the result does not depend on keep a grad of 0."""
    _require_values(submission, reference, a)


LONG = ["a = Value(0.5)\nb = a * 3\nfor _ in range(200): b = b + a\nb.backward()",
        "a = Value(0.5)\nb = a * 3\nfor _ in range(40): b = b + b\nb.backward()"]  # fmt: skip


@check("Value", points=1)
@given(a=sources(*LONG))
@settings(max_examples=4)
def test_value_long_chains(submission, reference, a):
    """A chain of 200 sums, and v = v + v 40 times over, are right, and quick."""
    _require_values(submission, reference, a)


# cheaper_mode

COUNTS = st.sampled_from([1, 2, 3, 10, 784, 1_000_000])

contract(
    "cheaper_mode",
    inputs={"inputs": COUNTS, "outputs": COUNTS},
    matches="Forward mode takes a run for each input, reverse mode one for each output; the fewer win.",
)
