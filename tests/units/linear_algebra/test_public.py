"""Public checks: linear algebra."""

import torch

from autograder.suite import check, close, expect, hints, probe


@check("dot")
def test_dot_of_three_entries(submission):
    """dot of [1, 2, 3] and [4, 5, 6] is 4 + 10 + 18 = 32."""
    got = submission.dot(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([4.0, 5.0, 6.0]))
    close(got, torch.tensor(32.0))


@check("matvec")
def test_matvec_of_three_rows(submission):
    """matvec of [[1, 2], [3, 4], [5, 6]] and [1, 10] is [21, 43, 65]."""
    got = submission.matvec(torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), torch.tensor([1.0, 10.0]))
    close(got, torch.tensor([21.0, 43.0, 65.0]))


@check("matmul")
def test_matmul_of_a_row_and_two_columns(submission):
    """matmul of [[1, 2]] and [[3, 4], [5, 6]] is [[13, 16]]."""
    got = submission.matmul(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0], [5.0, 6.0]]))
    close(got, torch.tensor([[13.0, 16.0]]))


@check("l1_norm")
def test_l1_norm_of_three_and_minus_four(submission):
    """The L1 norm of (3, −4) is 7."""
    close(submission.l1_norm(torch.tensor([3.0, -4.0])), torch.tensor(7.0))


@check("l2_norm")
def test_l2_norm_of_three_and_minus_four(submission):
    """The L2 norm of (3, −4) is 5."""
    close(submission.l2_norm(torch.tensor([3.0, -4.0])), torch.tensor(5.0))


@check("frobenius_norm")
def test_frobenius_norm_of_a_matrix_of_ones(submission):
    """The Frobenius norm of a (4, 9) matrix of ones is 6."""
    close(submission.frobenius_norm(torch.ones(4, 9)), torch.tensor(6.0))


@check("matrix_norm")
def test_matrix_norm_of_a_diagonal_matrix(submission):
    """With 3 and 2 on the diagonal, the longest that a vector becomes is 3 times its length."""
    got = submission.matrix_norm(torch.tensor([[3.0, 0.0], [0.0, 2.0]], dtype=torch.float64))
    close(got, torch.tensor(3.0, dtype=torch.float64))


@check("row_normalize")
def test_row_normalize_of_two_rows(submission):
    """row_normalize of [[1, 3], [4, 4]] is [[0.25, 0.75], [0.5, 0.5]]."""
    got = submission.row_normalize(torch.tensor([[1.0, 3.0], [4.0, 4.0]]))
    close(got, torch.tensor([[0.25, 0.75], [0.5, 0.5]]))


@probe
def answers(names, function, yes, no):
    """the function, of two matrices"""
    matrices = [torch.tensor(rows, dtype=torch.float64) for rows in (yes, no)]
    return [bool(getattr(names, function)(A)) for A in matrices]


def _require_answers(submission, function, yes, no):
    first, second = submission.run(answers, function, yes, no)
    expect(first, "must be True", what=f"{function}({yes})")
    expect(not second, "must be False", what=f"{function}({no})")


@check("is_symmetric")
def test_is_symmetric_of_two_matrices(submission):
    """[[1, 2], [2, 3]] is symmetric, [[1, 2], [0, 3]] is not."""
    _require_answers(submission, "is_symmetric", [[1, 2], [2, 3]], [[1, 2], [0, 3]])


@check("is_antisymmetric")
def test_is_antisymmetric_of_two_matrices(submission):
    """[[0, 2], [−2, 0]] is antisymmetric, [[0, 2], [2, 0]] is not."""
    _require_answers(submission, "is_antisymmetric", [[0, 2], [-2, 0]], [[0, 2], [2, 0]])


@check("is_orthogonal")
def test_is_orthogonal_of_two_matrices(submission):
    """[[0, −1], [1, 0]], a quarter turn, is orthogonal, [[1, 1], [0, 1]] is not."""
    _require_answers(submission, "is_orthogonal", [[0, -1], [1, 0]], [[1, 1], [0, 1]])


@check("is_positive_definite")
def test_is_positive_definite_of_two_matrices(submission):
    """[[2, −1], [−1, 2]] is positive definite, [[1, 2], [2, 1]] is not."""
    _require_answers(submission, "is_positive_definite", [[2, -1], [-1, 2]], [[1, 2], [2, 1]])


@check("permutation_matrix")
def test_permutation_matrix_of_three(submission):
    """permutation_matrix of [1, 2, 0] is [[0, 1, 0], [0, 0, 1], [1, 0, 0]]."""
    got = submission.permutation_matrix(torch.tensor([1, 2, 0]))
    close(got, torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]))


@check("eigenvalue_of")
def test_eigenvalue_of_a_diagonal_matrix(submission):
    """With 3 and −2 on the diagonal, (0, 1) has the eigenvalue −2, and (1, 1) is no eigenvector."""
    A = torch.tensor([[3.0, 0.0], [0.0, -2.0]], dtype=torch.float64)
    close(submission.eigenvalue_of(A, torch.tensor([0.0, 1.0], dtype=torch.float64)), -2.0)
    close(submission.eigenvalue_of(A, torch.tensor([1.0, 1.0], dtype=torch.float64)), None)


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "dot",
    question="Which entries of x and y meet each other?",
    idea="Multiplying two vectors with * gives all products of entries at the same place. Then add them up.",
    formula="x₁y₁ + x₂y₂ + … + xₙyₙ",
)

hints(
    "matvec",
    question="The result has as many entries as A has rows. Which numbers does its first entry depend on?",
    idea="Broadcasting multiplies each row of A with x, entry by entry. What is left is to add up each row.",
    formula="(Ax)ᵢ = Aᵢ₁x₁ + Aᵢ₂x₂ + … + Aᵢₙxₙ",
)

hints(
    "matmul",
    question="The product Aᵢₖ Bₖⱼ has three indices. How many axes does a tensor need that holds them all?",
    idea="Give A a third axis of size 1 at its end, and B one at its beginning. Their product then has the axes i, k and "
    "j. Add along the one that is not in the result.",
    formula="(m, k, 1) times (1, k, n) → (m, k, n), and a sum over k → (m, n)",
)

hints(
    "l1_norm",
    question="How far is −4 from 0?",
    idea="Drop the signs first, and add up afterwards.",
    formula="|x₁| + |x₂| + … + |xₙ|",
)

hints(
    "l2_norm",
    question="A right triangle has the short sides 3 and 4. How long is the third?",
    idea="Square each entry, add up the squares, and take the root of the sum: in this order.",
    formula="√(x₁² + x₂² + … + xₙ²)",
)

hints(
    "frobenius_norm",
    question="If all entries of the matrix stood in one long vector, how long would it be?",
    idea="A sum without an axis adds up all entries of a matrix. Otherwise it is as for the L2 norm.",
    formula="√(sum of all Aᵢⱼ²)",
)

hints(
    "matrix_norm",
    question="A matrix turns all arrows of length 1 into other arrows. Which of these do you have to find?",
    idea="The singular values of A say how many times longer arrows become in certain directions, and no direction does "
    "better than the best of these.",
    formula="c = σ₁ = √(largest eigenvalue of AᵀA)",
)

hints(
    "row_normalize",
    question="Which shape do the sums of the rows have, and which shape do they need so that row i is divided by sum i?",
    idea="The sums must stand in a column of shape (m, 1). A sum can be told to keep the axis that it adds up.",
    formula="(m, n) divided by (m, 1) → (m, n)",
)

hints(
    "is_symmetric",
    question="Can a matrix with 2 rows and 3 columns be equal to its transpose?",
    idea="Look at the shape first. If it is square, compare every entry with its mirror image.",
    formula="m = n and Aᵢⱼ = Aⱼᵢ for all i, j",
)

hints(
    "is_antisymmetric",
    question="Which numbers are equal to minus themselves?",
    idea="As for symmetric matrices: the shape first, then compare A with its transpose, whose signs are turned.",
    formula="m = n and Aᵢⱼ = −Aⱼᵢ for all i, j, so Aᵢᵢ = 0",
)

hints(
    "is_orthogonal",
    question="Entry (i, j) of U Uᵀ is the dot product of which two rows?",
    idea="Multiply U with its transpose. Lengths stand on the diagonal, angles beside it. Compare with the identity, "
    "with a tolerance.",
    formula="m = n and (U Uᵀ)ᵢⱼ = 1 for i = j, 0 otherwise",
)

hints(
    "is_positive_definite",
    question="If v is an eigenvector of A with the eigenvalue λ and length 1, what is vᵀAv?",
    idea="It is λ. So no eigenvalue may be negative or 0, and if all are positive, every other vector works as well.",
    formula="λ₁ > 0, λ₂ > 0, …, λₙ > 0",
)

hints(
    "permutation_matrix",
    question="In p = [1, 2, 0], the first number is 1. Where does the first row of P have its 1?",
    idea="Row i of P is row p[i] of the identity. A tensor can be indexed with a whole vector of row numbers.",
    formula="Pᵢⱼ = 1 if j = pᵢ, otherwise 0",
)

hints(
    "eigenvalue_of",
    question="If Av were λv, what would vᵀAv be?",
    idea="It would be λ times vᵀv, and this gives a candidate, if v is not 0. Then compare all of Av with the candidate "
    "times v.",
    formula="λ = vᵀAv / vᵀv, provided that Av = λv",
)
