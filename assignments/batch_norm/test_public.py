"""Public checks: batch normalisation."""

import torch

from autograder.suite import check, close, equal, expect, hints, items_of, probe


def three(returned):
    return items_of(returned, 3, what="What batch_norm returns, (Y, moving_mean, moving_var),")


@check("batch_norm", points=1)
def test_training_on_a_small_example(submission):
    """A feature with the values 0 and 4 has mean 2 and variance 4; with eps 5 it is divided by 3."""
    X, gamma, beta = torch.tensor([[0.0], [4.0]]), torch.tensor([[3.0]]), torch.tensor([[1.0]])
    Y, _, _ = three(submission.batch_norm(X, gamma, beta, torch.zeros(1, 1), torch.ones(1, 1), 5.0, 0.9, True))
    close(Y, torch.tensor([[-1.0], [3.0]]), what="Y")


@check("batch_norm", points=1)
def test_training_on_a_small_image(submission):
    """All pixels of a channel share one mean and one variance."""
    X, zeros, ones = (
        torch.tensor([[[[0.0, 4.0]]], [[[0.0, 4.0]]]]),
        torch.zeros(1, 1, 1, 1),
        torch.ones(1, 1, 1, 1),
    )
    Y, _, _ = three(submission.batch_norm(X, 3 * ones, zeros, zeros, ones, 5.0, 0.9, True))
    close(Y, torch.tensor([[[[-2.0, 2.0]]], [[[-2.0, 2.0]]]]), what="Y")


@check("batch_norm", points=1)
def test_statistics_of_a_small_example(submission):
    """With momentum 0.9, a tenth of the batch's mean 2 and variance 4 is mixed into the old 0 and 1."""
    X, zeros, ones = torch.tensor([[0.0], [4.0]]), torch.zeros(1, 1), torch.ones(1, 1)
    _, moving_mean, moving_var = three(submission.batch_norm(X, ones, zeros, zeros, ones, 1e-5, 0.9, True))
    close(moving_mean, torch.tensor([[0.2]]), what="moving_mean as returned")
    close(moving_var, torch.tensor([[1.3]]), what="moving_var as returned")


@check("batch_norm", points=1)
def test_evaluation_of_a_small_example(submission):
    """In evaluation the moving mean 1 and variance 4 take the place of the batch's, and stay."""
    X, zeros, ones = torch.tensor([[1.0], [7.0]]), torch.zeros(1, 1), torch.ones(1, 1)
    Y, moving_mean, moving_var = three(submission.batch_norm(X, ones, zeros, ones, 4 * ones, 5.0, 0.9, False))
    close(Y, torch.tensor([[0.0], [2.0]]), what="Y in evaluation")
    equal(moving_mean, ones, what="moving_mean as returned in evaluation")
    equal(moving_var, 4 * ones, what="moving_var as returned in evaluation")


@probe
def buffer_and_parameter_names(names):
    layer = names.BatchNorm(3, 4)
    return [[name for name, _ in layer.named_parameters()], [name for name, _ in layer.named_buffers()]]


@check("BatchNorm", points=1)
def test_layer_has_two_parameters_and_two_buffers(submission):
    """gamma and beta are parameters, moving_mean and moving_var are buffers."""
    parameters, buffers = submission.run(buffer_and_parameter_names)
    expect(
        sorted(parameters) == ["beta", "gamma"],
        f"must be gamma and beta, not {parameters}",
        what="The parameters",
    )
    for name in ("moving_mean", "moving_var"):
        expect(name in buffers, f"must include {name}, but are {buffers}", what="The buffers")


@check("BatchNorm", points=1)
def test_layer_learns_in_training_mode(submission):
    """In training mode, one pass over the values 0 and 4 moves the statistics to 0.2 and 1.3."""
    layer = submission.BatchNorm(1, 2)
    close(layer(torch.tensor([[0.0], [4.0]])), torch.tensor([[-1.0], [1.0]]), what="layer(X)")
    close(layer.moving_mean, torch.tensor([[0.2]]), what="moving_mean after one training pass")
    close(layer.moving_var, torch.tensor([[1.3]]), what="moving_var after one training pass")


@check("BatchNorm", points=1)
def test_layer_in_evaluation_mode(submission):
    """A new layer in evaluation mode changes nothing: its mean is 0 and its variance 1."""
    layer, X = submission.BatchNorm(2, 4), torch.tensor([3.0, -2.0]).view(1, 2, 1, 1)
    layer.eval()
    close(layer(X), X, what="layer(X) of a new layer in evaluation mode")
    close(layer.moving_mean, torch.zeros(1, 2, 1, 1), what="moving_mean after an evaluation pass")


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "batch_norm",
    question="For images, how many numbers go into the mean of one channel? And which mean can a single "
    "example be given when the model predicts?",
    idea="In training, take mean and variance over everything but the channel dimension, keep dimensions "
    "of size 1 so that they can be subtracted, and mix them, as plain values, into the moving ones. "
    "In evaluation the moving ones take their place. Scale and shift at the end.",
    formula="μ = (1/m) Σ x,  σ² = (1/m) Σ (x − μ)²,  y = γ (x − μ) / √(σ² + ε) + β;  moving ← momentum · "
    "moving + (1 − momentum) · batch",
)

hints(
    "BatchNorm",
    question="What should be trained, and what should only be saved with the layer and move with it?",
    idea="Scale and shift are learned, the statistics are only measured: a module has one kind of "
    "registered tensor for each. In a pass, hand everything to your function together with the "
    "module's own mode, and keep the statistics that come back.",
    formula="γ = 1, β = 0, moving mean = 0, moving variance = 1 at first, of shape (1, C) or (1, C, 1, 1)",
)

# What the stubs promise, on a few inputs. Made by `autograder build`.

from autograder.suite import contract  # noqa: E402

contract(
    'batch_norm',
    public={'X': torch.tensor([[0.0, 1.0], [4.0, 1.0]]), 'gamma': torch.tensor([[3.0, 1.0]]), 'beta': torch.tensor([[1.0, 0.0]]), 'moving_mean': torch.tensor([[0.0, 2.0]]), 'moving_var': torch.tensor([[1.0, 0.5]]), 'eps': 5.0, 'momentum': 0.9, 'training': True},
    call='batch_norm(X, ..., training)',
    gradient=['X', 'gamma', 'beta'],
    keeps=True,
    layout=['X'],
    device=['X'],
    mode=True,
    through='Y',
    returns=('Y', 'moving_mean', 'moving_var'),
)

contract(
    'BatchNorm',
    builds=['num_features', 'num_dims'],
    public={'num_features': 2, 'num_dims': 2, 'X': torch.tensor([[0.0, 1.0], [4.0, 1.0]])},
    gradient=['X', 'parameters'],
    keeps=True,
    layout=True,
    device=True,
    mode=True,
    state_dict=True,
    changes=['moving_mean', 'moving_var'],
    buffers=['moving_mean', 'moving_var'],
)
