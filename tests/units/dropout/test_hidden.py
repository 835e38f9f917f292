"""Hidden suite: dropout."""

import itertools
import math

import torch
from torch import nn

from autograder.suite import (
    EXTREME,
    Mismatch,
    binomial_bounds,
    check,
    close,
    eighths,
    equal,
    example,
    expect,
    expect_normal,
    given,
    items_of,
    number_of,
    probe,
    settings,
    spread,
    st,
    tensor_of,
    tensors,
)

F64 = torch.float64
few = settings(max_examples=12)

shapes = st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple)
rates = st.sampled_from([0.5, 0.25, 0.75, 0.1, 0.3, 0.9])


def expect_share(hits, p, what, problem):
    """Require as many hits as independent trials of probability p give, but for one case in a billion.

    problem: a sentence with {share} and {right} in the places of the share of hits and of p.
    """
    low, high = binomial_bounds(hits.numel(), p)
    count = int(hits.sum())
    problem = problem.format(share=f"{count / hits.numel():.1%}", right=f"{p:.1%}")
    expect(low <= count <= high, problem, what=what)


def expect_no_trace(before, after, records, dtype, recording, what):
    """before, after: a result, and the same tensor after another call. records, dtype: torch's state after the calls."""
    equal(after, tensor_of(before, what=what), what=f"{what}, looked at again after another call,")
    if recording:
        expect(records is True, "switches torch's recording of gradients off", what=what)
    expect(records is recording, "switches torch's recording of gradients on", what=what)
    expect(dtype == torch.float32, "changes torch's default dtype", what=what)


# dropout_layer


@check("dropout_layer", points=2)
@given(X=tensors(shapes), dropout=rates)
def test_every_entry_is_zero_or_scaled(submission, X, dropout):
    """Every entry of dropout_layer(X, dropout) is either 0 or the entry of X divided by 1 - dropout."""
    result = tensor_of(submission.dropout_layer(X, dropout), shape=X.shape, dtype=X.dtype)
    close(result, torch.where(result == 0, 0, X / (1 - dropout)).to(X.dtype))


@probe
def values_in_dropout_layer_of_ones(names, dropout):
    """dropout_layer(X, dropout)"""
    return names.dropout_layer(torch.ones(30, 50, dtype=torch.float64), dropout).unique()


@check("dropout_layer", points=2)
@given(dropout=rates)
def test_kept_entries_are_divided_by_1_minus_p(submission, dropout):
    """Ones become zeros and entries of exactly 1 / (1 - dropout), so that the expected value stays 1."""
    values = submission.run(values_in_dropout_layer_of_ones, dropout)
    wanted = torch.tensor([0.0, 1 / (1 - dropout)], dtype=F64)
    close(values, wanted, what="The set of values in dropout_layer(torch.ones(30, 50), dropout)")


@probe
def share_of_kept_ones(names, dropout):
    """dropout_layer(X, dropout)"""
    kept = names.dropout_layer(torch.ones(100, 200), dropout) != 0
    return round(20 * float(kept.double().mean())) / 20


@check("dropout_layer", points=3)
@given(dropout=st.sampled_from([0.5, 0.1, 0.25, 0.4, 0.9]))
def test_keeps_a_fraction_1_minus_p(submission, dropout):
    """An entry is dropped with probability dropout, so a share of 1 - dropout is kept."""
    share = number_of(submission.run(share_of_kept_ones, dropout), what="the share of kept entries")
    kept = f"keeps {share:.0%} of 20 000 entries, to the nearest 5%, where {1 - dropout:.0%} must be kept"
    expect(math.isclose(share, 1 - dropout, abs_tol=0.01), kept, what=f"dropout_layer(X, {dropout})")


@check("dropout_layer", points=1)
@given(X=tensors(shapes))
def test_dropout_0_returns_the_values_of_X(submission, X):
    """dropout_layer(X, 0.0) has the values of X."""
    equal(submission.dropout_layer(X, 0.0), X)


@check("dropout_layer", points=2)
@given(X=tensors(shapes, elements=EXTREME))
def test_dropout_1_returns_zeros(submission, X):
    """dropout_layer(X, 1.0) is zero everywhere, and never nan."""
    equal(submission.dropout_layer(X, 1.0), torch.zeros_like(X))


@probe
def dropout_layer_refuses(names, dropout):
    """dropout_layer(X, dropout)"""
    layer = names.dropout_layer
    try:
        layer(torch.ones(2, 3), dropout)
    except (AssertionError, ValueError):
        return True
    return False


@check("dropout_layer", points=1)
@given(dropout=st.sampled_from([1.5, -0.5, 1.01, -0.01, 2.0, -1.0, 50.0]))
def test_rejects_a_dropout_outside_0_1(submission, dropout):
    """A dropout below 0 or above 1 raises an AssertionError or a ValueError."""
    refused = submission.run(dropout_layer_refuses, dropout)
    call = f"dropout_layer(X, {dropout})"
    expect(refused, "must raise an AssertionError or a ValueError, but returned a result", what=call)


@probe
def number_of_different_slices(names):
    """dropout_layer(X, 0.5)"""
    kept = names.dropout_layer(torch.ones(4, 5, 6, 7), 0.5) != 0
    return [kept.unique(dim=d).shape[d] for d in range(4)]


@check("dropout_layer", points=2)
def test_each_example_gets_a_mask_of_its_own(submission):
    """The mask differs from example to example, and between channels, rows and columns too."""
    counts = items_of(submission.run(number_of_different_slices), 4, what="The numbers of different masks")
    for dimension, (count, size) in enumerate(zip(counts, (4, 5, 6, 7), strict=True)):
        problem = f"has {count} different mask(s) along dimension {dimension}, where all {size} must differ"
        expect(count == size, problem, what="dropout_layer(X, 0.5) with X of shape (4, 5, 6, 7)")


@probe
def whether_two_masks_agree(names, recording):
    """dropout_layer(X, 0.5)"""
    X = torch.ones(8, 16)
    with torch.set_grad_enabled(recording):
        return bool((names.dropout_layer(X, 0.5) == names.dropout_layer(X, 0.5)).all())


@check("dropout_layer", points=1)
@given(recording=st.just(True) | st.just(False))
def test_two_calls_draw_two_masks(submission, recording):
    """Two calls with the same X drop different entries, under torch.no_grad() too."""
    agree = submission.run(whether_two_masks_agree, recording)
    what = "dropout_layer(X, 0.5)" if recording else "dropout_layer(X, 0.5) under torch.no_grad()"
    expect(not agree, "drops the same entries in two calls in a row", what=what)


@probe
def whether_the_count_varies(names):
    """dropout_layer(X, 0.5)"""
    X = torch.ones(6, 12)
    return len({int((names.dropout_layer(X, 0.5) != 0).sum()) for _ in range(16)}) > 1


@check("dropout_layer", points=1)
def test_the_number_of_dropped_entries_varies(submission):
    """How many entries are dropped is left to chance: it varies from call to call."""
    varies = submission.run(whether_the_count_varies)
    expect(varies, "drops exactly as many entries in each of 16 calls", what="dropout_layer(X, 0.5)")


@check("dropout_layer", points=1)
@given(size=st.just(200))
def test_entries_are_dropped_independently(submission, size):
    """Whether an entry is dropped says nothing about the entries beside and below it."""
    result = submission.dropout_layer(torch.ones(size, size), 0.5)
    kept = tensor_of(result, shape=(size, size)) != 0
    half = size // 2
    pairs = {
        "one above the other": kept[::2] == kept[1::2],
        "side by side": kept[:, ::2] == kept[:, 1::2],
        "half a row apart": kept[:, :half] == kept[:, half:],
    }
    share = float(kept.double().mean())
    by_chance = share**2 + (1 - share) ** 2
    where, agree = max(pairs.items(), key=lambda pair: abs(float(pair[1].double().mean()) - by_chance))
    problem = f"treats two entries {where} alike in {{share}} of all cases, where by chance it would be {{right}}"
    expect_share(agree, by_chance, "dropout_layer(X, 0.5)", problem)


@check("dropout_layer", points=1)
@given(X=tensors(shapes, elements=eighths(0.125, 4), dtype=F64), dropout=st.one_of(st.just(0.0), rates))
def test_gradient_reaches_the_kept_entries(submission, X, dropout):
    """The gradient of a kept entry is divided by 1 - dropout too; that of a dropped entry is 0."""
    cotangent = torch.linspace(1, 2, X.numel(), dtype=F64).reshape(X.shape)
    mine = submission.dropout_layer.vjp(X, dropout, cotangent=cotangent)
    result = tensor_of(mine.output, shape=X.shape, dtype=X.dtype)
    what = "the gradient of dropout_layer(X, dropout) with respect to X"
    if mine.inputs[0] is None:
        expect(not (result != 0).any(), "does not exist: the result is cut off from X", what=what)
    else:
        close(mine.inputs[0], torch.where(result == 0, 0, cotangent / (1 - dropout)), what=what)


@check("dropout_layer", points=1)
@given(X=tensors(shapes, dtype=F64))
def test_gradient_at_dropout_1_is_zero(submission, X):
    """With dropout 1 the gradient of X is zero, never nan, or there is none."""
    gradient = submission.dropout_layer.vjp(X, 1.0, cotangent=torch.ones_like(X)).inputs[0]
    if gradient is not None:
        equal(gradient, torch.zeros_like(X), what="the gradient of dropout_layer(X, 1.0) with respect to X")


@probe
def X_after_dropout_layer(names, X, dropout):
    """dropout_layer(X, dropout)"""
    names.dropout_layer(X, dropout)
    return X


@check("dropout_layer", points=1)
@given(X=tensors(shapes, elements=eighths(0.125, 4)), dropout=st.sampled_from([0.5, 0.0, 0.25, 0.9, 1.0]))
def test_dropout_layer_leaves_its_input_alone(submission, X, dropout):
    """X is the same after dropout_layer(X, dropout) as before."""
    equal(submission.run(X_after_dropout_layer, X, dropout), X, what="X after dropout_layer(X, dropout)")


@probe
def traces_of_dropout_layer(names, X, dropout, recording):
    """dropout_layer(X, dropout)"""
    with torch.set_grad_enabled(recording):
        first = names.dropout_layer(X, dropout)
        before = first.clone()
        names.dropout_layer(X + 1, dropout)
        return [before, first, torch.is_grad_enabled(), torch.get_default_dtype(), X.requires_grad]


@check("dropout_layer", points=1)
@given(X=tensors(shapes, dtype=F64), dropout=st.one_of(rates, st.sampled_from([0.0, 1.0])), recording=st.booleans())
def test_dropout_layer_leaves_no_trace(submission, X, dropout, recording):
    """A call leaves earlier results as they are, and switches nothing in torch on or off."""
    traces = items_of(submission.run(traces_of_dropout_layer, X, dropout, recording), 5)
    expect_no_trace(*traces[:4], recording, what="dropout_layer(X, dropout)")
    expect(traces[4] is False, "requires gradients after the call, but did not before", what="X")


# Net


@st.composite
def layers(draw, inputs=3, most=4):
    """[W1, b1, W2, b2, W3, b3] of a network with `inputs` inputs and up to `most` units per layer."""
    sizes = [inputs, *(draw(st.integers(1, most)) for _ in range(3))]
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31 - 1)))
    shapes = [shape for n, m in itertools.pairwise(sizes) for shape in ((m, n), (m,))]
    return [torch.randn(shape, generator=generator, dtype=F64).round(decimals=3) for shape in shapes]


def sizes_of(parameters):
    """The arguments of Net for these parameters."""
    W1, _, W2, _, W3, _ = parameters
    return [W1.shape[1], len(W3), len(W1), len(W2)]


@probe
def output_of_net(names, X, sizes, parameters, dropouts, training):
    """net(X)"""
    net = names.Net(*sizes, dropout1=dropouts[0], dropout2=dropouts[1]).double()
    for index, layer in enumerate((net.lin1, net.lin2, net.lin3)):
        layer.weight.data.copy_(parameters[2 * index])
        layer.bias.data.copy_(parameters[2 * index + 1])
    net.train() if training else net.eval()
    return net(X)


@probe
def parameter_shapes_of_net(names, sizes):
    """The constructor of Net"""
    return {name: list(p.shape) for name, p in names.Net(*sizes).named_parameters()}


@check("Net", points=1)
@given(sizes=st.lists(st.integers(1, 9), min_size=4, max_size=4, unique=True))
def test_net_has_three_linear_layers(submission, sizes):
    """lin1, lin2 and lin3 have weights and biases of the right shapes, and there are no other parameters."""
    inputs, outputs, hiddens1, hiddens2 = sizes
    wanted = {}
    for index, (n, m) in enumerate(itertools.pairwise([inputs, hiddens1, hiddens2, outputs]), start=1):
        wanted |= {f"lin{index}.weight": [m, n], f"lin{index}.bias": [m]}
    shapes = submission.run(parameter_shapes_of_net, sizes)
    close(shapes, wanted, what=f"The dictionary of parameter shapes of Net({', '.join(map(str, sizes))})")


@check("Net", points=2)
@given(X=spread((st.integers(1, 5), 3)), parameters=layers())
@few
def test_net_in_evaluation_mode_is_a_plain_perceptron(submission, reference, X, parameters):
    """In evaluation mode, net(X) is lin3(relu(lin2(relu(lin1(X))))), without dropout."""
    args = (X, sizes_of(parameters), parameters, [0.2, 0.5], False)
    mine, right = submission.run(output_of_net, *args), reference.run(output_of_net, *args)
    close(mine, right, what="net(X) after net.eval()")


@check("Net", points=1)
@given(X=tensors((st.integers(1, 4), 1, 2, 3), dtype=F64), parameters=layers(inputs=6))
def test_net_flattens_images(submission, reference, X, parameters):
    """Images of shape (n, 1, h, w) are flattened to rows first."""
    args = (X, sizes_of(parameters), parameters, [0.0, 0.0], False)
    mine, right = submission.run(output_of_net, *args), reference.run(output_of_net, *args)
    close(mine, right, what="net(X) with dropout1=0.0, dropout2=0.0")


certain = st.sampled_from([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 1.0]])


@check("Net", points=2)
@given(X=spread((st.integers(1, 4), 3)), parameters=layers(), dropouts=certain)
def test_net_drops_each_hidden_layer_where_it_should(submission, reference, X, parameters, dropouts):
    """In training mode, dropout1 acts on the first hidden layer, dropout2 on the second, none on the rest."""
    args = (X, sizes_of(parameters), parameters, dropouts, True)
    mine, right = submission.run(output_of_net, *args), reference.run(output_of_net, *args)
    close(mine, right, what="net(X) with dropout1={}, dropout2={} after net.train()".format(*dropouts))


def possible_outputs(X, parameters, dropouts):
    """(masks, n, q): net(X) for every choice of dropped hidden units."""
    W1, b1, W2, b2, W3, b3 = parameters
    keep1, keep2 = (
        torch.tensor(list(itertools.product([0.0, 1.0], repeat=len(W))), dtype=F64) / (1 - p)
        for W, p in zip((W1, W2), dropouts, strict=True)
    )
    H1 = (X @ W1.T + b1).relu() * keep1[:, None]
    H2 = (H1 @ W2.T + b2).relu()[:, None] * keep2[:, None]
    return (H2 @ W3.T + b3).reshape(-1, len(X), len(W3))


@check("Net", points=2)
@given(
    X=spread((st.integers(1, 4), 3)),
    parameters=layers(most=3),
    dropouts=st.lists(rates, min_size=2, max_size=2),
)
def test_net_drops_and_scales_single_units(submission, X, parameters, dropouts):
    """In training mode, some hidden units of each example are dropped and the others divided by 1 - p."""
    result = submission.run(output_of_net, X, sizes_of(parameters), parameters, dropouts, True)
    what = "net(X) with dropout1={}, dropout2={} after net.train()".format(*dropouts)
    result = tensor_of(result, shape=(len(X), len(parameters[-1])), dtype=F64, what=what)
    possible = possible_outputs(X, parameters, dropouts)
    reached = torch.isclose(result, possible, rtol=1e-8, atol=1e-8).all(dim=2).any(dim=0)
    if not reached.all():
        row = int((~reached).nonzero()[0])
        problem = f"is wrong in row {row}: no choice of dropped units, the others divided by 1 - p, gives this"
        raise Mismatch(problem, result, what=what)


@probe
def values_in_hidden_layers_of_ones(names, arguments):
    """net(X)"""
    net = names.Net(40, 40, 40, 40, **dict(arguments)).double().train()
    for layer, bias in ((net.lin1, 0), (net.lin2, 1), (net.lin3, 0)):
        layer.weight.data.copy_(torch.eye(40))
        layer.bias.data.fill_(bias)
    return net(torch.ones(50, 40, dtype=torch.float64)).detach().round(decimals=6).unique()


probabilities = st.sampled_from(
    [[], [("dropout1", 0.75)], [("dropout2", 0.75)], [("dropout1", 0.5), ("dropout2", 0.2)]]
)


@check("Net", points=1)
@given(arguments=probabilities)
def test_net_uses_the_given_probabilities(submission, arguments):
    """dropout1 and dropout2 are 0.2 and 0.5 unless they are given."""
    p1, p2 = {"dropout1": 0.2, "dropout2": 0.5, **dict(arguments)}.values()
    wanted = torch.tensor([0, 1 / (1 - p2), (1 + 1 / (1 - p1)) / (1 - p2)], dtype=F64)
    values = submission.run(values_in_hidden_layers_of_ones, arguments)
    call = "".join(f", {name}={value}" for name, value in arguments)
    call = f"Net(40, 40, 40, 40{call})"
    what = f"If relu(lin1(X)) is 1 everywhere and lin2 adds 1 to each unit, the set of outputs of {call}"
    close(values, wanted, rtol=1e-5, what=what)


@probe
def output_over_hidden_layers_of_ones(names, rows):
    """net(X)"""
    net = names.Net(60, 60, 60, 60).double().train()
    torch.rand(1)  # what is drawn in the constructor and what is drawn in forward shall differ
    for layer, bias in ((net.lin1, 0), (net.lin2, 1), (net.lin3, 0)):
        layer.weight.data.copy_(torch.eye(60))
        layer.bias.data.fill_(bias)
    return net(torch.ones(rows, 60, dtype=torch.float64))


@check("Net", points=1)
@given(rows=st.just(400))
def test_net_drops_as_often_as_it_should(submission, rows):
    """By default a fifth of the units of the first hidden layer is dropped, and half of the second."""
    output = submission.run(output_over_hidden_layers_of_ones, rows)
    output = tensor_of(output, shape=(rows, 60), what="net(X)")
    kept = output[output != 0]
    problem = "keeps {share} of the units of the second hidden layer, where {right} must be kept"
    expect_share(output != 0, 0.5, "Net(...)", problem)
    first = kept > (kept.min() + kept.max()) / 2
    expect_share(first, 0.8, "Net(...)", problem.replace("second", "first"))


@probe
def whether_units_are_dropped(names, arguments, switches, recording):
    """net(X)"""
    net = names.Net(3, 64, 64, 64, **dict(arguments)).double()
    parent = nn.Sequential(net)
    for layer in (net.lin1, net.lin2, net.lin3):
        layer.weight.data.copy_(torch.eye(64)[:, : layer.weight.shape[1]])
        layer.bias.data.fill_(1)
    X = torch.ones(8, 3, dtype=torch.float64)
    with torch.set_grad_enabled(recording):
        found = [bool((net(X) != net(X)).any())]
        for module, mode in switches:
            getattr(parent if module == "parent" else net, mode)()
            found.append(bool((net(X) != net(X)).any()))
    return found


SWITCHES = [("net", "train"), ("net", "eval"), ("parent", "train"), ("parent", "eval")]


@check("Net", points=2)
@given(
    arguments=st.sampled_from([[], [("is_training", True)], [("is_training", False)]]),
    switches=st.lists(st.sampled_from(SWITCHES), max_size=3),
    recording=st.just(True) | st.just(False),
)
@example(arguments=[("is_training", False)], switches=[("net", "eval"), ("parent", "eval")], recording=True)
@example(arguments=[("is_training", False)], switches=[("net", "train"), ("net", "eval")], recording=True)
@example(arguments=[], switches=[("net", "eval"), ("parent", "train")], recording=False)
@few
def test_net_follows_its_mode(submission, arguments, switches, recording):
    """Dropout acts in training mode only, whenever the mode is switched; is_training says how it starts."""
    modes = ["eval" if ("is_training", False) in arguments else "train", *(mode for _, mode in switches)]
    found = items_of(submission.run(whether_units_are_dropped, arguments, switches, recording), len(modes))
    problems = {
        "train": "must drop units, anew in each call",
        "eval": "must give the same output in each call",
    }
    output = "net(X)" if recording else "net(X) under torch.no_grad()"
    story = f"After net = Net(3, 64, 64, 64{''.join(f', {name}={value}' for name, value in arguments)})"
    for index, (drops, mode) in enumerate(zip(found, modes, strict=True)):
        if index:
            switched = {"net": "net", "parent": "nn.Sequential(net)"}[switches[index - 1][0]]
            story += f", then {switched}.{mode}()"
        expect(drops == (mode == "train"), problems[mode], what=f"{story}, {output}")


@probe
def number_of_different_outputs(names, dropouts):
    """net(X)"""
    net = names.Net(3, 64, 64, 64, dropout1=dropouts[0], dropout2=dropouts[1]).double().train()
    for layer in (net.lin1, net.lin2, net.lin3):
        layer.weight.data.copy_(torch.eye(64)[:, : layer.weight.shape[1]])
        layer.bias.data.fill_(1)
    output, again = (net(torch.ones(8, 3, dtype=torch.float64)).detach() for _ in range(2))
    return [len(output.unique(dim=0)), bool((output == again).all())]


@check("Net", points=1)
@given(dropouts=st.sampled_from([[0.5, 0.0], [0.0, 0.5]]))
def test_net_draws_a_mask_for_each_example(submission, dropouts):
    """Eight equal examples lose different units, in either hidden layer, and others in the next call."""
    count, same = items_of(submission.run(number_of_different_outputs, dropouts), 2)
    what = "net(X) with dropout1={}, dropout2={} after net.train()".format(*dropouts)
    expect(count == 8, f"has {count} different rows for 8 equal examples, where all 8 must differ", what=what)
    expect(not same, "gives the same output in two calls in a row", what=what)


@probe
def gradients_of_net(names, X, sizes, parameters, training):
    """net(X).sum().backward()"""
    net = names.Net(*sizes, dropout1=0.0, dropout2=0.0).double()
    for index, layer in enumerate((net.lin1, net.lin2, net.lin3)):
        layer.weight.data.copy_(parameters[2 * index])
        layer.bias.data.copy_(parameters[2 * index + 1])
    net.train() if training else net.eval()
    output = net(X)
    (output * torch.linspace(1, 2, output.shape[1], dtype=output.dtype)).sum().backward()
    return {name: parameter.grad for name, parameter in net.named_parameters()}


@check("Net", points=1)
@given(X=spread((st.integers(1, 4), 3)), parameters=layers(), training=st.booleans())
@few
def test_net_gradient_reaches_the_parameters(submission, reference, X, parameters, training):
    """Gradients flow from net(X) to the parameters of all three layers, in either mode."""
    args = (X, sizes_of(parameters), parameters, training)
    mine, right = submission.run(gradients_of_net, *args), reference.run(gradients_of_net, *args)
    close(mine, right, what="The gradients of the parameters")


@probe
def gradient_through_identities(names, dropouts):
    """net(X).sum().backward()"""
    net = names.Net(20, 20, 20, 20, dropout1=dropouts[0], dropout2=dropouts[1]).double().train()
    for layer in (net.lin1, net.lin2, net.lin3):
        layer.weight.data.copy_(torch.eye(20))
        layer.bias.data.zero_()
    X = torch.ones(4, 20, dtype=torch.float64, requires_grad=True)
    output = net(X)
    output.sum().backward()
    return [output.detach(), X.grad]


@check("Net", points=1)
@given(dropouts=st.lists(rates, min_size=2, max_size=2))
@few
def test_net_gradient_goes_through_the_kept_units(submission, dropouts):
    """In training mode, the gradient goes through the units that were kept, scaled like them, and no others."""
    output, gradient = items_of(submission.run(gradient_through_identities, dropouts), 2)
    what = "If all three layers pass on what they get, net(X) for X = torch.ones(4, 20) in training mode"
    output = tensor_of(output, shape=(4, 20), dtype=F64, what=what)
    # Where every kept unit passes on X times its scale, the gradient of the sum is that scale: the output itself.
    close(gradient, output, what="X.grad after net(X).sum().backward(), where it must equal net(X),")


@probe
def output_beside_another_net(names, X, sizes, parameters, dropouts):
    """net(X)"""
    net = names.Net(*sizes, dropout1=dropouts[0], dropout2=dropouts[1]).double()
    for index, layer in enumerate((net.lin1, net.lin2, net.lin3)):
        layer.weight.data.copy_(parameters[2 * index])
        layer.bias.data.copy_(parameters[2 * index + 1])
    net.train()
    other = names.Net(*sizes, dropout1=1 - dropouts[0], dropout2=1 - dropouts[1])
    other.eval()
    for parameter in other.parameters():
        parameter.data.zero_()
    return net(X)


@check("Net", points=1)
@given(X=spread((st.integers(1, 4), 3)), parameters=layers(), dropouts=certain)
@few
def test_two_nets_share_nothing(submission, reference, X, parameters, dropouts):
    """A second network, with other probabilities, parameters and mode, changes nothing in the first."""
    args = (X, sizes_of(parameters), parameters, dropouts)
    mine, right = (exhibit.run(output_beside_another_net, *args) for exhibit in (submission, reference))
    close(mine, right, what="net(X) in training mode, after another network was made,")


@probe
def traces_of_a_pass(names, X, sizes, training, recording):
    """net(X)"""
    net = names.Net(*sizes).to(X.dtype)
    net.train(training)
    tensors = [X, *net.parameters()]
    before = [tensor.detach().clone() for tensor in tensors]
    with torch.set_grad_enabled(recording):
        output = net(X)
        copy = output.detach().clone()
        net(X + 1)
        records = torch.is_grad_enabled()
    after = [tensor.detach() for tensor in tensors]
    return [[copy, output.detach(), records, torch.get_default_dtype()], before, after, net.training]


@check("Net", points=1)
@given(
    X=tensors((st.integers(1, 4), 2, 3)),
    sizes=st.lists(st.integers(1, 4), min_size=3, max_size=3),
    training=st.booleans(),
    recording=st.booleans(),
)
@example(X=torch.ones(1, 2, 3), sizes=[1, 1, 1], training=False, recording=True)
@example(X=torch.ones(1, 2, 3), sizes=[1, 1, 1], training=True, recording=False)
@few
def test_a_pass_leaves_no_trace(submission, X, sizes, training, recording):
    """A pass leaves X, the parameters, the mode and earlier results as they are; net(X) has the dtype of X."""
    returned = submission.run(traces_of_a_pass, X, [6, *sizes], training, recording)
    traces, before, after, mode = items_of(returned, 4)
    tensor_of(traces[0], shape=(len(X), sizes[0]), dtype=X.dtype, what="net(X)")
    expect_no_trace(*traces, recording, what="net(X)")
    equal(after[0], X, what="X after net(X)")
    equal(after[1:], before[1:], what="The list of parameters after net(X)")
    expect(mode is training, "changes net.training", what="net(X)")


# make_dropout_net


@probe
def parameter_shapes_of_concise_net(names):
    """make_dropout_net(0.2, 0.5)"""
    return [list(p.shape) for p in names.make_dropout_net(0.2, 0.5).parameters()]


@check("make_dropout_net", points=1)
def test_concise_net_has_three_linear_layers(submission):
    """The network holds three linear layers: 784 to 256, 256 to 256, 256 to 10, each with a bias."""
    shapes = submission.run(parameter_shapes_of_concise_net)
    wanted = [[256, 784], [256], [256, 256], [256], [10, 256], [10]]
    close(shapes, wanted, what="The list of parameter shapes of make_dropout_net(0.2, 0.5)")


@probe
def output_of_concise_net(names, X, dropouts, seed, evaluating):
    """make_dropout_net(p1, p2)(X)"""
    net = names.make_dropout_net(*dropouts).double()
    generator = torch.Generator().manual_seed(seed)
    for parameter in net.parameters():
        drawn = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        parameter.data.copy_(drawn / parameter.shape[-1] ** 0.5)
    if evaluating:
        net.eval()
    return net(X)


# Upright and transposed, which is not contiguous.
images = st.one_of(spread((st.integers(1, 3), 1, 28, 28)), spread((st.integers(1, 3), 1, 28, 28)).map(lambda X: X.mT))


@check("make_dropout_net", points=2)
@settings(max_examples=8)
@given(X=images, seed=st.integers(0, 99))
def test_concise_net_in_evaluation_mode_is_a_plain_perceptron(submission, reference, X, seed):
    """After net.eval(), images pass through the three linear layers and two ReLUs, without dropout."""
    args = (X, [0.2, 0.5], seed, True)
    mine, right = submission.run(output_of_concise_net, *args), reference.run(output_of_concise_net, *args)
    close(mine, right, what="make_dropout_net(0.2, 0.5).eval()(X)")


@check("make_dropout_net", points=2)
@settings(max_examples=12)
@given(X=images, seed=st.integers(0, 9), dropouts=certain)
def test_concise_net_drops_each_hidden_layer_where_it_should(submission, reference, X, seed, dropouts):
    """The network starts in training mode, where p1 acts on the first hidden layer and p2 on the second."""
    args = (X, dropouts, seed, False)
    mine, right = submission.run(output_of_concise_net, *args), reference.run(output_of_concise_net, *args)
    close(mine, right, what="make_dropout_net({}, {})(X)".format(*dropouts))


@probe
def values_in_concise_hidden_layers_of_ones(names, p1, p2):
    """make_dropout_net(p1, p2)(X)"""
    net = names.make_dropout_net(p1, p2).double().train()
    parameters = list(net.parameters())
    for weight, bias, diagonal, constant in zip(parameters[::2], parameters[1::2], (0, 1, 1), (1, 1, 0)):
        weight.data.copy_(diagonal * torch.eye(*weight.shape))
        bias.data.fill_(constant)
    return net(torch.ones(100, 1, 28, 28, dtype=torch.float64)).detach().round(decimals=6).unique()


@check("make_dropout_net", points=1)
@given(dropouts=st.sampled_from([[0.2, 0.5], [0.5, 0.2], [0.75, 0.25]]))
def test_concise_net_uses_the_given_probabilities(submission, dropouts):
    """In training mode, single units of both hidden layers are dropped and the others scaled by 1/(1-p)."""
    p1, p2 = dropouts
    wanted = torch.tensor([0, 1 / (1 - p2), (1 + 1 / (1 - p1)) / (1 - p2)], dtype=F64)
    values = submission.run(values_in_concise_hidden_layers_of_ones, p1, p2)
    call = f"make_dropout_net({p1}, {p2})"
    what = f"If the first hidden layer is 1 everywhere and the second adds 1, the set of outputs of {call}"
    close(values, wanted, rtol=1e-5, what=what)


@probe
def outputs_for_equal_images(names, dropouts):
    """make_dropout_net(p1, p2)(X)"""
    net = names.make_dropout_net(*dropouts).double().train()
    generator = torch.Generator().manual_seed(0)
    for parameter in net.parameters():
        parameter.data.copy_(torch.rand(parameter.shape, generator=generator, dtype=torch.float64))
    output, again = (net(torch.ones(8, 1, 28, 28, dtype=torch.float64)).detach() for _ in range(2))
    return [len(output.unique(dim=0)), bool((output == again).all())]


@check("make_dropout_net", points=1)
@given(dropouts=st.sampled_from([[0.5, 0.0], [0.0, 0.5]]))
def test_concise_net_draws_a_mask_for_each_image(submission, dropouts):
    """Eight equal images lose different units, in either hidden layer, and others in the next call."""
    count, same = items_of(submission.run(outputs_for_equal_images, dropouts), 2)
    what = "make_dropout_net({}, {})(X)".format(*dropouts)
    expect(count == 8, f"has {count} different rows for 8 equal images, where all 8 must differ", what=what)
    expect(not same, "gives the same output in two calls in a row", what=what)


@probe
def gradient_through_concise_identities(names, dropouts):
    """make_dropout_net(p1, p2)(X).sum().backward()"""
    net = names.make_dropout_net(*dropouts).double().train()
    for parameter in net.parameters():
        parameter.data.copy_(torch.eye(*parameter.shape) if parameter.ndim == 2 else torch.zeros(parameter.shape))
    X = torch.ones(20, 1, 28, 28, dtype=torch.float64, requires_grad=True)
    output = net(X)
    output.sum().backward()
    return [output.detach(), X.grad, [p.grad is not None for p in net.parameters()]]


@check("make_dropout_net", points=1)
@given(dropouts=st.sampled_from([[0.2, 0.5], [0.5, 0.25], [0.75, 0.1]]))
def test_concise_net_can_be_trained(submission, dropouts):
    """In training mode, gradients reach all parameters and X, through the kept units and scaled like them."""
    output, gradient, reached = items_of(submission.run(gradient_through_concise_identities, dropouts), 3)
    what = "If all three layers pass on what they get, net(X) for X = torch.ones(20, 1, 28, 28) in training mode"
    output = tensor_of(output, shape=(20, 10), dtype=F64, what=what)
    what = "X.grad after net(X).sum().backward()"
    gradient = tensor_of(gradient, shape=(20, 1, 28, 28), what=what).flatten(1)
    close(gradient[:, :10], output, what=f"{what} for the first ten pixels, where it must equal net(X),")
    expect(all(items_of(reached)), "has parameters that no gradient reaches", what="make_dropout_net(p1, p2)")


@probe
def traces_of_concise_nets(names, X):
    """make_dropout_net(0.2, 0.5)"""
    net, other = names.make_dropout_net(0.2, 0.5), names.make_dropout_net(0.5, 0.2)
    net.eval()
    before, mode = X.clone(), other.training
    output = net(X)
    copy = output.detach().clone()
    for parameter in other.parameters():
        parameter.data.zero_()
    net(X + 1)
    traces = [copy, output.detach(), torch.is_grad_enabled(), torch.get_default_dtype()]
    return [traces, net(X).detach(), mode, [before, X]]


@check("make_dropout_net", points=1)
@settings(max_examples=8)
@given(X=spread((st.integers(1, 3), 1, 28, 28), dtype=torch.float32))
def test_each_call_makes_a_network_of_its_own(submission, X):
    """Two networks share no parameters and no mode, and a pass leaves X and earlier results as they are."""
    traces, again, mode, images = items_of(submission.run(traces_of_concise_nets, X), 4)
    output = tensor_of(traces[0], shape=(len(X), 10), dtype=X.dtype, what="net(X)")
    expect_no_trace(*traces, True, what="make_dropout_net(0.2, 0.5)")
    close(again, output, what="net(X) after net.eval(), once the parameters of another network were set to 0,")
    expect(mode is True, "leaves training mode when the first one does", what="A second network")
    equal(images[1], images[0], what="X after net(X)")


@probe
def initial_weights(names):
    """make_dropout_net(0.2, 0.5)"""
    return [p.detach() for p in names.make_dropout_net(0.2, 0.5).parameters() if p.ndim == 2]


@check("make_dropout_net", points=2)
def test_concise_net_starts_from_small_normal_weights(submission):
    """The weights of the linear layers are drawn from a normal distribution with standard deviation 0.01."""
    found = items_of(submission.run(initial_weights), 3, what="The list of weight matrices")
    for name, weight in zip(("first", "second", "third"), found, strict=True):
        what = f"The weight of the {name} linear layer"
        expect_normal(tensor_of(weight, what=what), 0.01, what=what)
