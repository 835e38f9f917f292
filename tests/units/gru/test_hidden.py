"""Hidden suite: gated recurrent units from scratch."""

import torch

from autograder.suite import (
    EXTREME,
    FLOATS,
    check,
    close,
    different,
    equal,
    expect,
    expect_normal,
    given,
    items_of,
    kept_items_of,
    probe,
    settings,
    st,
    tensor_lists,
    tensor_of,
    tensors,
)

F64 = torch.float64
CPU, META = torch.device("cpu"), torch.device("meta")
SETTINGS = {"gradient mode": True, "default dtype": "torch.float32", "default device": "cpu"}
NAMES = ["W_xz", "W_hz", "b_z", "W_xr", "W_hr", "b_r", "W_xh", "W_hh", "b_h", "W_hq", "b_q"]
CLOSED, OPEN = (
    -100.0,
    100.0,
)  # biases that push a gate to exactly 0 or 1 in float64, whatever the small inputs say

# Sizes and dtype are shared, so that the arguments of one example fit together.
steps, batch, vocab, hiddens = (st.shared(st.integers(1, 3), key=key) for key in ("steps", "batch", "vocab", "hiddens"))
floats = st.shared(FLOATS, key="floats")
few = settings(max_examples=15)
GATE = [(vocab, hiddens), (hiddens, hiddens), (hiddens,)]
CELL = [*GATE, *GATE, *GATE]


def entries(*shape, dtype=F64):
    return tensor_lists([shape], dtype=dtype, layouts=True).map(lambda group: group[0])


def cell_params(dtype=F64):
    """The nine parameters of a cell."""
    return tensor_lists(CELL, dtype=dtype, layouts=True)


def all_params(dtype=F64):
    """All eleven."""
    return tensor_lists([*CELL, (hiddens, vocab), (vocab,)], dtype=dtype, layouts=True)


def with_biases(params, **biases):
    """The parameters with some biases set to a number or a tensor throughout."""
    changed = {NAMES.index(name): value for name, value in biases.items()}
    return [torch.zeros_like(p) + changed[i] if i in changed else p for i, p in enumerate(params)]


def shapes_for(vocab_size, num_hiddens):
    gate = [(vocab_size, num_hiddens), (num_hiddens, num_hiddens), (num_hiddens,)]
    return [*gate, *gate, *gate, (num_hiddens, vocab_size), (vocab_size,)]


def with_gates_half_open(params):
    """The parameters with those of both gates set to zero, so that each gate's input is exactly 0."""
    return [torch.zeros_like(p) if i < 6 else p for i, p in enumerate(params)]


def rounding(dtype):
    """What may be lost beside numbers of 50000, in whichever order the terms of a formula are added."""
    return 1e-6 if dtype == F64 else 0.1


def settings_stay(found, call):
    """found: gradient mode, default dtype and default device after a call, as a probe reads them."""
    for (name, want), got in zip(SETTINGS.items(), found, strict=True):
        close(got, want, what=f"the {name} after {call}")


def stays_off(mode, call):
    """mode: the gradient mode after a call under torch.no_grad()."""
    close(mode, False, what=f"the gradient mode after {call} under torch.no_grad()")


def gradients_agree(mine, right, names, call):
    """Compare the gradients of a call with respect to each of its tensors, by name."""
    for name, got, want in zip(names, mine, right, strict=True):
        what = f"the gradient of {call} with respect to {name}"
        expect(got is not None, "does not arrive: something cuts the graph on the way", what=what)
        close(got, want, what=what)


# init_gru_state


@check("init_gru_state", points=1)
@given(batch_size=st.integers(1, 5), num_hiddens=st.integers(1, 5))
@few
def test_init_gru_state_is_one_tensor_of_zeros(submission, batch_size, num_hiddens):
    """The initial state is a tuple of one tensor of shape (batch_size, num_hiddens), all zeros."""
    call = "init_gru_state(batch_size, num_hiddens, device)"
    (H,) = kept_items_of(submission.init_gru_state(batch_size, num_hiddens, CPU), 1, what=call)
    equal(H, torch.zeros(batch_size, num_hiddens), what=f"{call}[0]")


@check("init_gru_state", points=1)
@given(batch_size=st.integers(1, 5), num_hiddens=st.integers(1, 5))
@few
def test_init_gru_state_is_on_the_device(submission, batch_size, num_hiddens):
    """The initial state lives on the device that was asked for."""
    (H,) = items_of(submission.init_gru_state(batch_size, num_hiddens, META), 1, what="the state")
    close(H, torch.zeros(batch_size, num_hiddens, device=META), what="H in the state for device 'meta'")


@probe
def gru_states_of_two_calls(names, batch_size, num_hiddens):
    """init_gru_state(batch_size, num_hiddens, device)"""
    (first,) = names.init_gru_state(batch_size, num_hiddens, torch.device("cpu"))
    found = [torch.is_grad_enabled(), str(torch.get_default_dtype()), str(torch.get_default_device())]
    with torch.no_grad():
        first.fill_(1)
        (second,) = names.init_gru_state(batch_size, num_hiddens, torch.device("cpu"))
        mode = torch.is_grad_enabled()
    return [first, second, found, mode]


@check("init_gru_state", points=1)
@given(batch_size=st.integers(1, 5), num_hiddens=st.integers(1, 5))
@few
def test_init_gru_state_is_made_anew(submission, batch_size, num_hiddens):
    """Every call makes a new tensor of zeros, whatever was written into the state of an earlier call."""
    first, second, found, mode = items_of(submission.run(gru_states_of_two_calls, batch_size, num_hiddens), 4)
    ones = torch.ones(batch_size, num_hiddens)
    equal(second, torch.zeros_like(ones), what="the state of a second call, after the first was filled with ones")
    equal(first, ones, what="the first state, filled with ones, after a second call")
    settings_stay(found, "init_gru_state(batch_size, num_hiddens, device)")
    stays_off(mode, "init_gru_state(batch_size, num_hiddens, device)")


# get_gru_params


@check("get_gru_params", points=2)
@given(vocab_size=st.integers(1, 6), num_hiddens=st.integers(1, 6))
@few
def test_get_gru_params_has_the_right_shapes_in_order(submission, vocab_size, num_hiddens):
    """It returns eleven float32 tensors: for update gate, reset gate, candidate and output, in this order."""
    params = kept_items_of(submission.get_gru_params(vocab_size, num_hiddens, CPU), 11, what="the list of parameters")
    for place, shape in enumerate(shapes_for(vocab_size, num_hiddens)):
        tensor_of(params[place], shape=shape, dtype=torch.float32, what=f"{NAMES[place]} (place {place})")


@check("get_gru_params", points=1)
@given(vocab_size=st.integers(1, 6), num_hiddens=st.integers(1, 6))
@few
def test_get_gru_params_starts_with_biases_of_zero(submission, vocab_size, num_hiddens):
    """All four biases are zero."""
    params = items_of(submission.get_gru_params(vocab_size, num_hiddens, CPU), 11, what="the list of parameters")
    for place, size in ((2, num_hiddens), (5, num_hiddens), (8, num_hiddens), (10, vocab_size)):
        equal(params[place], torch.zeros(size), what=NAMES[place])


@check("get_gru_params", points=2)
def test_get_gru_params_draws_weights_from_a_narrow_normal_distribution(submission):
    """Weights come from a normal distribution with mean 0 and standard deviation 0.01."""
    params = items_of(submission.get_gru_params(50, 60, CPU), 11, what="the list of parameters")
    weights = []
    for place, shape in enumerate(shapes_for(50, 60)):
        if len(shape) == 2:
            weights.append(tensor_of(params[place], shape=shape, dtype=torch.float32, what=NAMES[place]))
            expect_normal(weights[-1], 0.01, what=NAMES[place])
    expect_normal(torch.cat([w.flatten() for w in weights]), 0.01, what="All weights together")


@probe
def two_lists_of_gru_params(names):
    return [list(names.get_gru_params(3, 3, torch.device("cpu"))) for _ in range(2)]


@check("get_gru_params", points=1)
def test_get_gru_params_draws_every_weight_anew(submission):
    """No two weights hold the same numbers, neither in one list nor in the lists of two calls."""
    first, second = items_of(submission.run(two_lists_of_gru_params), 2)
    weights = [
        (f"{NAMES[place]} of {which} call", tensor_of(params[place], shape=(3, 3), what=NAMES[place]))
        for which, params in (("the first", items_of(first, 11)), ("a second", items_of(second, 11)))
        for place in (0, 1, 3, 4, 6, 7, 9)
    ]
    for i, (name, weight) in enumerate(weights):
        for earlier_name, earlier in weights[:i]:
            different(weight, earlier, f"holds the same numbers as {earlier_name}", what=name)
    # Two draws agree once in millions: more than a few repeats come from copies, turned round or with another sign.
    repeats = 126 - len(torch.cat([weight.flatten() for _, weight in weights]).abs().unique())
    problem = "hold the same numbers, apart from their signs or places: one is a copy of another"
    expect(repeats <= 3, problem, what="Some of the weights")


@probe
def gru_params_of_two_calls(names):
    """get_gru_params(3, 2, device)"""
    first = list(names.get_gru_params(3, 2, torch.device("cpu")))
    found = [torch.is_grad_enabled(), str(torch.get_default_dtype()), str(torch.get_default_device())]
    with torch.no_grad():
        for p in first:
            p.fill_(7)
        second = list(names.get_gru_params(3, 2, torch.device("cpu")))
        mode = torch.is_grad_enabled()
    return [[p.detach() for p in first], [p.detach() for p in second], found, mode]


@check("get_gru_params", points=1)
def test_get_gru_params_makes_new_tensors(submission):
    """Every call makes eleven new tensors, whatever happened to earlier ones, and leaves torch's settings as they are."""
    first, second, found, mode = items_of(submission.run(gru_params_of_two_calls), 4)
    second = items_of(second, 11, what="the list of a second call")
    for name, old, new in zip(NAMES, items_of(first, 11, what="the list of parameters"), second, strict=True):
        problem = "holds what was written into the list of the first call"
        expect(not (tensor_of(new) == 7).any(), problem, what=f"{name} of a second call")
        equal(old, torch.full_like(old, 7), what=f"{name} of the first call, filled with sevens, after a second call")
    settings_stay(found, "get_gru_params(3, 2, device)")
    stays_off(mode, "get_gru_params(3, 2, device)")


@probe
def gru_params_ready_to_train(names, vocab_size, num_hiddens):
    params = list(names.get_gru_params(vocab_size, num_hiddens, torch.device("cpu")))
    with torch.no_grad():
        others = list(names.get_gru_params(vocab_size, num_hiddens, torch.device("cpu")))
    return [[bool(p.requires_grad), bool(p.is_leaf), bool(q.requires_grad)] for p, q in zip(params, others)]


@check("get_gru_params", points=2)
@given(vocab_size=st.integers(1, 3), num_hiddens=st.integers(1, 3))
@few
def test_get_gru_params_can_be_trained(submission, vocab_size, num_hiddens):
    """Every parameter requires gradients and is a leaf, so that backward() fills its grad."""
    flags = items_of(
        submission.run(gru_params_ready_to_train, vocab_size, num_hiddens), 11, what="the list of parameters"
    )
    for name, (requires_grad, is_leaf, without_mode) in zip(NAMES, flags, strict=True):
        expect(requires_grad, "must have requires_grad set", what=name)
        expect(is_leaf, "must be a leaf: it was computed from another tensor that requires gradients", what=name)
        expect(without_mode, "must have requires_grad set", what=f"{name}, made under torch.no_grad(),")


@probe
def gru_params_filled_one_by_one(names, vocab_size, num_hiddens):
    params = list(names.get_gru_params(vocab_size, num_hiddens, torch.device("cpu")))
    for i, p in enumerate(params):
        p.data.fill_(i)
    return [p.data.flatten()[0].item() for p in params]


@check("get_gru_params", points=1)
@given(vocab_size=st.integers(1, 3), num_hiddens=st.integers(1, 3))
@few
def test_get_gru_params_shares_no_memory(submission, vocab_size, num_hiddens):
    """Writing into one parameter changes no other: no tensor stands in the list twice."""
    kept = items_of(submission.run(gru_params_filled_one_by_one, vocab_size, num_hiddens), 11, what="the list")
    for place, value in enumerate(kept):
        other = NAMES[int(value)]
        expect(
            value == place,
            f"is the same tensor as {other}: it changed when {other} was written",
            what=NAMES[place],
        )


@probe
def gru_params_elsewhere(names):
    """get_gru_params(3, 2, device)"""
    params = list(names.get_gru_params(3, 2, torch.device("meta")))
    return [[p.detach() for p in params], [bool(p.is_leaf) for p in params]]


@check("get_gru_params", points=1)
def test_get_gru_params_are_on_the_device(submission):
    """All parameters live on the device that was asked for, and are leaves there too."""
    params, leaves = items_of(submission.run(gru_params_elsewhere), 2)
    params = items_of(params, 11, what="the list of parameters")
    for name, param, leaf, shape in zip(NAMES, params, leaves, shapes_for(3, 2), strict=True):
        close(param, torch.empty(shape, device=META), what=f"{name} for device 'meta'")
        problem = "must be a leaf: it was computed from another tensor that requires gradients"
        expect(leaf, problem, what=f"{name} for device 'meta'")


# gru_cell


@check("gru_cell", points=3)
@given(X=entries(batch, vocab, dtype=floats), H=entries(batch, hiddens, dtype=floats), params=cell_params(floats))
def test_gru_cell_follows_the_formulas(submission, reference, X, H, params):
    """The new state is Z ⊙ H + (1 − Z) ⊙ H̃."""
    close(submission.gru_cell(X, H, params), reference.gru_cell(X, H, params))


@check("gru_cell", points=2)
@given(X=entries(batch, vocab), H=entries(batch, hiddens), params=cell_params())
def test_gru_cell_keeps_its_state_where_the_update_gate_is_one(submission, X, H, params):
    """With b_z so large that Z is 1, the new state is the old one."""
    close(
        submission.gru_cell(X, H, with_biases(params, b_z=OPEN)),
        H,
        what="With b_z = 100, gru_cell(X, H, params)",
    )


@check("gru_cell", points=1)
@given(X=entries(batch, vocab), H=entries(batch, hiddens), params=cell_params())
def test_gru_cell_forgets_where_both_gates_are_zero(submission, X, H, params):
    """With Z = 0 and R = 0 the old state has no say: the new one is tanh(X W_xh + b_h)."""
    closed = with_biases(params, b_z=CLOSED, b_r=CLOSED)
    what = "With b_z = b_r = -100, gru_cell(X, H, params)"
    close(submission.gru_cell(X, H, closed), torch.tanh(X @ params[6] + params[8]), what=what)


@check("gru_cell", points=2)
@given(
    H=entries(batch, hiddens),
    b_r=tensors((hiddens,), elements=st.sampled_from([OPEN, CLOSED]), dtype=F64, layouts=False),
)
def test_gru_cell_resets_before_the_product(submission, H, b_r):
    """R multiplies H entry by entry before W_hh mixes the entries."""
    n = H.shape[1]
    X, zero, shift = (
        torch.zeros(len(H), 1, dtype=F64),
        torch.zeros(n, n, dtype=F64),
        torch.eye(n, dtype=F64).roll(1, 1),
    )
    b_z, b_h, W_x = (
        torch.full((n,), CLOSED, dtype=F64),
        torch.zeros(n, dtype=F64),
        torch.zeros(1, n, dtype=F64),
    )
    state = submission.gru_cell(X, H, [W_x, zero, b_z, W_x, zero, b_r, W_x, shift, b_h])
    when = "With b_z = -100 and all weights 0, but a W_hh that moves each entry one place to the right"
    close(state, torch.tanh(H * (b_r > 0)).roll(1, 1), what=f"{when}, gru_cell(X, H, params)")


@check("gru_cell", points=1)
@given(
    X=tensors((batch, vocab), elements=EXTREME, dtype=floats, layouts=False),
    H=tensors((batch, hiddens), elements=EXTREME, dtype=floats, layouts=False),
    params=cell_params(floats),
)
def test_gru_cell_of_large_inputs_stays_finite(submission, reference, X, H, params):
    """The new state is right, and finite, for entries of 1000 or -50000 in X and H too."""
    close(submission.gru_cell(X, H, params), reference.gru_cell(X, H, params), atol=rounding(X.dtype))


@check("gru_cell", points=1)
@given(X=entries(batch, vocab), H=entries(batch, hiddens), params=cell_params())
@few
def test_gru_cell_treats_each_sequence_by_itself(submission, X, H, params):
    """A row of the new state depends on the same row of X and H only."""
    together = tensor_of(submission.gru_cell(X, H, params), shape=H.shape, dtype=F64)
    alone = submission.gru_cell(X[-1:], H[-1:], params)
    close(alone, together[-1:], what="the new state of the last sequence alone")


@check("gru_cell", points=2)
@given(X=entries(batch, vocab), H=entries(batch, hiddens), params=cell_params())
@few
def test_gru_cell_gradients(submission, reference, X, H, params):
    """Gradients flow from the new state to X, H and each of the nine parameters."""
    mine, right = submission.gru_cell.vjp(X, H, params), reference.gru_cell.vjp(X, H, params)
    close(mine.output, right.output, what="gru_cell(X, H, params)")
    gradients_agree(mine.inputs, right.inputs, ["X", "H", *NAMES[:9]], "gru_cell(X, H, params)")


@check("gru_cell", points=1)
@given(X=entries(batch, vocab), H=entries(batch, hiddens), params=cell_params())
@few
def test_gru_cell_gradients_of_half_open_gates(submission, reference, X, H, params):
    """Gradients are right where the input of each gate is exactly 0 too, and where that of the candidate is."""
    half_open = with_gates_half_open(params)
    for some, zeros in ((half_open, "W_xz, W_hz, b_z, W_xr, W_hr and b_r"), ([p * 0 for p in params], "all params")):
        mine, right = submission.gru_cell.vjp(X, H, some), reference.gru_cell.vjp(X, H, some)
        gradients_agree(mine.inputs, right.inputs, ["X", "H", *NAMES[:9]], f"gru_cell with {zeros} zero")


@probe
def gru_cell_in_training(names, X, H, params):
    """gru_cell(-X, gru_cell(X, H, params), params)"""
    for p in params:
        p.requires_grad_()
    first = names.gru_cell(X, H, params)
    kept = first.detach().clone()
    second = names.gru_cell(-X, first, params)
    (first + 2 * second).sum().backward()
    with torch.no_grad():
        for p in params:
            p.neg_()
        third = names.gru_cell(X, H, params)
        mode = torch.is_grad_enabled()
    return [kept, second.detach(), third.detach(), first.detach()], [p.grad for p in params], mode


@check("gru_cell", points=1)
@given(X=entries(batch, vocab), H=entries(batch, hiddens), params=cell_params())
@few
def test_gru_cell_keeps_its_calls_apart(submission, reference, X, H, params):
    """Calls do not disturb each other: two steps in a row, their gradients, and a call with changed params are right."""
    mine, gradients, mode = items_of(submission.run(gru_cell_in_training, X, H, params), 3)
    right, right_gradients, _ = reference.run(gru_cell_in_training, X, H, params)
    steps = (
        "the state after a first step",
        "the state after a second step",
        "the state after one step with all params negated in place",
        "the state after the first step, looked at again after two more calls,",
    )
    for what, got, want in zip(steps, items_of(mine, 4), right, strict=True):
        close(got, want, what=what)
    gradients_agree(gradients, right_gradients, NAMES[:9], "two steps in a row")
    stays_off(mode, "gru_cell(X, H, params)")


@probe
def arguments_after_gru_cell(names, X, H, params):
    names.gru_cell(X, H, params)
    found = [torch.is_grad_enabled(), str(torch.get_default_dtype()), str(torch.get_default_device())]
    return [[X, H, *params], [t.requires_grad for t in (X, H, *params)], found]


@check("gru_cell", points=1)
@given(X=entries(batch, vocab), H=entries(batch, hiddens), params=cell_params())
@few
def test_gru_cell_leaves_its_arguments_alone(submission, X, H, params):
    """X, H, params and torch's settings are the same after gru_cell(X, H, params) as before."""
    after, asking, found = items_of(submission.run(arguments_after_gru_cell, X, H, params), 3)
    after = items_of(after, 11, what="X, H and the items of params after the call")
    for name, now, before, asks in zip(["X", "H", *NAMES[:9]], after, [X, H, *params], asking, strict=True):
        equal(now, before, what=f"{name} after gru_cell(X, H, params)")
        expect(not asks, "requires gradients, but did not before", what=f"{name} after gru_cell(X, H, params)")
    settings_stay(found, "gru_cell(X, H, params)")


@check("gru_cell", points=1)
def test_gru_cell_stays_on_its_device(submission):
    """The new state is on the device of the arguments: nothing is created elsewhere on the way."""
    params = [torch.empty(shape, device=META) for shape in shapes_for(3, 2)[:9]]
    X, H = torch.empty(4, 3, device=META), torch.empty(4, 2, device=META)
    what = "gru_cell(X, H, params) on device 'meta'"
    close(submission.gru_cell(X, H, params), H, what=what)


# gru

sequences = {"inputs": entries(steps, batch, vocab), "H": entries(batch, hiddens), "params": all_params()}


def walk(submission, inputs, H, params):
    """(outputs, state) of a submission's gru, shapes checked."""
    outputs, state = items_of(submission.gru(inputs, (H,), params), 2, what="gru(inputs, state, params)")
    rows = inputs.shape[0] * inputs.shape[1]
    tensor_of(outputs, shape=(rows, inputs.shape[2]), dtype=inputs.dtype, what="outputs")
    (last,) = items_of(state, 1, what="the state that gru returns")
    return outputs, tensor_of(last, shape=H.shape, dtype=H.dtype, what="H in the state that gru returns")


@check("gru", points=3)
@given(**sequences)
def test_gru_outputs(submission, reference, inputs, H, params):
    """The outputs are H W_hq + b_q of every step, one step's rows after the other's, (num_steps · n, d)."""
    outputs, _ = items_of(submission.gru(inputs, (H,), params), 2, what="gru(inputs, state, params)")
    close(outputs, reference.gru(inputs, (H,), params)[0], what="outputs of gru(inputs, (H,), params)")


@check("gru", points=2)
@given(**sequences)
def test_gru_returns_the_last_state(submission, reference, inputs, H, params):
    """The second result is a tuple of one: the state after the last step."""
    _, state = kept_items_of(submission.gru(inputs, (H,), params), 2, what="gru(inputs, state, params)")
    right = reference.gru(inputs, (H,), params)[1]
    what = "the state that gru(inputs, (H,), params) returns"
    close(kept_items_of(state, 1, what=what), right, what=what)


@check("gru", points=1)
@given(
    inputs=entries(steps, batch, vocab, dtype=torch.float32),
    H=entries(batch, hiddens, dtype=torch.float32),
    params=all_params(torch.float32),
)
@few
def test_gru_in_single_precision(submission, reference, inputs, H, params):
    """float32 in, float32 out, whatever the tensors' layout in memory."""
    close(
        submission.gru(inputs, (H,), params),
        reference.gru(inputs, (H,), params),
        what="gru(inputs, (H,), params)",
    )


@check("gru", points=2)
@given(**sequences, cut=st.integers(1, 2))
@few
def test_gru_carries_its_state(submission, inputs, H, params, cut):
    """Two calls, the second with the state of the first, give what one call over the whole sequence gives."""
    inputs = torch.cat([inputs, -inputs])
    outputs, last = walk(submission, inputs, H, params)
    first, between = walk(submission, inputs[:cut], H, params)
    close(first, outputs[: len(first)], what="outputs of the steps before the cut")
    if cut < len(inputs):
        second, end = walk(submission, inputs[cut:], between, params)
        close(second, outputs[len(first) :], what="outputs of the steps after the cut")
        close(end, last, what="H after the second call")


@check("gru", points=1)
@given(**sequences)
@few
def test_gru_with_open_update_gate_repeats_its_output(submission, inputs, H, params):
    """With b_z so large that Z is 1, the state stays as it was given, and every step puts out the same."""
    params = with_biases(params, b_z=OPEN)
    outputs, last = walk(submission, inputs, H, params)
    close(last, H, what="With b_z = 100, H in the state that gru returns")
    close(outputs, (H @ params[9] + params[10]).repeat(len(inputs), 1), what="With b_z = 100, outputs")


@check("gru", points=2)
@given(**sequences)
@few
def test_gru_gradients(submission, reference, inputs, H, params):
    """Gradients flow through all steps to the inputs, the first state and all eleven parameters."""
    mine, right = submission.gru.vjp(inputs, (H,), params), reference.gru.vjp(inputs, (H,), params)
    close(mine.output, right.output, what="gru(inputs, (H,), params)")
    gradients_agree(mine.inputs, right.inputs, ["inputs", "H", *NAMES], "gru(inputs, (H,), params)")
    half_open = with_gates_half_open(params)
    mine, right = submission.gru.vjp(inputs, (H,), half_open), reference.gru.vjp(inputs, (H,), half_open)
    call = "gru with W_xz, W_hz, b_z, W_xr, W_hr and b_r zero"
    gradients_agree(mine.inputs, right.inputs, ["inputs", "H", *NAMES], call)


@probe
def gru_gradient_of_the_last_output(names, inputs, H, params):
    """gru(inputs, (H,), params)"""
    inputs.requires_grad_()
    outputs, _ = names.gru(inputs, (H,), params)
    if outputs.requires_grad:
        outputs[-1].sum().backward()
    return inputs.grad


@check("gru", points=1)
@given(num_steps=st.sampled_from([2, 60]))
@few
def test_gru_gradients_of_a_long_sequence(submission, num_steps):
    """Gradients flow from the last output to the first input, after 60 steps as after 2."""
    inputs, H = torch.zeros(num_steps, 1, 1, dtype=F64), torch.zeros(1, 1, dtype=F64)
    inputs[0] = 1
    params = [torch.zeros(shape, dtype=F64) for shape in shapes_for(1, 1)]
    # The first step takes its candidate, all later ones keep it.
    for name, value in {"W_xz": 2 * CLOSED, "b_z": OPEN, "W_xh": 0.5, "W_hq": 1.0}.items():
        params[NAMES.index(name)].fill_(value)
    gradient = submission.run(gru_gradient_of_the_last_output, inputs, H, params)
    what = f"the gradient of the last of {num_steps} outputs with respect to inputs"
    expect(gradient is not None, "does not arrive: something cuts the graph on the way", what=what)
    gradient = tensor_of(gradient, shape=inputs.shape, dtype=F64, what=what)
    close(gradient[0], 0.5 * (1 - torch.full((1, 1), 0.5, dtype=F64).tanh() ** 2), what=f"{what}[0]")


@check("gru", points=1)
@given(
    inputs=tensors((steps, batch, vocab), elements=EXTREME, dtype=F64, layouts=False),
    H=tensors((batch, hiddens), elements=EXTREME, dtype=F64, layouts=False),
    params=all_params(),
)
@few
def test_gru_of_large_inputs_stays_finite(submission, reference, inputs, H, params):
    """Outputs and state are right, and finite, for entries of 1000 or -50000 in inputs and H too."""
    mine, right = submission.gru(inputs, (H,), params), reference.gru(inputs, (H,), params)
    close(mine, right, what="gru(inputs, (H,), params)", atol=rounding(F64))


@probe
def gru_in_training(names, inputs, H, params):
    """gru(-inputs, state, params) with the state of gru(inputs, (H,), params)"""
    for p in params:
        p.requires_grad_()
    first, state = names.gru(inputs, (H,), params)
    kept = first.detach().clone()
    second, state = names.gru(-inputs, state, params)
    (first.sum() + 2 * second.sum() + 3 * state[0].sum()).backward()
    with torch.no_grad():
        for p in params:
            p.neg_()
        third, _ = names.gru(inputs, (H,), params)
        mode = torch.is_grad_enabled()
    return [kept, second.detach(), third.detach(), first.detach()], [p.grad for p in params], mode


@check("gru", points=1)
@given(**sequences)
@few
def test_gru_keeps_its_calls_apart(submission, reference, inputs, H, params):
    """Calls do not disturb each other: two in a row, their gradients, and a call with changed params are right."""
    mine, gradients, mode = items_of(submission.run(gru_in_training, inputs, H, params), 3)
    right, right_gradients, _ = reference.run(gru_in_training, inputs, H, params)
    calls = (
        "outputs of a first call",
        "outputs of a second call",
        "outputs of a call with all params negated in place",
        "outputs of the first call, looked at again after two more calls,",
    )
    for what, got, want in zip(calls, items_of(mine, 4), right, strict=True):
        close(got, want, what=what)
    gradients_agree(gradients, right_gradients, NAMES, "two calls in a row")
    stays_off(mode, "gru(inputs, state, params)")


@probe
def arguments_after_gru(names, inputs, H, params):
    names.gru(inputs, (H,), params)
    found = [torch.is_grad_enabled(), str(torch.get_default_dtype()), str(torch.get_default_device())]
    return [[inputs, H, *params], [t.requires_grad for t in (inputs, H, *params)], found]


@check("gru", points=1)
@given(**sequences)
@few
def test_gru_leaves_its_arguments_alone(submission, inputs, H, params):
    """inputs, state, params and torch's settings are the same after gru(inputs, state, params) as before."""
    after, asking, found = items_of(submission.run(arguments_after_gru, inputs, H, params), 3)
    after = items_of(after, 13, what="inputs, H and the items of params after the call")
    for name, now, before, asks in zip(["inputs", "H", *NAMES], after, [inputs, H, *params], asking, strict=True):
        equal(now, before, what=f"{name} after gru(inputs, (H,), params)")
        expect(not asks, "requires gradients, but did not before", what=f"{name} after gru(inputs, (H,), params)")
    settings_stay(found, "gru(inputs, (H,), params)")


@check("gru", points=1)
def test_gru_stays_on_its_device(submission):
    """Outputs and state are on the device of the inputs: nothing is created elsewhere on the way."""
    params = [torch.empty(shape, device=META) for shape in shapes_for(3, 2)]
    result = submission.gru(torch.empty(2, 4, 3, device=META), (torch.empty(4, 2, device=META),), params)
    wanted = [torch.empty(8, 3, device=META), [torch.empty(4, 2, device=META)]]
    close(result, wanted, what="gru(inputs, state, params) on device 'meta'")
