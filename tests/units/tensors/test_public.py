"""Public checks: working with tensors."""

import torch

from autograder.suite import check, close, expect, hints, probe


@check("outer_sum")
def test_outer_sum_of_two_and_three(submission):
    """outer_sum of [1, 2] and [10, 20, 30] is [[11, 21, 31], [12, 22, 32]]."""
    got = submission.outer_sum(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0, 30.0]))
    close(got, torch.tensor([[11.0, 21.0, 31.0], [12.0, 22.0, 32.0]]))


@check("broadcast_shape")
def test_broadcast_shape_of_a_small_example(submission):
    """The shapes (4, 1, 3) and (5, 1) have the common shape (4, 5, 3)."""
    got = submission.broadcast_shape(torch.Size([4, 1, 3]), torch.Size([5, 1]))
    close(got, (4, 5, 3), what="broadcast_shape((4, 1, 3), (5, 1))")


@probe
def three_and_six(names):
    """broadcast_shape((3,), (6,))"""
    try:
        return names.broadcast_shape((3,), (6,))
    except ValueError:
        return "ValueError"


@check("broadcast_shape")
def test_broadcast_shape_of_three_and_six(submission):
    """The shapes (3,) and (6,) have no common shape."""
    came = submission.run(three_and_six)
    expect(came == "ValueError", "must raise a ValueError", got=came)


@check("pick")
def test_pick_from_two_rows(submission):
    """pick of [[1, 2, 3], [4, 5, 6]] at [0, 2] is [1, 6]."""
    got = submission.pick(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([0, 2]))
    close(got, torch.tensor([1.0, 6.0]))


@check("concat")
def test_concat_of_columns(submission):
    """Along axis 1, [[1], [2]] and [[3, 4], [5, 6]] make [[1, 3, 4], [2, 5, 6]]."""
    got = submission.concat(torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0, 4.0], [5.0, 6.0]]), 1)
    close(got, torch.tensor([[1.0, 3.0, 4.0], [2.0, 5.0, 6.0]]))


@check("concat")
def test_concat_of_rows(submission):
    """Along axis 0, [[1, 2]] and [[3, 4]] make [[1, 2], [3, 4]]."""
    got = submission.concat(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]]), 0)
    close(got, torch.tensor([[1.0, 2.0], [3.0, 4.0]]))


@check("set_region")
def test_set_region_of_a_small_example(submission):
    """With rows (0, 1) and columns (1, 3), the last two entries of the first row become 9."""
    got = submission.set_region(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), (0, 1), (1, 3), 9.0)
    close(got, torch.tensor([[1.0, 9.0, 9.0], [4.0, 5.0, 6.0]]))


@probe
def one_and_two_added(names):
    """add_in_place(Y, X)"""
    Y, X = torch.tensor([[1.0, 2.0]]), torch.tensor([[10.0, 20.0]])
    names.add_in_place(Y, X)
    return Y


@check("add_in_place")
def test_add_in_place_changes_Y(submission):
    """After [[10, 20]] was added to Y = [[1, 2]], Y is [[11, 22]]."""
    close(submission.run(one_and_two_added), torch.tensor([[11.0, 22.0]]), what="Y after add_in_place(Y, X)")


@probe
def slice_and_copy(names):
    """shares_memory(A, B)"""
    X = torch.arange(6.0).reshape(2, 3)
    return [bool(names.shares_memory(X, X[1:])), bool(names.shares_memory(X, X.clone()))]


@check("shares_memory")
def test_shares_memory_of_a_slice_and_a_copy(submission):
    """A slice shares memory with its tensor, a clone does not."""
    part, copy = submission.run(slice_and_copy)
    expect(part, "must be True", what="shares_memory(X, X[1:])")
    expect(not copy, "must be False", what="shares_memory(X, X.clone())")


@probe
def copied_then_changed(names):
    """numpy_copy(X)"""
    X = torch.tensor([1.0, 2.0])
    array = names.numpy_copy(X)
    X += 10
    return torch.tensor(array.tolist())


@check("numpy_copy")
def test_numpy_copy_stays(submission):
    """The array of [1, 2] is still [1, 2] after 10 was added to the tensor."""
    close(submission.run(copied_then_changed), torch.tensor([1.0, 2.0]), what="the array after X += 10")


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "outer_sum",
    question="The result has m rows and n columns. Along which of the two does a change, and along which b?",
    idea="Give a a second axis of size 1, so that its entries stand one below the other. Broadcasting then repeats "
    "this column n times, and the row b m times, and adds.",
    formula="(m, 1) + (n,) → (m, n), with outer_sum(a, b)ᵢⱼ = aᵢ + bⱼ",
)

hints(
    "broadcast_shape",
    question="You have a matrix of shape (2, 3) and a vector of shape (3,). Below which number of the first shape "
    "does the 3 of the second one belong?",
    idea="Make both shapes equally long, by ones in front of the shorter one. Then decide column by column: equal "
    "sizes stay, a 1 gives way to the other size, and anything else cannot be done.",
    formula="rᵢ = sᵢ if tᵢ = 1 or tᵢ = sᵢ;  rᵢ = tᵢ if sᵢ = 1;  otherwise there is none",
)

hints(
    "pick",
    question="For n rows you want n entries. Which row number goes with the label y₀, and which with y₁?",
    idea="A matrix can be indexed with two lists of the same length, one of row numbers and one of column numbers. "
    "They are taken in pairs. The column numbers you have; the row numbers are simply all of them, in order.",
    formula="pick(ŷ, y)ᵢ = ŷᵢ,yᵢ for i = 0, …, n − 1",
)

hints(
    "concat",
    question="X has the shape (2, 3) and Y the shape (4, 3). Which shape does the result have for axis 0, and which "
    "numbers stand in its first two rows?",
    idea="Make a tensor of the final shape and of the dtype of X, and write X and Y into slices of it. For the other "
    "axis you can do the same with columns, or transpose, do what you have, and transpose back.",
    formula="dim 0: Zᵢⱼ = Xᵢⱼ for i < m, and Zᵢⱼ = Yᵢ₋ₘ,ⱼ for i ≥ m, if X has m rows",
)

hints(
    "set_region",
    question="If you write into X itself, what does the caller find in X afterwards?",
    idea="Copy X first. Two slices, one for the rows and one for the columns, name the whole region at once, and a "
    "number can be assigned to all of it.",
    formula="Zᵢⱼ = value if r₀ ≤ i < r₁ and c₀ ≤ j < c₁;  otherwise Zᵢⱼ = Xᵢⱼ",
)

hints(
    "add_in_place",
    question="After Y = Y + X, is Y still the tensor that the caller handed over?",
    idea="An assignment to a name makes the name mean something else. There are operators, and methods whose names "
    "end in an underscore, that write into the tensor itself.",
    formula="Yᵢⱼ ← Yᵢⱼ + Xᵢⱼ, where Y lies",
)

hints(
    "shares_memory",
    question="A slice begins in the middle of its tensor. What is the same for both of them: the address of the first "
    "entry, or the storage behind it?",
    idea="Ask each tensor for its storage, and each storage where it begins. Two storages that begin at the same "
    "address are one.",
    formula="shares(A, B) ⇔ start of the storage of A = start of the storage of B",
)

hints(
    "numpy_copy",
    question="When a tensor becomes an array, are the numbers copied, or do both look at the same ones? How could you "
    "find out?",
    idea="Three steps: leave the recording of gradients behind, turn the tensor into an array, and give the array "
    "memory of its own. A copy may also come first.",
    formula="tensor → without gradient → array → copy",
)
