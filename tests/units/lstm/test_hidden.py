"""Hidden suite: long short-term memory from scratch."""

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
NAMES = [
    "W_xi", "W_hi", "b_i", "W_xf", "W_hf", "b_f", "W_xo", "W_ho", "b_o", "W_xc", "W_hc", "b_c", "W_hq", "b_q",
]  # fmt: skip
CLOSED, OPEN = (
    -100.0,
    100.0,
)  # biases that push a gate to exactly 0 or 1 in float64, whatever the small inputs say

# Sizes and dtype are shared, so that the arguments of one example fit together.
steps, batch, vocab, hiddens = (st.shared(st.integers(1, 3), key=key) for key in ("steps", "batch", "vocab", "hiddens"))
floats = st.shared(FLOATS, key="floats")
few = settings(max_examples=15)
GATE = [(vocab, hiddens), (hiddens, hiddens), (hiddens,)]
CELL = [*GATE, *GATE, *GATE, *GATE]


def entries(*shape, dtype=F64):
    return tensor_lists([shape], dtype=dtype, layouts=True).map(lambda group: group[0])


def cell_params(dtype=F64):
    """The twelve parameters of a cell."""
    return tensor_lists(CELL, dtype=dtype, layouts=True)


def all_params(dtype=F64):
    """All fourteen."""
    return tensor_lists([*CELL, (hiddens, vocab), (vocab,)], dtype=dtype, layouts=True)


def with_biases(params, **biases):
    """The parameters with some biases set to a number or a tensor throughout."""
    changed = {NAMES.index(name): value for name, value in biases.items()}
    return [torch.zeros_like(p) + changed[i] if i in changed else p for i, p in enumerate(params)]


def shapes_for(vocab_size, num_hiddens):
    gate = [(vocab_size, num_hiddens), (num_hiddens, num_hiddens), (num_hiddens,)]
    return [*gate, *gate, *gate, *gate, (num_hiddens, vocab_size), (vocab_size,)]


def with_gates_half_open(params):
    """The parameters with those of the three gates set to zero, so that each gate's input is exactly 0."""
    return [torch.zeros_like(p) if i < 9 else p for i, p in enumerate(params)]


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


# init_lstm_state


@check("init_lstm_state", points=1)
@few
@given(batch_size=st.integers(1, 5), num_hiddens=st.integers(1, 5))
def test_init_lstm_state_is_two_tensors_of_zeros(submission, batch_size, num_hiddens):
    """The initial state is a tuple (H, C) of two tensors of shape (batch_size, num_hiddens), all zeros."""
    call = "init_lstm_state(batch_size, num_hiddens, device)"
    state = kept_items_of(submission.init_lstm_state(batch_size, num_hiddens, CPU), 2, what=call)
    for place, each in enumerate(state):
        equal(each, torch.zeros(batch_size, num_hiddens), what=f"{call}[{place}]")


@probe
def lstm_state_half_filled(names):
    H, C = names.init_lstm_state(2, 3, torch.device("cpu"))
    H.fill_(1)
    return C


@check("init_lstm_state", points=1)
def test_init_lstm_state_shares_no_memory(submission):
    """H and C are two tensors, not the same one twice: writing into H leaves C at zero."""
    equal(submission.run(lstm_state_half_filled), torch.zeros(2, 3), what="C after H was filled with ones")


@check("init_lstm_state", points=1)
@few
@given(batch_size=st.integers(1, 5), num_hiddens=st.integers(1, 5))
def test_init_lstm_state_is_on_the_device(submission, batch_size, num_hiddens):
    """The initial state lives on the device that was asked for."""
    state = items_of(submission.init_lstm_state(batch_size, num_hiddens, META), 2, what="the state")
    for name, each in zip("HC", state, strict=True):
        close(
            each,
            torch.zeros(batch_size, num_hiddens, device=META),
            what=f"{name} in the state for device 'meta'",
        )


@probe
def lstm_states_of_two_calls(names, batch_size, num_hiddens):
    """init_lstm_state(batch_size, num_hiddens, device)"""
    first = list(names.init_lstm_state(batch_size, num_hiddens, torch.device("cpu")))
    found = [torch.is_grad_enabled(), str(torch.get_default_dtype()), str(torch.get_default_device())]
    with torch.no_grad():
        for each in first:
            each.fill_(1)
        second = list(names.init_lstm_state(batch_size, num_hiddens, torch.device("cpu")))
        mode = torch.is_grad_enabled()
    return [first, second, found, mode]


@check("init_lstm_state", points=1)
@few
@given(batch_size=st.integers(1, 5), num_hiddens=st.integers(1, 5))
def test_init_lstm_state_is_made_anew(submission, batch_size, num_hiddens):
    """Every call makes two new tensors of zeros, whatever was written into those of an earlier call."""
    first, second, found, mode = items_of(submission.run(lstm_states_of_two_calls, batch_size, num_hiddens), 4)
    ones, second = torch.ones(batch_size, num_hiddens), items_of(second, 2, what="the state of a second call")
    for name, old, new in zip("HC", items_of(first, 2, what="the state of the first call"), second, strict=True):
        equal(new, torch.zeros_like(ones), what=f"{name} of a second call, after the first was filled with ones")
        equal(old, ones, what=f"{name} of the first call, filled with ones, after a second call")
    settings_stay(found, "init_lstm_state(batch_size, num_hiddens, device)")
    stays_off(mode, "init_lstm_state(batch_size, num_hiddens, device)")


# get_lstm_params


@check("get_lstm_params", points=2)
@given(vocab_size=st.integers(1, 6), num_hiddens=st.integers(1, 6))
@few
def test_get_lstm_params_has_the_right_shapes_in_order(submission, vocab_size, num_hiddens):
    """It returns fourteen float32 tensors: input, forget and output gate, candidate memory, output layer."""
    params = kept_items_of(submission.get_lstm_params(vocab_size, num_hiddens, CPU), 14, what="the list of parameters")
    for place, shape in enumerate(shapes_for(vocab_size, num_hiddens)):
        tensor_of(params[place], shape=shape, dtype=torch.float32, what=f"{NAMES[place]} (place {place})")


@check("get_lstm_params", points=1)
@given(vocab_size=st.integers(1, 6), num_hiddens=st.integers(1, 6))
@few
def test_get_lstm_params_starts_with_biases_of_zero(submission, vocab_size, num_hiddens):
    """All five biases are zero."""
    params = items_of(submission.get_lstm_params(vocab_size, num_hiddens, CPU), 14, what="the list of parameters")
    for place, size in (
        (2, num_hiddens),
        (5, num_hiddens),
        (8, num_hiddens),
        (11, num_hiddens),
        (13, vocab_size),
    ):
        equal(params[place], torch.zeros(size), what=NAMES[place])


@check("get_lstm_params", points=2)
def test_get_lstm_params_draws_weights_from_a_narrow_normal_distribution(submission):
    """Weights come from a normal distribution with mean 0 and standard deviation 0.01."""
    params = items_of(submission.get_lstm_params(50, 60, CPU), 14, what="the list of parameters")
    weights = []
    for place, shape in enumerate(shapes_for(50, 60)):
        if len(shape) == 2:
            weights.append(tensor_of(params[place], shape=shape, dtype=torch.float32, what=NAMES[place]))
            expect_normal(weights[-1], 0.01, what=NAMES[place])
    expect_normal(torch.cat([w.flatten() for w in weights]), 0.01, what="All weights together")


@probe
def two_lists_of_lstm_params(names):
    return [list(names.get_lstm_params(3, 3, torch.device("cpu"))) for _ in range(2)]


@check("get_lstm_params", points=1)
def test_get_lstm_params_draws_every_weight_anew(submission):
    """No two weights hold the same numbers, neither in one list nor in the lists of two calls."""
    first, second = items_of(submission.run(two_lists_of_lstm_params), 2)
    weights = [
        (f"{NAMES[place]} of {which} call", tensor_of(params[place], shape=(3, 3), what=NAMES[place]))
        for which, params in (("the first", items_of(first, 14)), ("a second", items_of(second, 14)))
        for place in (0, 1, 3, 4, 6, 7, 9, 10, 12)
    ]
    for i, (name, weight) in enumerate(weights):
        for earlier_name, earlier in weights[:i]:
            different(weight, earlier, f"holds the same numbers as {earlier_name}", what=name)
    # Two draws agree once in millions: more than a few repeats come from copies, turned round or with another sign.
    repeats = 162 - len(torch.cat([weight.flatten() for _, weight in weights]).abs().unique())
    problem = "hold the same numbers, apart from their signs or places: one is a copy of another"
    expect(repeats <= 3, problem, what="Some of the weights")


@probe
def lstm_params_of_two_calls(names):
    """get_lstm_params(3, 2, device)"""
    first = list(names.get_lstm_params(3, 2, torch.device("cpu")))
    found = [torch.is_grad_enabled(), str(torch.get_default_dtype()), str(torch.get_default_device())]
    with torch.no_grad():
        for p in first:
            p.fill_(7)
        second = list(names.get_lstm_params(3, 2, torch.device("cpu")))
        mode = torch.is_grad_enabled()
    return [[p.detach() for p in first], [p.detach() for p in second], found, mode]


@check("get_lstm_params", points=1)
def test_get_lstm_params_makes_new_tensors(submission):
    """Every call makes fourteen new tensors, whatever happened to earlier ones, and leaves torch's settings as they are."""
    first, second, found, mode = items_of(submission.run(lstm_params_of_two_calls), 4)
    second = items_of(second, 14, what="the list of a second call")
    for name, old, new in zip(NAMES, items_of(first, 14, what="the list of parameters"), second, strict=True):
        problem = "holds what was written into the list of the first call"
        expect(not (tensor_of(new) == 7).any(), problem, what=f"{name} of a second call")
        equal(old, torch.full_like(old, 7), what=f"{name} of the first call, filled with sevens, after a second call")
    settings_stay(found, "get_lstm_params(3, 2, device)")
    stays_off(mode, "get_lstm_params(3, 2, device)")


@probe
def lstm_params_ready_to_train(names, vocab_size, num_hiddens):
    params = list(names.get_lstm_params(vocab_size, num_hiddens, torch.device("cpu")))
    with torch.no_grad():
        others = list(names.get_lstm_params(vocab_size, num_hiddens, torch.device("cpu")))
    return [[bool(p.requires_grad), bool(p.is_leaf), bool(q.requires_grad)] for p, q in zip(params, others)]


@check("get_lstm_params", points=2)
@given(vocab_size=st.integers(1, 3), num_hiddens=st.integers(1, 3))
@few
def test_get_lstm_params_can_be_trained(submission, vocab_size, num_hiddens):
    """Every parameter requires gradients and is a leaf, so that backward() fills its grad."""
    flags = items_of(
        submission.run(lstm_params_ready_to_train, vocab_size, num_hiddens), 14, what="the list of parameters"
    )
    for name, (requires_grad, is_leaf, without_mode) in zip(NAMES, flags, strict=True):
        expect(requires_grad, "must have requires_grad set", what=name)
        expect(is_leaf, "must be a leaf: it was computed from another tensor that requires gradients", what=name)
        expect(without_mode, "must have requires_grad set", what=f"{name}, made under torch.no_grad(),")


@probe
def lstm_params_filled_one_by_one(names, vocab_size, num_hiddens):
    params = list(names.get_lstm_params(vocab_size, num_hiddens, torch.device("cpu")))
    for i, p in enumerate(params):
        p.data.fill_(i)
    return [p.data.flatten()[0].item() for p in params]


@check("get_lstm_params", points=1)
@given(vocab_size=st.integers(1, 3), num_hiddens=st.integers(1, 3))
@few
def test_get_lstm_params_shares_no_memory(submission, vocab_size, num_hiddens):
    """Writing into one parameter changes no other: no tensor stands in the list twice."""
    kept = items_of(submission.run(lstm_params_filled_one_by_one, vocab_size, num_hiddens), 14, what="the list")
    for place, value in enumerate(kept):
        other = NAMES[int(value)]
        expect(
            value == place,
            f"is the same tensor as {other}: it changed when {other} was written",
            what=NAMES[place],
        )


@probe
def lstm_params_elsewhere(names):
    """get_lstm_params(3, 2, device)"""
    params = list(names.get_lstm_params(3, 2, torch.device("meta")))
    return [[p.detach() for p in params], [bool(p.is_leaf) for p in params]]


@check("get_lstm_params", points=1)
def test_get_lstm_params_are_on_the_device(submission):
    """All parameters live on the device that was asked for, and are leaves there too."""
    params, leaves = items_of(submission.run(lstm_params_elsewhere), 2)
    params = items_of(params, 14, what="the list of parameters")
    for name, param, leaf, shape in zip(NAMES, params, leaves, shapes_for(3, 2), strict=True):
        close(param, torch.empty(shape, device=META), what=f"{name} for device 'meta'")
        problem = "must be a leaf: it was computed from another tensor that requires gradients"
        expect(leaf, problem, what=f"{name} for device 'meta'")


# lstm_cell

step = {
    "X": entries(batch, vocab),
    "H": entries(batch, hiddens),
    "C": entries(batch, hiddens),
    "params": cell_params(),
}


def stepped(submission, X, H, C, params, when=""):
    """(H, C) of a submission's cell, shapes and dtypes checked. when: what is special about params."""
    call = f"{when}lstm_cell(X, H, C, params)"
    states = kept_items_of(submission.lstm_cell(X, H, C, params), 2, what=call)
    return [
        tensor_of(each, shape=H.shape, dtype=H.dtype, what=f"{when}the new {name}")
        for name, each in zip("HC", states, strict=True)
    ]


@check("lstm_cell", points=2)
@given(
    X=entries(batch, vocab, dtype=floats),
    H=entries(batch, hiddens, dtype=floats),
    C=entries(batch, hiddens, dtype=floats),
    params=cell_params(floats),
)
def test_lstm_cell_updates_its_memory(submission, reference, X, H, C, params):
    """The new C is F ⊙ C + I ⊙ C̃."""
    right = reference.lstm_cell(X, H, C, params)
    close(stepped(submission, X, H, C, params)[1], right[1], what="The new C of lstm_cell(X, H, C, params)")


@check("lstm_cell", points=2)
@given(
    X=entries(batch, vocab, dtype=floats),
    H=entries(batch, hiddens, dtype=floats),
    C=entries(batch, hiddens, dtype=floats),
    params=cell_params(floats),
)
def test_lstm_cell_shows_part_of_its_memory(submission, reference, X, H, C, params):
    """The new H is O ⊙ tanh(C), with the new C."""
    right = reference.lstm_cell(X, H, C, params)
    close(stepped(submission, X, H, C, params)[0], right[0], what="The new H of lstm_cell(X, H, C, params)")


@check("lstm_cell", points=2)
@given(**step)
def test_lstm_cell_keeps_its_memory_where_nothing_is_forgotten_or_written(submission, X, H, C, params):
    """With F = 1 and I = 0, the new C is the old one."""
    when = "With b_f = 100 and b_i = -100, "
    _, new = stepped(submission, X, H, C, with_biases(params, b_f=OPEN, b_i=CLOSED), when)
    close(new, C, what=f"{when}the new C")


@check("lstm_cell", points=1)
@few
@given(**step)
def test_lstm_cell_overwrites_its_memory_where_all_is_forgotten(submission, X, H, C, params):
    """With F = 0 and I = 1 the old C has no say: the new one is tanh(X W_xc + H W_hc + b_c)."""
    when = "With b_f = -100 and b_i = 100, "
    _, new = stepped(submission, X, H, C, with_biases(params, b_f=CLOSED, b_i=OPEN), when)
    close(new, torch.tanh(X @ params[9] + H @ params[10] + params[11]), what=f"{when}the new C")


@check("lstm_cell", points=1)
@few
@given(**step)
def test_lstm_cell_shows_the_tanh_of_its_new_memory(submission, X, H, C, params):
    """With O = 1, the new H is tanh of the new C."""
    when = "With b_o = 100, "
    shown, new = stepped(submission, X, H, C, with_biases(params, b_o=OPEN), when)
    close(shown, torch.tanh(new), what=f"{when}the new H, compared with tanh of the new C,")


@check("lstm_cell", points=1)
@given(
    X=tensors((batch, vocab), elements=EXTREME, dtype=floats, layouts=False),
    H=entries(batch, hiddens, dtype=floats),
    C=tensors((batch, hiddens), elements=EXTREME, dtype=floats, layouts=False),
    params=cell_params(floats),
    large=st.sampled_from([1, 50000]),
)
def test_lstm_cell_of_large_inputs_stays_finite(submission, reference, X, H, C, params, large):
    """The new states are right, and finite, for entries of 1000 or -50000 in X, H and C too."""
    mine, right = submission.lstm_cell(X, H * large, C, params), reference.lstm_cell(X, H * large, C, params)
    close(mine, right, what="lstm_cell(X, H, C, params)", atol=rounding(X.dtype))


@check("lstm_cell", points=1)
@few
@given(**step)
def test_lstm_cell_treats_each_sequence_by_itself(submission, X, H, C, params):
    """A row of the new states depends on the same row of X, H and C only."""
    together = stepped(submission, X, H, C, params)
    alone = stepped(submission, X[-1:], H[-1:], C[-1:], params)
    for name, got, want in zip("HC", alone, together, strict=True):
        close(got, want[-1:], what=f"the new {name} of the last sequence alone")


@check("lstm_cell", points=2)
@few
@given(**step)
def test_lstm_cell_gradients(submission, reference, X, H, C, params):
    """Gradients flow from the new states to X, H, C and each of the twelve parameters."""
    mine, right = submission.lstm_cell.vjp(X, H, C, params), reference.lstm_cell.vjp(X, H, C, params)
    close(mine.output, right.output, what="lstm_cell(X, H, C, params)")
    gradients_agree(mine.inputs, right.inputs, ["X", "H", "C", *NAMES[:12]], "lstm_cell(X, H, C, params)")


@check("lstm_cell", points=1)
@few
@given(**step)
def test_lstm_cell_gradients_of_half_open_gates(submission, reference, X, H, C, params):
    """Gradients are right where the input of each gate is exactly 0 too, and where candidate and memory are."""
    half_open, zero = with_gates_half_open(params), [p * 0 for p in params]
    for given_C, some, zeros in (
        (C, half_open, "the parameters of all three gates"),
        (C, zero, "all params"),
        (C * 0, zero, "C and all params"),
    ):
        mine, right = submission.lstm_cell.vjp(X, H, given_C, some), reference.lstm_cell.vjp(X, H, given_C, some)
        gradients_agree(mine.inputs, right.inputs, ["X", "H", "C", *NAMES[:12]], f"lstm_cell with {zeros} zero")


@probe
def lstm_cell_in_training(names, X, H, C, params):
    """lstm_cell(-X, *lstm_cell(X, H, C, params), params)"""
    for p in params:
        p.requires_grad_()
    first = names.lstm_cell(X, H, C, params)
    kept = [each.detach().clone() for each in first]
    second = names.lstm_cell(-X, *first, params)
    sum((each + 2 * later).sum() for each, later in zip(first, second)).backward()
    with torch.no_grad():
        for p in params:
            p.neg_()
        third = names.lstm_cell(X, H, C, params)
        mode = torch.is_grad_enabled()
    found = [[each.detach() for each in states] for states in (kept, second, third, first)]
    return found, [p.grad for p in params], mode


@check("lstm_cell", points=1)
@few
@given(**step)
def test_lstm_cell_keeps_its_calls_apart(submission, reference, X, H, C, params):
    """Calls do not disturb each other: two steps in a row, their gradients, and a call with changed params are right."""
    mine, gradients, mode = items_of(submission.run(lstm_cell_in_training, X, H, C, params), 3)
    right, right_gradients, _ = reference.run(lstm_cell_in_training, X, H, C, params)
    steps = (
        "(H, C) after a first step",
        "(H, C) after a second step",
        "(H, C) after one step with all params negated in place",
        "(H, C) after the first step, looked at again after two more calls,",
    )
    for what, got, want in zip(steps, items_of(mine, 4), right, strict=True):
        close(got, want, what=what)
    gradients_agree(gradients, right_gradients, NAMES[:12], "two steps in a row")
    stays_off(mode, "lstm_cell(X, H, C, params)")


@probe
def arguments_after_lstm_cell(names, X, H, C, params):
    names.lstm_cell(X, H, C, params)
    found = [torch.is_grad_enabled(), str(torch.get_default_dtype()), str(torch.get_default_device())]
    return [[X, H, C, *params], [t.requires_grad for t in (X, H, C, *params)], found]


@check("lstm_cell", points=1)
@few
@given(**step)
def test_lstm_cell_leaves_its_arguments_alone(submission, X, H, C, params):
    """X, H, C, params and torch's settings are the same after lstm_cell(X, H, C, params) as before."""
    after, asking, found = items_of(submission.run(arguments_after_lstm_cell, X, H, C, params), 3)
    after = items_of(after, 15, what="X, H, C and the items of params after the call")
    names = ["X", "H", "C", *NAMES[:12]]
    for name, now, before, asks in zip(names, after, [X, H, C, *params], asking, strict=True):
        equal(now, before, what=f"{name} after lstm_cell(X, H, C, params)")
        expect(not asks, "requires gradients, but did not before", what=f"{name} after lstm_cell(X, H, C, params)")
    settings_stay(found, "lstm_cell(X, H, C, params)")


@check("lstm_cell", points=1)
def test_lstm_cell_stays_on_its_device(submission):
    """The new states are on the device of the arguments: nothing is created elsewhere on the way."""
    params = [torch.empty(shape, device=META) for shape in shapes_for(3, 2)[:12]]
    X, H, C = torch.empty(4, 3, device=META), torch.empty(4, 2, device=META), torch.empty(4, 2, device=META)
    what = "lstm_cell(X, H, C, params) on device 'meta'"
    close(submission.lstm_cell(X, H, C, params), [H, C], what=what)


# lstm

sequences = {
    "inputs": entries(steps, batch, vocab),
    "H": entries(batch, hiddens),
    "C": entries(batch, hiddens),
    "params": all_params(),
}


def walk(submission, inputs, H, C, params):
    """(outputs, H, C) of a submission's lstm, shapes checked."""
    outputs, state = items_of(submission.lstm(inputs, (H, C), params), 2, what="lstm(inputs, state, params)")
    rows = inputs.shape[0] * inputs.shape[1]
    tensor_of(outputs, shape=(rows, inputs.shape[2]), dtype=inputs.dtype, what="outputs")
    last = items_of(state, 2, what="the state that lstm returns")
    for name, each in zip("HC", last, strict=True):
        tensor_of(each, shape=H.shape, dtype=H.dtype, what=f"{name} in the state that lstm returns")
    return outputs, *last


@check("lstm", points=3)
@given(**sequences)
def test_lstm_outputs(submission, reference, inputs, H, C, params):
    """The outputs are H W_hq + b_q of every step, one step's rows after the other's, (num_steps · n, d)."""
    outputs, _ = items_of(submission.lstm(inputs, (H, C), params), 2, what="lstm(inputs, state, params)")
    close(outputs, reference.lstm(inputs, (H, C), params)[0], what="outputs of lstm(inputs, (H, C), params)")


@check("lstm", points=2)
@given(**sequences)
def test_lstm_returns_the_last_states(submission, reference, inputs, H, C, params):
    """The second result is the tuple (H, C) after the last step."""
    _, state = kept_items_of(submission.lstm(inputs, (H, C), params), 2, what="lstm(inputs, state, params)")
    right = reference.lstm(inputs, (H, C), params)[1]
    last = kept_items_of(state, 2, what="the state that lstm(inputs, (H, C), params) returns")
    for name, got, want in zip("HC", last, right, strict=True):
        close(got, want, what=f"{name} in the state that lstm(inputs, (H, C), params) returns")


@check("lstm", points=1)
@few
@given(
    inputs=entries(steps, batch, vocab, dtype=torch.float32),
    H=entries(batch, hiddens, dtype=torch.float32),
    C=entries(batch, hiddens, dtype=torch.float32),
    params=all_params(torch.float32),
)
def test_lstm_in_single_precision(submission, reference, inputs, H, C, params):
    """float32 in, float32 out, whatever the tensors' layout in memory."""
    right = reference.lstm(inputs, (H, C), params)
    close(submission.lstm(inputs, (H, C), params), right, what="lstm(inputs, (H, C), params)")


@check("lstm", points=2)
@few
@given(**sequences, cut=st.integers(1, 2))
def test_lstm_carries_its_states(submission, inputs, H, C, params, cut):
    """Two calls, the second with the state of the first, give what one call over the whole sequence gives."""
    inputs = torch.cat([inputs, -inputs])
    outputs, *last = walk(submission, inputs, H, C, params)
    first, *between = walk(submission, inputs[:cut], H, C, params)
    close(first, outputs[: len(first)], what="outputs of the steps before the cut")
    if cut < len(inputs):
        second, *end = walk(submission, inputs[cut:], *between, params)
        close(second, outputs[len(first) :], what="outputs of the steps after the cut")
        for name, got, want in zip("HC", end, last, strict=True):
            close(got, want, what=f"{name} after the second call")


@check("lstm", points=1)
@few
@given(**sequences)
def test_lstm_that_neither_forgets_nor_writes_keeps_its_memory(submission, inputs, H, C, params):
    """With F = O = 1 and I = 0, C comes out as it went in, and every step puts out the same."""
    when = "With b_f = b_o = 100 and b_i = -100, "
    params = with_biases(params, b_f=OPEN, b_i=CLOSED, b_o=OPEN)
    outputs, shown, memory = walk(submission, inputs, H, C, params)
    close(memory, C, what=f"{when}C in the state that lstm returns")
    close(shown, torch.tanh(C), what=f"{when}H in the state that lstm returns")
    close(outputs, (torch.tanh(C) @ params[12] + params[13]).repeat(len(inputs), 1), what=f"{when}outputs")


@check("lstm", points=2)
@few
@given(**sequences)
def test_lstm_gradients(submission, reference, inputs, H, C, params):
    """Gradients flow through all steps to the inputs, the first states and all fourteen parameters."""
    mine, right = submission.lstm.vjp(inputs, (H, C), params), reference.lstm.vjp(inputs, (H, C), params)
    close(mine.output, right.output, what="lstm(inputs, (H, C), params)")
    gradients_agree(mine.inputs, right.inputs, ["inputs", "H", "C", *NAMES], "lstm(inputs, (H, C), params)")
    half_open = with_gates_half_open(params)
    mine, right = submission.lstm.vjp(inputs, (H, C), half_open), reference.lstm.vjp(inputs, (H, C), half_open)
    call = "lstm with the parameters of all three gates zero"
    gradients_agree(mine.inputs, right.inputs, ["inputs", "H", "C", *NAMES], call)


@probe
def lstm_gradient_of_the_last_output(names, inputs, H, C, params):
    """lstm(inputs, (H, C), params)"""
    inputs.requires_grad_()
    outputs, _ = names.lstm(inputs, (H, C), params)
    if outputs.requires_grad:
        outputs[-1].sum().backward()
    return inputs.grad


@check("lstm", points=1)
@few
@given(num_steps=st.sampled_from([2, 60]))
def test_lstm_gradients_of_a_long_sequence(submission, num_steps):
    """Gradients flow from the last output to the first input, after 60 steps as after 2."""
    inputs, zero = torch.zeros(num_steps, 1, 1, dtype=F64), torch.zeros(1, 1, dtype=F64)
    inputs[0] = 1
    params = [torch.zeros(shape, dtype=F64) for shape in shapes_for(1, 1)]
    # The first step writes its candidate into the memory, where all later ones leave it.
    gates = {"W_xi": 2 * OPEN, "b_i": CLOSED, "b_f": OPEN, "b_o": OPEN}
    for name, value in {**gates, "W_xc": 0.5, "W_hq": 1.0}.items():
        params[NAMES.index(name)].fill_(value)
    gradient = submission.run(lstm_gradient_of_the_last_output, inputs, zero, zero, params)
    what = f"the gradient of the last of {num_steps} outputs with respect to inputs"
    expect(gradient is not None, "does not arrive: something cuts the graph on the way", what=what)
    gradient = tensor_of(gradient, shape=inputs.shape, dtype=F64, what=what)
    memory = torch.full((1, 1), 0.5, dtype=F64).tanh()
    close(gradient[0], 0.5 * (1 - memory**2) * (1 - memory.tanh() ** 2), what=f"{what}[0]")


@check("lstm", points=1)
@few
@given(
    inputs=tensors((steps, batch, vocab), elements=EXTREME, dtype=F64, layouts=False),
    H=entries(batch, hiddens),
    C=tensors((batch, hiddens), elements=EXTREME, dtype=F64, layouts=False),
    params=all_params(),
)
def test_lstm_of_large_inputs_stays_finite(submission, reference, inputs, H, C, params):
    """Outputs and states are right, and finite, for entries of 1000 or -50000 in inputs and C too."""
    mine, right = submission.lstm(inputs, (H, C), params), reference.lstm(inputs, (H, C), params)
    close(mine, right, what="lstm(inputs, (H, C), params)", atol=rounding(F64))


@probe
def lstm_in_training(names, inputs, H, C, params):
    """lstm(-inputs, state, params) with the state of lstm(inputs, (H, C), params)"""
    for p in params:
        p.requires_grad_()
    first, state = names.lstm(inputs, (H, C), params)
    kept = first.detach().clone()
    second, state = names.lstm(-inputs, state, params)
    (first.sum() + 2 * second.sum() + 3 * state[0].sum() + 4 * state[1].sum()).backward()
    with torch.no_grad():
        for p in params:
            p.neg_()
        third, _ = names.lstm(inputs, (H, C), params)
        mode = torch.is_grad_enabled()
    return [kept, second.detach(), third.detach(), first.detach()], [p.grad for p in params], mode


@check("lstm", points=1)
@few
@given(**sequences)
def test_lstm_keeps_its_calls_apart(submission, reference, inputs, H, C, params):
    """Calls do not disturb each other: two in a row, their gradients, and a call with changed params are right."""
    mine, gradients, mode = items_of(submission.run(lstm_in_training, inputs, H, C, params), 3)
    right, right_gradients, _ = reference.run(lstm_in_training, inputs, H, C, params)
    calls = (
        "outputs of a first call",
        "outputs of a second call",
        "outputs of a call with all params negated in place",
        "outputs of the first call, looked at again after two more calls,",
    )
    for what, got, want in zip(calls, items_of(mine, 4), right, strict=True):
        close(got, want, what=what)
    gradients_agree(gradients, right_gradients, NAMES, "two calls in a row")
    stays_off(mode, "lstm(inputs, state, params)")


@probe
def arguments_after_lstm(names, inputs, H, C, params):
    names.lstm(inputs, (H, C), params)
    found = [torch.is_grad_enabled(), str(torch.get_default_dtype()), str(torch.get_default_device())]
    return [[inputs, H, C, *params], [t.requires_grad for t in (inputs, H, C, *params)], found]


@check("lstm", points=1)
@few
@given(**sequences)
def test_lstm_leaves_its_arguments_alone(submission, inputs, H, C, params):
    """inputs, state, params and torch's settings are the same after lstm(inputs, state, params) as before."""
    after, asking, found = items_of(submission.run(arguments_after_lstm, inputs, H, C, params), 3)
    after = items_of(after, 17, what="inputs, H, C and the items of params after the call")
    names = ["inputs", "H", "C", *NAMES]
    for name, now, before, asks in zip(names, after, [inputs, H, C, *params], asking, strict=True):
        equal(now, before, what=f"{name} after lstm(inputs, (H, C), params)")
        expect(not asks, "requires gradients, but did not before", what=f"{name} after lstm(inputs, (H, C), params)")
    settings_stay(found, "lstm(inputs, (H, C), params)")


@check("lstm", points=1)
def test_lstm_stays_on_its_device(submission):
    """Outputs and states are on the device of the inputs: nothing is created elsewhere on the way."""
    params = [torch.empty(shape, device=META) for shape in shapes_for(3, 2)]
    state = tuple(torch.empty(4, 2, device=META) for _ in "HC")
    result = submission.lstm(torch.empty(2, 4, 3, device=META), state, params)
    close(
        result,
        [torch.empty(8, 3, device=META), list(state)],
        what="lstm(inputs, state, params) on device 'meta'",
    )
