"""Hidden suite: linear regression from scratch."""

import torch

from autograder.suite import (
    FLOATS,
    check,
    close,
    contract,
    different,
    expect,
    expect_normal,
    given,
    items_of,
    matrices,
    probe,
    settings,
    spread,
    st,
    tensor_lists,
    tensor_of,
    tensors,
    together,
)

F64 = torch.float64
ROWS, FEATURES = st.shared(st.integers(2, 5), key="rows"), st.shared(st.integers(2, 4), key="features")
ONE_OR_TWO = st.shared(st.integers(1, 2), key="few")
DTYPE = st.shared(FLOATS, key="dtype")
# Whole numbers read best in a counterexample.
WHOLE = {"elements": st.integers(-4, 4).map(float), "dtype": DTYPE, "layouts": False}


# synthetic_data

SIZES = {
    "w": st.permutations([3.0, -2.0, 5.0]).map(torch.tensor),
    "b": st.sampled_from([4.5, -7.5]),
    "n": st.just(2000),
}
SMALL = {"w": st.sampled_from([[2.0], [3.0, -1.0]]).map(torch.tensor), "b": SIZES["b"], "n": st.integers(1, 4)}


@probe
def drawn_twice(names, w, b, num_examples):
    """synthetic_data(w, b, num_examples)"""
    return [names.synthetic_data(w, b, num_examples) for _ in range(2)]


def _drawn(submission, w, b, n):
    """Features, labels and the noise in the labels, of each of two calls; as many labels as examples."""
    pairs, calls = items_of(submission.run(drawn_twice, w, b, n), 2), []
    for pair in pairs:
        X, y = items_of(pair, 2, what=f"synthetic_data(w, b, {n})")
        X = tensor_of(X, shape=(n, len(w)), what=f"X, for X, y = synthetic_data(w, b, {n}),")
        y = tensor_of(y, what=f"y, for X, y = synthetic_data(w, b, {n}),")
        expect(y.numel() == n, f"must hold {n} labels", got=y, what=f"y, for X, y = synthetic_data(w, b, {n}),")
        calls.append((X, y, y.double().reshape(-1) - X.double() @ w.double() - b))
    return calls


def _require_near(noise, n):
    far = float(noise.abs().max())
    problem = f"must be near X w + b, but one label is {far:.3g} away"
    expect(far < 1, problem, what=f"y, for X, y = synthetic_data(w, b, {n}),")


@check("synthetic_data", points=3)
@settings(max_examples=5)
@given(**SIZES)
def test_synthetic_labels_are_linear(submission, w, b, n):
    """Each label is w · x + b for its own row x of X, but for a little noise."""
    for _, _, noise in _drawn(submission, w, b, n):
        _require_near(noise, n)


@check("synthetic_data", points=2)
@given(**SMALL)
def test_synthetic_labels_are_a_column(submission, w, b, n):
    """The features have shape (n, d) and the labels (n, 1), both float32; there may be one example, and one feature."""
    for X, y, noise in _drawn(submission, w, b, n):
        tensor_of(X, dtype=torch.float32, what=f"X, for X, y = synthetic_data(w, b, {n}),")
        tensor_of(y, shape=(n, 1), dtype=torch.float32, what=f"y, for X, y = synthetic_data(w, b, {n}),")
        _require_near(noise, n)


@check("synthetic_data", points=2)
@settings(max_examples=5)
@given(**SIZES)
def test_synthetic_noise_is_normal(submission, w, b, n):
    """The noise in the labels is normal, with mean 0 and standard deviation 0.01."""
    (_, _, noise), _ = _drawn(submission, w, b, n)
    expect_normal(noise, 0.01, what=f"y - X w - b, for X, y = synthetic_data(w, b, {n}),")


@check("synthetic_data", points=2)
@settings(max_examples=5)
@given(**SIZES)
def test_synthetic_features_are_normal(submission, w, b, n):
    """The features are standard normal, and those of one example do not depend on each other."""
    (X, _, _), _ = _drawn(submission, w, b, n)
    expect_normal(X, 1.0, what=f"X, for X, y = synthetic_data(w, b, {n}),")
    expect_normal((X[:, 0] - X[:, 1]) / 2**0.5, 1.0, what="the difference of two columns of X, divided by √2,")


@check("synthetic_data", points=1)
@settings(max_examples=5)
@given(**SIZES)
def test_synthetic_data_is_new_in_every_call(submission, w, b, n):
    """Two calls draw different features, and different noise."""
    (X, _, noise), (other, _, other_noise) = _drawn(submission, w, b, n)
    different(X, other, "is the same in two calls in a row", what=f"X, for X, y = synthetic_data(w, b, {n}),")
    rounded = 1e-4  # where there is no noise at all, another check says so
    again = noise.abs().max() > rounded > (noise - other_noise).abs().max()
    expect(not again, "is the same in two calls in a row", what=f"y - X w - b, for X, y = synthetic_data(w, b, {n}),")


# data_iter

CALL = "data_iter(batch_size, features, labels)"


@probe
def passed(names, batch_size, features, labels, passes):
    """data_iter(batch_size, features, labels)"""
    # Sorted, so that answers are alike whichever generator shuffles.
    found, firsts = [], []
    for _ in range(passes):
        pairs = [(X, y) for X, y in names.data_iter(batch_size, features, labels)]
        X, y = [torch.cat(parts) for parts in zip(*pairs)] if pairs else [features[:0], labels[:0]]
        numbers = X[:, 0] if X.ndim > 1 else X
        order = numbers.argsort()
        found = [[len(part) for part, _ in pairs], X[order], y[order] if len(y) == len(X) else y]
        firsts.append(sorted(numbers[:batch_size].tolist()))
    neighbours = {after - before for before, after in zip(firsts[0], firsts[0][1:])} == {2}
    return [*found, features, labels, [neighbours, firsts[0] == firsts[1]] if passes > 1 else []]


@st.composite
def numbered(draw, even):
    """A batch size, and features and labels by which each example can be told; whether the batch size divides their number."""
    size = draw(st.integers(1 if even else 2, 4))
    n = draw(st.integers(1, 3)) * size if even else draw(st.integers(0, 2)) * size + draw(st.integers(1, size - 1))
    return size, torch.arange(2.0 * n).reshape(n, 2), torch.arange(n)[:, None] * 10.0


def _each_once(submission, batch_size, features, labels, passes=1, columns=False):
    """Require every example once, with its own label; what else the probe found. columns: labels that are flat will not do."""
    sizes, X, y, *more = items_of(submission.run(passed, batch_size, features, labels, passes), 6)
    close(X, features, what="X of all batches together, sorted,")
    y = tensor_of(y, what="y of all batches together, sorted as X is,")
    flat = y.ndim == 1 and not columns
    close(y[:, None] if flat else y, labels, what="y of all batches together, sorted as X is,")
    wanted = [len(features[start : start + batch_size]) for start in range(0, len(features), batch_size)]
    close(sizes, wanted, what="the list of the sizes of all batches")
    return more


@check("data_iter", points=3)
@given(**together(numbered(True), "batch_size", "features", "labels"))
def test_data_iter_gives_each_example_once(submission, batch_size, features, labels):
    """In one pass every example comes once, with its own label, and batch_size of them make a batch."""
    _each_once(submission, batch_size, features, labels)


@check("data_iter", points=2)
@given(**together(numbered(False), "batch_size", "features", "labels"))
def test_data_iter_gives_a_smaller_last_batch(submission, batch_size, features, labels):
    """Where the examples do not divide evenly, the last batch holds those that are left; labels are columns."""
    _each_once(submission, batch_size, features, labels, columns=True)


@check("data_iter", points=2)
@settings(max_examples=3)
@given(n=st.sampled_from([60, 64, 68]))
def test_data_iter_draws_a_new_order_in_every_pass(submission, n):
    """The examples of a batch come from anywhere in the data, and from elsewhere in the next pass."""
    features, labels = torch.arange(2.0 * n).reshape(n, 2), torch.arange(n)[:, None] * 10.0
    *_, (neighbours, same) = _each_once(submission, n // 2, features, labels, passes=2)
    expect(not neighbours, f"must not hold {n // 2} neighbours of {n} examples", what=f"the first batch of {CALL}")
    expect(not same, "must not hold the same examples in every pass", what=f"the first batch of {CALL}")


@check("data_iter", points=1)
@given(**together(numbered(True), "batch_size", "features", "labels"))
def test_data_iter_leaves_the_data_alone(submission, batch_size, features, labels):
    """features and labels stay in the order they were in."""
    *after, _ = _each_once(submission, batch_size, features, labels)
    for name, mine, before in zip(("features", "labels"), after, (features, labels), strict=True):
        close(mine, before, what=f"{name} after {CALL}")


# linreg

contract(
    "linreg",
    inputs={
        "X": matrices(ROWS, FEATURES, **WHOLE),
        "w": tensors((FEATURES, 1), **WHOLE),
        "b": tensors((1,), **WHOLE),
    },
    matches="Each prediction of linreg(X, w, b) is the weighted sum of an example's features, plus b.",
    also={
        "single": (
            "There may be one example, and one feature.",
            {"X": matrices(st.integers(1, 3), ONE_OR_TWO, **WHOLE), "w": tensors((ONE_OR_TWO, 1), **WHOLE)},
        )
    },
    gradient=["w", "b"],
    keeps=True,
    public={"X": torch.tensor([[1.0, 2.0], [3.0, 4.0]]), "w": torch.tensor([[0.5], [-1.0]]), "b": torch.tensor([2.0])},
)


# squared_loss

contract(
    "squared_loss",
    inputs={"y_hat": tensors((ROWS, 1), **WHOLE), "y": tensors((ROWS, 1), **WHOLE)},
    matches="Each loss of squared_loss(y_hat, y) is half the squared error of one example.",
    also={
        "flat": ("Labels of shape (n,) give the same as a column of labels.", {"y": tensors((ROWS,), **WHOLE)}),
        "single": (
            "A batch may hold one example.",
            {"y_hat": tensors((1, 1), **WHOLE), "y": tensors(st.sampled_from([(1, 1), (1,)]), **WHOLE)},
        ),
    },
    gradient=["y_hat"],
    keeps=True,
    public={"y_hat": torch.tensor([[1.0], [-2.0]]), "y": torch.tensor([[0.0], [1.0]])},
)


# sgd

SHAPES = [(3, 1), (1,), (2, 2)]
STEP = {
    "params": tensor_lists(SHAPES), "grads": tensor_lists(SHAPES),
    "lr": st.sampled_from([0.5, 1.0, 0.125]), "batch_size": st.sampled_from([2, 10, 4]),
}  # fmt: skip


@probe
def stepped(names, params, grads, lr, batch_size):
    """sgd(params, lr, batch_size)"""
    params = [p.clone().requires_grad_() for p in params]
    for p, grad in zip(params, grads):
        p.grad = grad.clone()
    names.sgd(list(params), lr, batch_size)
    return [p.detach() for p in params]


contract(
    "sgd",
    asked=stepped,
    call="sgd(params, lr, batch_size)",
    inputs=STEP,
    returns=["the new params[0]", "the new params[1]", "the new params[2]"],
    matches="Each parameter becomes itself minus lr / batch_size times its gradient.",
    form=False,
    keeps=True,
    changes=["params"],
)


@probe
def cleared(names, params, grads, lr, batch_size):
    """sgd(params, lr, batch_size)"""
    for p, grad in zip(params, grads):
        p.requires_grad_().grad = grad.clone()
    names.sgd(list(params), lr, batch_size)
    return [torch.zeros_like(p) if p.grad is None else p.grad for p in params]


@check("sgd", points=3)
@given(**STEP)
def test_sgd_clears_the_gradients(submission, params, grads, lr, batch_size):
    """After the step every gradient is zero or None."""
    left = items_of(submission.run(cleared, params, grads, lr, batch_size), len(params))
    for index, (mine, grad) in enumerate(zip(left, grads, strict=True)):
        close(mine, torch.zeros_like(grad), what=f"params[{index}].grad after sgd(params, lr, batch_size)")


@probe
def seen(names, params, grads, lr, batch_size):
    """sgd(params, lr, batch_size), 50 times"""
    given, views = list(params), [p.view(-1) for p in params]
    for p in params:
        p.requires_grad_()
    for _ in range(50):
        for p, grad in zip(params, grads):
            p.grad = grad.clone()
        names.sgd(given, lr, batch_size)
    return [views, [p.requires_grad and p.is_leaf for p in params]]


@check("sgd", points=2)
@given(**STEP)
def test_sgd_changes_the_parameters_where_they_are(submission, params, grads, lr, batch_size):
    """The steps go into the memory of the parameters, which still require gradients; no graph grows over 50 steps."""
    views, leaves = items_of(submission.run(seen, params, grads, lr, batch_size), 2)
    after = "after 50 steps of sgd(params, lr, batch_size)"
    for index, (p, grad) in enumerate(zip(params, grads, strict=True)):
        wanted = (p - 50 * lr / batch_size * grad).view(-1)
        close(views[index], wanted, what=f"what a view of params[{index}] made before shows {after}")
        expect(leaves[index], "must require a gradient, and be no part of a graph", what=f"params[{index}] {after}")


# normal_equation


@st.composite
def points(draw, linear=False, single=False):
    """Features and labels, more examples than unknowns. linear: the labels lie on a plane. single: there is one feature."""
    d = 1 if single else draw(st.integers(2, 3))
    X = draw(spread((d + 3, d)))
    return X, X @ draw(spread((d, 1))) + draw(st.sampled_from([100.0, 0.0])) if linear else draw(spread((d + 3, 1)))


contract(
    "normal_equation",
    inputs=together(points(), "X", "y"),
    returns=["w", "b"],
    matches="normal_equation(X, y) gives the w and b with the smallest sum of squared errors.",
    also={
        "plane": ("Where y is X w + b exactly, w and b are found again.", together(points(linear=True), "X", "y")),
        "single": ("There may be a single feature.", together(points(single=True), "X", "y")),
    },
    keeps=True,
    public={
        "X": torch.tensor([[0.0], [1.0], [2.0]], dtype=torch.float64),
        "y": torch.tensor([[1.0], [2.0], [4.0]], dtype=torch.float64),
    },
)


@probe
def fitted(names, X, y):
    """normal_equation(X, y)"""
    return [names.normal_equation(X, y), names.normal_equation(X, y + 3)]


@check("normal_equation", points=1)
@given(**together(points(), "X", "y"))
def test_normal_equation_leaves_balanced_errors(submission, X, y):
    """The errors sum to 0 and are orthogonal to every column of X; 3 more in every label is 3 more in b only."""
    (w, b), (other_w, other_b) = (items_of(each, 2) for each in items_of(submission.run(fitted, X, y), 2))
    w = tensor_of(w, shape=(X.shape[1], 1), dtype=F64, what="w of normal_equation(X, y)")
    b = tensor_of(b, shape=(1,), dtype=F64, what="b of normal_equation(X, y)")
    errors = y - X @ w - b
    close(errors.sum(), torch.tensor(0.0, dtype=F64), what="the sum of y - X w - b", atol=1e-5)
    close(X.T @ errors, torch.zeros_like(w), what="X.T @ (y - X w - b)", atol=1e-5)
    close(other_w, w, what="w of normal_equation(X, y + 3)", atol=1e-5)
    close(other_b, b + 3, what="b of normal_equation(X, y + 3)", atol=1e-5)


# train_linreg


@st.composite
def trainings(draw, batches=1, alike=False):
    """Arguments for a few epochs. alike: all examples are, so that their order does not matter."""
    least = 1 if alike else 2
    n, d = draw(st.integers(least, 4)), draw(st.integers(least, 3))
    rows, times = (1, n * batches) if alike else (n * batches, 1)
    features, labels = (draw(spread((rows, columns))).repeat(times, 1) for columns in (d, 1))
    lr, epochs = draw(st.sampled_from([0.125, 0.25])), draw(st.integers(1, 3))
    return draw(spread((d, 1))), draw(spread((1,))), features, labels, lr, epochs, n


def arguments(**options):
    return together(trainings(**options), "w", "b", "features", "labels", "lr", "num_epochs", "batch_size")


@probe
def trained(names, w, b, features, labels, lr, num_epochs, batch_size):
    """train_linreg(w, b, features, labels, lr, num_epochs, batch_size)"""
    w.requires_grad_()
    b.requires_grad_()
    losses = names.train_linreg(w, b, features, labels, lr, num_epochs, batch_size)
    return [w.detach(), b.detach(), losses, features, labels]


def _trained(side, args):
    return items_of(side.run(trained, *args), 5)


def _require_trained(submission, reference, args):
    mine, right = _trained(submission, args), _trained(reference, args)
    for name, found, wanted in zip("wb", mine, right[:2], strict=False):
        close(found, wanted, what=f"{name} after train_linreg")
    return mine


@check("train_linreg", points=3)
@given(**arguments())
def test_train_linreg_takes_a_step_an_epoch(submission, reference, w, b, features, labels, lr, num_epochs, batch_size):
    """With one batch an epoch, w and b take one step of gradient descent in each epoch."""
    _require_trained(submission, reference, (w, b, features, labels, lr, num_epochs, batch_size))


@check("train_linreg", points=2)
@given(**arguments(batches=3, alike=True))
def test_train_linreg_takes_a_step_a_batch(submission, reference, w, b, features, labels, lr, num_epochs, batch_size):
    """With several batches an epoch, each of them takes a step of its own."""
    _require_trained(submission, reference, (w, b, features, labels, lr, num_epochs, batch_size))


@check("train_linreg", points=2)
@given(**arguments())
def test_train_linreg_notes_a_loss_after_each_epoch(
    submission, reference, w, b, features, labels, lr, num_epochs, batch_size
):
    """The list holds the mean loss after each epoch."""
    args = (w, b, features, labels, lr, num_epochs, batch_size)
    close(_trained(submission, args)[2], _trained(reference, args)[2], what="the list of losses")


@check("train_linreg", points=1)
@given(**arguments(batches=3))
def test_train_linreg_looks_at_all_examples(submission, w, b, features, labels, lr, num_epochs, batch_size):
    """The last loss is the mean over all examples, with the w and b that the last epoch ended with."""
    new_w, new_b, losses, *_ = _trained(submission, (w, b, features, labels, lr, num_epochs, batch_size))
    right = ((features @ tensor_of(new_w, shape=w.shape) + tensor_of(new_b, shape=(1,)) - labels) ** 2).mean() / 2
    last = items_of(losses, num_epochs, what="the list of losses")[-1]
    close(last, float(right), what="the last loss", rtol=1e-4)


@check("train_linreg", points=1)
@given(**arguments())
def test_train_linreg_leaves_the_data_alone(submission, reference, w, b, features, labels, lr, num_epochs, batch_size):
    """features and labels stay as they are."""
    args = (w, b, features, labels, lr, num_epochs, batch_size)
    *_, after, labels_after = _require_trained(submission, reference, args)
    close(after, features, what="features after train_linreg")
    close(labels_after, labels, what="labels after train_linreg")


@check("train_linreg", points=2)
@settings(max_examples=1)
@given(X=spread((1000, 2), dtype=torch.float32), noise=spread((1000, 1), dtype=torch.float32))
def test_train_linreg_finds_the_true_parameters(submission, X, noise):
    """Three epochs on 1000 examples, in batches of 10 with a learning rate of 0.03, come within 0.02 of the true w and b."""
    true_w, true_b = torch.tensor([[2.0], [-3.4]]), torch.tensor([4.2])
    y = X @ true_w + true_b + 0.01 * noise
    w, b, *_ = items_of(submission.run(trained, 0 * true_w, 0 * true_b, X, y, 0.03, 3, 10), 5)
    close(w, true_w, what="w after three epochs", rtol=0, atol=0.02)
    close(b, true_b, what="b after three epochs", rtol=0, atol=0.02)
