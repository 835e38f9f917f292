"""Public checks: multi-head attention."""

import math

import torch

from autograder.suite import check, close, hints


@check("transpose_qkv", points=1)
def test_transpose_qkv_of_one_example(submission):
    """Two heads share the four features of each position: the first two, and the last two."""
    X = torch.tensor([[[1, 2, 3, 4], [5, 6, 7, 8]]])
    wanted = torch.tensor([[[1, 2], [5, 6]], [[3, 4], [7, 8]]])
    close(submission.transpose_qkv(X, 2), wanted, what="transpose_qkv(X, 2)")


@check("transpose_qkv", points=1)
def test_transpose_qkv_of_two_examples(submission):
    """Both heads of the first example come before those of the second."""
    X = torch.tensor([[[1, 2]], [[3, 4]]])
    close(submission.transpose_qkv(X, 2), torch.tensor([[[1]], [[2]], [[3]], [[4]]]), what="transpose_qkv(X, 2)")


@check("transpose_output", points=1)
def test_transpose_output_of_one_example(submission):
    """The two heads of each position end up side by side."""
    X = torch.tensor([[[1, 2], [5, 6]], [[3, 4], [7, 8]]])
    wanted = torch.tensor([[[1, 2, 3, 4], [5, 6, 7, 8]]])
    close(submission.transpose_output(X, 2), wanted, what="transpose_output(X, 2)")


@check("transpose_output", points=1)
def test_transpose_output_of_two_examples(submission):
    """The first two matrices belong to the first example, the next two to the second."""
    X = torch.tensor([[[1]], [[2]], [[3]], [[4]]])
    close(submission.transpose_output(X, 2), torch.tensor([[[1, 2]], [[3, 4]]]), what="transpose_output(X, 2)")


def two_heads(submission, W_o):
    """A layer with two heads of width 1 that sees its inputs as they are: all weights the identity but W_o."""
    layer = submission.MultiHeadAttention(
        key_size=2, query_size=2, value_size=2, num_hiddens=2, num_heads=2, dropout=0.5
    )
    identity = torch.eye(2)
    layer.load_state_dict({"W_q.weight": identity, "W_k.weight": identity, "W_v.weight": identity, "W_o.weight": W_o})
    layer.eval()
    return layer


@check("MultiHeadAttention", points=1)
def test_parameter_shapes(submission):
    """With three different sizes, each weight has as many columns as its input has features."""
    layer = submission.MultiHeadAttention(
        key_size=3, query_size=5, value_size=2, num_hiddens=4, num_heads=2, dropout=0.1
    )
    shapes = {name: list(getattr(layer, name).weight.shape) for name in ("W_q", "W_k", "W_v", "W_o")}
    close(shapes, {"W_q": [4, 5], "W_k": [4, 3], "W_v": [4, 2], "W_o": [4, 4]}, what="the shapes of the weights")


@check("MultiHeadAttention", points=1)
def test_two_heads_of_width_1(submission):
    """Head 0 weighs its values 1/2 and 1/2, head 1 weighs its own 3/4 and 1/4; then W_o mixes the heads."""
    layer = two_heads(submission, W_o=torch.tensor([[1.0, 1.0], [0.0, 1.0]]))
    queries = torch.tensor([[[0.0, math.log(3)]]])
    keys = torch.tensor([[[1.0, 1.0], [0.0, 0.0]]])
    values = torch.tensor([[[4.0, 8.0], [0.0, 0.0]]])  # head 0 finds 2, head 1 finds 6
    close(layer(queries, keys, values, None), torch.tensor([[[8.0, 6.0]]]), what="layer(queries, keys, values, None)")


@check("MultiHeadAttention", points=1)
def test_both_heads_share_the_length_of_their_example(submission):
    """Queries of zeros average the valid values: the first of one example, both of the other."""
    layer = two_heads(submission, W_o=torch.eye(2))
    values = torch.tensor([[[1.0, 2.0], [9.0, 9.0]], [[1.0, 2.0], [3.0, 6.0]]])
    output = layer(torch.zeros(2, 1, 2), torch.ones(2, 2, 2), values, torch.tensor([1, 2]))
    wanted = torch.tensor([[[1.0, 2.0]], [[2.0, 4.0]]])
    close(output, wanted, what="layer(queries, keys, values, valid_lens)")


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "transpose_qkv",
    question="A change of shape reads numbers in order and only breaks the lines elsewhere. Does a head's "
    "block of features lie in one piece in memory?",
    idea="Three moves: give the heads an axis of their own by splitting the features, bring that axis next "
    "to the examples, and only then merge the two.",
    formula="(b, n, h) → (b, n, H, d) → (b, H, n, d) → (b·H, n, d), with h = H d",
)

hints(
    "transpose_output",
    question="Which of the three moves of transpose_qkv has to be undone first?",
    idea="The same three moves backward: split the first axis into examples and heads, bring the heads "
    "next to their features, and merge these two.",
    formula="(b·H, n, d) → (b, H, n, d) → (b, n, H, d) → (b, n, H·d)",
)

hints(
    "MultiHeadAttention",
    question="After transpose_qkv there are b · num_heads matrices. In which order do they come, and what does "
    "that mean for the order of their lengths?",
    idea="Project queries, keys and values once for all heads, make an example of every head, let one "
    "attention work on all of them, put the heads side by side again, and mix them with the last "
    "linear layer. Each head needs the lengths of its example.",
    formula="H_j = softmax([W_q Q]_j [W_k K]_jᵀ / √d) [W_v V]_j,  output = W_o [H₁ | … | H_H];  lengths ℓ₀, "
    "…, ℓ₀, ℓ₁, …, ℓ₁, … (num_heads times each)",
)

# What the stubs promise, on a few inputs. Made by `autograder build`.

from autograder.suite import contract  # noqa: E402

contract(
    'transpose_qkv',
    public={'X': torch.arange(12.0).reshape(1, 3, 4), 'num_heads': 2},
    gradient=['X'],
    keeps=True,
    layout=['X'],
)

contract(
    'transpose_output',
    public={'X': torch.arange(12.0).reshape(2, 3, 2), 'num_heads': 2},
    gradient=['X'],
    keeps=True,
    layout=['X'],
)

contract(
    'MultiHeadAttention',
    builds=['key_size', 'query_size', 'value_size', 'num_hiddens', 'num_heads', 'dropout', 'bias'],
    public={'key_size': 2, 'query_size': 2, 'value_size': 3, 'num_hiddens': 4, 'num_heads': 2, 'dropout': 0.0, 'bias': False, 'queries': torch.tensor([[[0.0, 1.0]], [[2.0, -1.0]]]), 'keys': torch.tensor([[[1.0, 0.5], [0.0, 2.0]]] * 2), 'values': torch.arange(12.0).reshape(2, 2, 3), 'valid_lens': torch.tensor([1, 2])},
    gradient=['queries', 'keys', 'values', 'parameters'],
    keeps=True,
    layout=['queries', 'keys', 'values'],
    drops='dropout',
    alone=['queries', 'keys', 'values', 'valid_lens'],
)
