"""Hidden suite: working with tensors."""

import numpy as np
import torch
from torch.nn import functional as F

from autograder.suite import (
    FLOATS,
    check,
    close,
    contract,
    expect,
    given,
    labels,
    matrices,
    probe,
    settings,
    st,
    tensor_of,
    tensors,
    together,
)

DTYPE = st.shared(FLOATS, key="dtype")
SIZES = st.integers(2, 5)
M, N = st.shared(SIZES, key="m"), st.shared(SIZES, key="n")
ONE_OR_TWO = st.integers(1, 2)
WHOLE = {"elements": st.integers(-9, 9), "dtype": torch.int64}


# outer_sum

contract(
    "outer_sum",
    inputs={"a": tensors((M,), dtype=DTYPE), "b": tensors((N,), dtype=DTYPE)},
    matches="Row i of outer_sum(a, b) is b with the i-th entry of a added to each of its entries.",
    also={
        "single": (
            "a or b may have a single entry.",
            {"a": tensors((ONE_OR_TWO,), dtype=DTYPE), "b": tensors((ONE_OR_TWO,), dtype=DTYPE)},
        ),
    },
    keeps=True,
    vectorised={"a": lambda n: torch.zeros(n), "b": lambda n: torch.zeros(n)},
    public={"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([10.0, 20.0, 30.0])},
)


@probe
def sums_otherwise(names, a, b):
    """outer_sum(a, b)"""
    return [names.outer_sum(a, b), names.outer_sum(b, a), names.outer_sum(a + 2, b)]


@check("outer_sum")
@given(a=tensors((M,), dtype=torch.float64), b=tensors((N,), dtype=torch.float64))
def test_outer_sum_of_exchanged_and_of_raised_vectors(submission, a, b):
    """outer_sum(b, a) is outer_sum(a, b) transposed, and 2 more in all of a is 2 more everywhere."""
    plain, exchanged, raised = submission.run(sums_otherwise, a, b)
    plain = tensor_of(plain, shape=(len(a), len(b)), what="outer_sum(a, b)")
    close(exchanged, plain.T, what="outer_sum(b, a)")
    close(raised, plain + 2, what="outer_sum(a + 2, b)")


# broadcast_shape


@st.composite
def shapes(draw):
    """Two shapes that fit: parts of one shape, with some of its sizes replaced by 1."""
    whole = draw(st.lists(st.sampled_from([1, 2, 3, 4, 5, 300]), min_size=4, max_size=4))
    s, t = ([1 if draw(st.integers(0, 2)) == 0 else n for n in whole[draw(st.integers(0, 3)) :]] for _ in "st")
    return torch.Size(s), torch.Size(t)


@st.composite
def with_scalar(draw):
    """A shape and (), in either order."""
    return draw(st.permutations([draw(shapes())[0], torch.Size()]))


@st.composite
def with_nothing(draw):
    """Two shapes that fit, the last size of at least one of them 0."""
    s, t = draw(shapes())
    end = draw(st.sampled_from([(0, 0), (0, 1), (1, 0)]))
    return torch.Size([*s, end[0]]), torch.Size([*t, end[1]])


contract(
    "broadcast_shape",
    inputs=together(shapes(), "s", "t"),
    matches="broadcast_shape(s, t) is the shape of the sum of two tensors of shapes s and t.",
    also={
        "scalar": ("The shape () changes nothing, whichever of the two it is.", together(with_scalar(), "s", "t")),
        "empty": ("A size 0 stays 0 beside a 1.", together(with_nothing(), "s", "t")),
    },
)


@probe
def tried(names, s, t, fitting):
    """broadcast_shape(s, t)"""
    names.broadcast_shape(s, fitting)
    try:
        return names.broadcast_shape(s, t)
    except ValueError:
        return "ValueError"


@st.composite
def misfits(draw):
    """Two shapes that fit, and the second one with a size that does not: a multiple, 0 or another number."""
    s, t = draw(shapes())
    n = draw(st.integers(2, 4))
    end = [1] * draw(st.integers(0, 2))
    other = draw(st.sampled_from([2 * n, n + 1, 0]))
    own, its = draw(st.permutations([n, other]))
    return torch.Size([*s, own, *end]), torch.Size([*t, its, *end]), torch.Size([*t, own, *end])


@check("broadcast_shape", points=4)
@given(case=misfits())
def test_broadcast_shape_of_shapes_that_do_not_fit(submission, case):
    """Shapes that do not fit are refused with a ValueError, and others are not."""
    came = submission.run(tried, *case)
    what = f"broadcast_shape({tuple(case[0])}, {tuple(case[1])})"
    expect(came == "ValueError", "must raise a ValueError", got=came, what=what)


@check("broadcast_shape")
@settings(max_examples=3)
@given(case=shapes())
def test_broadcast_shape_makes_no_tensor(submission, case):
    """The shape is worked out without making a tensor."""
    used = submission.broadcast_shape.operations(*case)
    expect(not used, "must use no operation on tensors", got=sorted(used), what="broadcast_shape(s, t)")


# pick

contract(
    "pick",
    inputs={"y_hat": matrices(M, N), "y": labels(M, N)},
    matches="Entry i of pick(y_hat, y) is the entry of row i that stands in column y[i].",
    also={
        "single": (
            "There may be a single row, and a single column.",
            {"y_hat": matrices(1, ONE_OR_TWO), "y": labels(1, 1)},
        )
    },
    vectorised={"y_hat": lambda n: torch.zeros(n, 3), "y": lambda n: torch.zeros(n, dtype=torch.int64)},
)


@check("pick")
@given(y=labels(N, 4))
def test_pick_from_one_hot_rows(submission, y):
    """Rows with a single 1, in the column that y points at, give ones."""
    close(
        submission.pick(F.one_hot(y, 4).double(), y), torch.ones(len(y), dtype=torch.float64), what="pick(one_hot, y)"
    )


# concat


@st.composite
def parts(draw, dims, sizes=SIZES, **entries):
    """Two matrices that fit along an axis, and the axis."""
    dim, common, entries = draw(dims), draw(sizes), entries or {"dtype": draw(FLOATS)}
    X, Y = (draw(matrices(draw(sizes), common, layouts=False, **entries)) for _ in "XY")
    return (X.T, Y.T, dim) if dim % 2 else (X, Y, dim)


dims, from_the_end = st.sampled_from([0, 1]), st.sampled_from([-2, -1])

contract(
    "concat",
    inputs=together(parts(dims), "X", "Y", "dim"),
    matches="concat(X, Y, dim) holds X and, below it (dim 0) or to its right (dim 1), Y.",
    also={
        "negative": ("dim may count from the end: -1 is 1, and -2 is 0.", together(parts(from_the_end), "X", "Y", "dim")),
        "single": ("X and Y may have a single row or column.", together(parts(dims, ONE_OR_TWO), "X", "Y", "dim")),
        "whole": ("Whole numbers stay whole numbers.", together(parts(dims, **WHOLE), "X", "Y", "dim")),
    },
    keeps=True,
    public={"X": torch.tensor([[1.0, 2.0]]), "Y": torch.tensor([[3.0, 4.0]]), "dim": 0},
)  # fmt: skip


@check("concat")
@given(case=parts(st.integers(-2, 1)))
def test_concat_holds_both_parts(submission, case):
    """Both matrices are found again in the result, along each axis."""
    X, Y, dim = case
    both = tensor_of(submission.concat(X, Y, dim), dtype=X.dtype, what="concat(X, Y, dim)")
    ends = [X.shape[dim], Y.shape[dim]]
    expect(both.ndim == 2 and both.shape[dim] == sum(ends), "must be as long as X and Y together along dim", got=both)
    for part, mine, name in zip([X, Y], both.split(ends, dim), "XY", strict=True):
        close(mine, part, what=f"the part of concat(X, Y, {dim}) where {name} belongs")


# set_region


def spans(size):
    """(from, to) with at least one place in between."""
    return st.tuples(st.integers(0, size - 1), st.integers(1, size)).filter(lambda span: span[0] < span[1])


@st.composite
def regions(draw, change=lambda span, size, chosen: span, **entries):
    """A matrix, a region of it, and a value that the matrix does not hold. change: of one span, chosen 0 or 1."""
    X = draw(matrices(SIZES, SIZES, **entries))
    ends = [draw(spans(size)) for size in X.shape]
    chosen = draw(st.integers(0, 1))
    ends[chosen] = change(ends[chosen], X.shape[chosen], chosen)
    return X, *ends, draw(st.integers(10, 19))


contract(
    "set_region",
    inputs=together(regions(), "X", "rows", "cols", "value"),
    matches="The entries in the given rows and columns are value, all others are those of X.",
    also={
        "whole": ("Whole numbers stay whole numbers.", together(regions(**WHOLE), "X", "rows", "cols", "value")),
        "beyond": (
            "A range that ends beyond X ends with X.",
            together(regions(lambda span, size, _: (span[0], size + 2)), "X", "rows", "cols", "value"),
        ),
    },
    keeps=True,
    public={"X": torch.tensor([[1.0, 2.0], [3.0, 4.0]]), "rows": (0, 1), "cols": (0, 2), "value": 9.0},
)


@check("set_region")
@given(case=regions(lambda span, *_: (span[0], span[0])))
def test_set_region_without_entries(submission, case):
    """A range that ends where it begins sets nothing."""
    X, rows, cols, value = case
    close(submission.set_region(X, rows, cols, value), X, what=f"set_region(X, {rows}, {cols}, {value})")


# add_in_place

PAIRS = {"Y": tensors((M, N), dtype=DTYPE), "X": tensors((M, N), dtype=DTYPE)}
SHAPES = st.sampled_from([(3, 2), (3, 1), (1, 2), (2,), ()])


@probe
def added(names, Y, X):
    """add_in_place(Y, X)"""
    names.add_in_place(Y, X)
    return [Y, X]


@check("add_in_place", points=4)
@given(**PAIRS)
def test_add_in_place_leaves_the_sum_in_Y(submission, Y, X):
    """After add_in_place(Y, X), Y holds Y + X, and X is as it was."""
    after, other = submission.run(added, Y, X)
    close(after, Y + X, what="Y after add_in_place(Y, X)")
    close(other, X, what="X after add_in_place(Y, X)")


@probe
def seen(names, whole, X):
    """add_in_place(Y, X) with Y a part of a larger matrix"""
    names.add_in_place(whole[:, 1:3], X)
    return whole


@check("add_in_place", points=2)
@given(whole=matrices(3, 4, dtype=DTYPE), X=tensors(SHAPES, dtype=DTYPE))
def test_add_in_place_is_seen_by_others(submission, whole, X):
    """If Y is columns 1 and 2 of a larger matrix, the sum is in the larger matrix, too, and X may be broadcast to Y."""
    wanted = torch.cat([whole[:, :1], whole[:, 1:3] + X, whole[:, 3:]], dim=1)
    close(submission.run(seen, whole, X), wanted, what="the larger matrix afterwards")


@probe
def returned(names, Y, X):
    """add_in_place(Y, X)"""
    result = names.add_in_place(Y, X)
    before = result.clone() if isinstance(result, torch.Tensor) else result
    Y.fill_(7)
    return [before, result]


@check("add_in_place", points=1)
@given(**PAIRS)
def test_add_in_place_returns_Y(submission, Y, X):
    """add_in_place(Y, X) returns Y itself, not a copy."""
    before, later = submission.run(returned, Y, X)
    close(before, Y + X, what="add_in_place(Y, X)")
    close(later, torch.full_like(Y, 7), what="what add_in_place(Y, X) gave, looked at after Y was filled with 7,")


@probe
def enlarged(names, Y, X):
    """add_in_place(Y, X)"""
    names.add_in_place(Y, torch.zeros_like(Y))
    try:
        return names.add_in_place(Y, X)
    except Exception:
        return "an error"


@check("add_in_place", points=1)
@given(Y=st.sampled_from([(3, 1), (1, 4), (1, 1)]).map(torch.ones), X=matrices(3, 4, dtype=torch.float32))
def test_add_in_place_never_enlarges_Y(submission, Y, X):
    """An X that could only be added to an enlarged Y is refused with some error."""
    came = submission.run(enlarged, Y, X)
    problem = f"must raise an error: Y has shape {tuple(Y.shape)} and X {tuple(X.shape)}"
    expect(isinstance(came, str), problem, got=came, what="add_in_place(Y, X)")


# shares_memory


@probe
def told(names, X, pairs):
    """shares_memory(A, B)"""
    answers = []
    for A, B in pairs:
        at(f"shares_memory({A}, {B})")  # noqa: F821
        answers.append(bool(names.shares_memory(eval(A, {"X": X}), eval(B, {"X": X}))))
    return answers


def _require_told(submission, X, shared, apart):
    pairs = [("X", each) if isinstance(each, str) else each for each in (*shared, *apart)]
    answers = submission.run(told, X, pairs)
    for number, ((A, B), answer) in enumerate(zip(pairs, answers, strict=True)):
        wanted = number < len(shared)
        expect(answer is wanted, f"is {answer}, but must be {wanted}", what=f"shares_memory({A}, {B})")


MATRIX = matrices(SIZES, SIZES, layouts=False)


@check("shares_memory", points=3)
@given(X=MATRIX)
def test_shares_memory_of_parts(submission, X):
    """A slice, a row or a column of X shares memory with X; a copy of it does not."""
    _require_told(submission, X, ["X[1:]", "X[:, 1:]", "X[1]", "X[:, -1]"], ["X[1:].clone()", "X[:, 1:].clone()"])


@check("shares_memory", points=2)
@given(X=MATRIX)
def test_shares_memory_of_views(submission, X):
    """X reshaped or transposed shares memory with X; X + 0 does not, nor does a contiguous transpose."""
    _require_told(submission, X, ["X.reshape(-1)", "X.T", "X[None]"], ["X + 0", "X.T.contiguous()"])


@check("shares_memory", points=2)
@given(X=MATRIX)
def test_shares_memory_of_names(submission, X):
    """X under a second name shares memory with X; another tensor with the same numbers does not."""
    _require_told(submission, X, ["X"], ["X.clone()", ("X.clone()", "X")])


@check("shares_memory")
@given(X=MATRIX)
def test_shares_memory_of_two_parts(submission, X):
    """Two parts of X share memory even if they have no entry in common; parts of X and of a copy do not."""
    _require_told(submission, X, [("X[:1]", "X[1:]"), ("X[:, 0]", "X[:, 1]")], [("X[:1]", "X.clone()[1:]")])


# numpy_copy


@probe
def copied(names, X, change):
    """numpy_copy(X)"""
    array = names.numpy_copy(X)
    if not isinstance(array, np.ndarray):
        return [array, X]
    before = array.copy()
    if change == "X":
        X.add_(1)
    elif change == "array":
        array[...] = 7
    return [before, array, X]


def _require_array(got, X, what):
    expect(isinstance(got, np.ndarray), "must be a NumPy array", got=got, what=what)
    close(torch.from_numpy(got), X, what=what)


@check("numpy_copy", points=4)
@given(X=matrices(SIZES, SIZES))
def test_numpy_copy_is_not_reached_by_X(submission, X):
    """numpy_copy(X) is an array with the numbers of X, and keeps them when X is written into."""
    before, *after = submission.run(copied, X, "X")
    _require_array(before, X, "numpy_copy(X)")
    _require_array(after[0], X, "the array after X was written into")


@check("numpy_copy", points=2)
@given(X=matrices(SIZES, SIZES))
def test_numpy_copy_does_not_reach_X(submission, X):
    """X keeps its numbers when the array is written into."""
    before, *after = submission.run(copied, X, "array")
    _require_array(before, X, "numpy_copy(X)")
    close(after[1], X, what="X after the array was written into")


DTYPES = st.sampled_from([torch.int64, torch.int32, torch.bool, torch.float16])


@check("numpy_copy", points=2)
@given(X=tensors(st.sampled_from([(3,), (2, 2), (2, 1, 2)]), elements=st.integers(0, 1), dtype=DTYPES))
def test_numpy_copy_keeps_the_dtype(submission, X):
    """The dtype of the array is that of X: whole numbers and truth values stay what they are."""
    _require_array(submission.run(copied, X, "")[0], X, "numpy_copy(X)")


@probe
def copied_while_recording(names, X):
    """numpy_copy(X) of an X with requires_grad=True"""
    X.requires_grad_()
    return [names.numpy_copy(X), X.requires_grad]


@check("numpy_copy", points=1)
@given(X=matrices(SIZES, SIZES))
def test_numpy_copy_of_what_requires_a_gradient(submission, X):
    """X may require a gradient, and goes on requiring it."""
    got, requires = submission.run(copied_while_recording, X)
    _require_array(got, X, "numpy_copy(X)")
    expect(requires is True, "must still be True", what="X.requires_grad after numpy_copy(X)")
