"""Known mistakes in linear algebra."""

import torch

from autograder.suite import misconception, wrong

# fmt: off

wrong("dot", "the products are not added up", {".sum()": ""},
      hint="You have a product for each pair of entries, and there you stop: the result is a vector. A dot product is "
           "one single number. What does the big sign in front of the formula say?")
wrong("dot", "the sums are multiplied", {"(x * y).sum()": "x.sum() * y.sum()"},
      hint="You add up each vector first and multiply the two sums, so that every entry meets every other one. Entry i"
           " of x should meet only entry i of y. Which comes first in the formula, the product or the sum?")
wrong("dot", "the products are averaged", {".sum()": ".sum() / len(x)"},
      hint="Your result is too small by a factor that is the number of entries: you take the mean of the products. "
           "Nothing in the formula divides. Which word stands at the end of your computation?")
wrong("dot", "everything is turned into float32", {"x * y": "x.float() * y.float()"},
      hint="Your numbers are right, but they are float32 whatever came in: whole numbers get a decimal point, and "
           "float64 loses half of its digits. Both vectors have one dtype already. What is there to convert?")

wrong("matvec", "the sum runs down the columns", {"dim=1": "dim=0"},
      hint="You add the products of each column, and get one number a column. There should be one number for each row "
           "of A. The axis that you name in a sum is the one that disappears: which one is it?")
wrong("matvec", "all products are added up", {"sum(dim=1)": "sum()"},
      hint="You add everything, and a single number is left. The result has an entry for every row of A, and each "
           "entry adds only the products of its own row. Which axis should disappear?")
wrong("matvec", "the products are not added up", {".sum(dim=1)": ""},
      hint="Your result is still a matrix: each entry of A was multiplied with the right entry of x, and there you "
           "stop. A dot product also adds. Along which axis do the products of one row lie?")
wrong("matvec", "the vector is laid out as a column", {"A * x": "A * x[:, None]"},
      hint="You multiply all of row i with entry i of x; with a square A this runs without an error. In the formula "
           "the index of x is j, which counts the columns of A. Along which axis of A should x lie?")
wrong("matvec", "the matrix is transposed", {"A * x": "A.T * x"},
      hint="You take the dot products of x with the columns of A. With a square matrix nothing complains. Entry i of "
           "the result belongs to row i of A: is there a transposition too many?")
wrong("matvec", "whole numbers are turned into fractions", {"A * x": "A * x.float()"},
      hint="Whole numbers went in and floating-point numbers came out. Sums and products of whole numbers are whole, "
           "and the result should have the dtype of A and x. Where do you convert?")

wrong("matmul", "row i of B is taken with row i of A", {"B[None, :, :]": "B[:, None, :]"},
      hint="Your formula says B with the indices i and k, so that each entry of B is only multiplied with the sum of a"
           " row of A. With square matrices this runs. The index that you sum over must occur in both factors: in B, "
           "where does it stand?")
wrong("matmul", "the entries are multiplied one by one", {"(A[:, :, None] * B[None, :, :]).sum(dim=1)": "A * B"},
      hint="The sign * multiplies entries at the same place; that is the Hadamard product. In a product of matrices, a"
           " whole row of A meets a whole column of B. How many products does one entry of the result add up?")
wrong("matmul", "rows of B are taken for columns", {"A[:, :, None] * B[None, :, :]": "A[:, :, None] * B.T[None, :, :]"},
      hint="You take dot products of rows of A with rows of B, which is A times the transpose of B. With square "
           "matrices this goes unnoticed. Which way through B does the index k run in the formula?")
wrong("matmul", "the two factors are exchanged", {"A[:, :, None]": "B[:, :, None]", "B[None, :, :]": "A[None, :, :]"},
      hint="You compute BA instead of AB. For matrices the order matters, even where both products exist. The rows of "
           "the result belong to the rows of which factor?")
wrong("matmul", "the result is transposed", {".sum(dim=1)": ".sum(dim=1).T"},
      hint="All numbers are right, but rows and columns are exchanged. Row i of the result belongs to row i of A. Look"
           " at the shape of the result for a tall A and a wide B: which size comes first?")
wrong("matmul", "the sum runs over the wrong axis", {"dim=1": "dim=0"},
      hint="All products are there, in a tensor with three axes: rows of A, the axis that both matrices have in "
           "common, and columns of B. You add along the first one. Which of the three is missing in the result?")
wrong("matmul", "whole numbers are turned into fractions", {"A[:, :, None]": "A[:, :, None].float()"},
      hint="Whole numbers went in and floating-point numbers came out. Sums and products of whole numbers are whole, "
           "and the result should have the dtype of A and B. Where do you convert?")
wrong("matmul", "a loop over the rows",
      {"(A[:, :, None] * B[None, :, :]).sum(dim=1)": "torch.stack([(row[:, None] * B).sum(dim=0) for row in A])"},
      hint="Your numbers are right, but each row of A costs another round of a loop in Python. A matrix with a "
           "thousand rows then takes a thousand times as long. How can broadcasting make the products of all rows at "
           "once?")

wrong("l1_norm", "the signs are kept", {".abs()": ""},
      hint="You add the entries with their signs, so that 3 and -3 cancel and a long vector may have the norm 0. What "
           "has to happen to each entry before you add, so that it says how far it is from 0?")
wrong("l1_norm", "the absolute value of the sum", {"x.abs().sum()": "x.sum().abs()"},
      hint="You add first and drop the sign afterwards. By then positive and negative entries have cancelled each "
           "other. Which of the two steps comes first in the formula?")
wrong("l1_norm", "the mean of the absolute values", {".sum()": ".mean()"},
      hint="You divide by the number of entries. A norm measures the whole vector, and a longer list of entries makes "
           "it larger. Is there a division in the formula?")
wrong("l1_norm", "the largest absolute value", {".sum()": ".max()"},
      hint="You give the largest entry alone: that is a norm too, the one with the index infinity. In the norm with "
           "the index 1, every entry counts. What joins the absolute values in the formula?")
wrong("l1_norm", "the squares are added", {"x.abs()": "(x**2)"},
      hint="You square the entries, as for the length by Pythagoras. The norm with the index 1 asks for the distance "
           "of each entry from 0 itself. What do the vertical bars in the formula mean?")

wrong("l2_norm", "the root is forgotten", {".sqrt()": ""},
      hint="You stop at the sum of the squares. For the vector (3, -4) this gives 25, but the arrow has length 5. By "
           "the theorem of Pythagoras, what is the last step?")
wrong("l2_norm", "the mean of the squares", {".sum().sqrt()": ".mean()"},
      hint="You take the mean of the squares, as in a mean squared error. A length adds the squares up, and then "
           "something undoes the squaring. What do you get for (3, -4), and how long is this arrow?")
wrong("l2_norm", "the root of the mean", {".sum()": ".mean()"},
      hint="You divide by the number of entries before you take the root. The length of (3, -4) is 5, and yours is "
           "about 3.5. Is there a division in the formula?")
wrong("l2_norm", "the root is taken of each square", {".sum().sqrt()": ".sqrt().sum()"},
      hint="The root of each single square is only its absolute value, so you get the L1 norm, 7 for (3, -4). Walking "
           "along the sides is longer than the straight way. Which comes first, root or sum?")

wrong("frobenius_norm", "the root is forgotten", {".sqrt()": ""},
      hint="You stop at the sum of the squares. If the matrix becomes twice as large, your number becomes four times "
           "as large, but a norm only twice. What is the last step in the formula?")
wrong("frobenius_norm", "the root of the mean", {".sum()": ".mean()"},
      hint="You divide by the number of entries before you take the root. The formula adds up the squares of all "
           "entries and divides by nothing. Which word in your code takes the mean?")
wrong("frobenius_norm", "the lengths of the rows are added", {".sum().sqrt()": ".sum(dim=1).sqrt().sum()"},
      hint="You compute the length of each row and add up the lengths. The root belongs outside of both sums: first "
           "the squares of the whole matrix, then one single root. How often do you take a root?")
wrong("frobenius_norm", "each row has a norm of its own", {".sum()": ".sum(dim=1)"},
      hint="You get the length of each row, a vector of numbers. The Frobenius norm is one number for the whole "
           "matrix, as if all entries stood in one long vector. Over how many axes must the sum run?")
wrong("frobenius_norm", "the largest singular value", {"(A**2).sum().sqrt()": "torch.linalg.svdvals(A).max()"},
      hint="This is another norm of a matrix: how many times longer it can make a vector. That one comes next. The "
           "Frobenius norm needs only the entries, no singular values. Where do you find it in the formula?")

wrong("matrix_norm", "the Frobenius norm", {"torch.linalg.svdvals(A).max()": "(A**2).sum().sqrt()"},
      hint="The Frobenius norm is a bound as well, but mostly not the least one. The identity of size 2 keeps every "
           "length, so its c is 1; what does your function give? How is the least c found?")
wrong("matrix_norm", "the square of the norm",
      {"torch.linalg.svdvals(A).max()": "torch.linalg.eigvalsh(A.T @ A).max()"},
      hint="The largest eigenvalue of the transpose of A times A says how much larger the square of the length can "
           "become. For the matrix 3I you get 9, but vectors become 3 times as long. Which step is missing?")
wrong("matrix_norm", "the smallest singular value", {".max()": ".min()"},
      hint="You take the smallest singular value: no vector becomes shorter than this many times its length. The bound"
           " must hold for all vectors, so also for the one that grows most. Which singular value belongs to that one?")
wrong("matrix_norm", "the sum of the singular values", {".max()": ".sum()"},
      hint="You add up all singular values, which is the nuclear norm. No vector is stretched in all directions at "
           "once. Which single direction makes a vector as long as possible?")
wrong("matrix_norm", "the largest absolute entry", {"torch.linalg.svdvals(A).max()": "A.abs().max()"},
      hint="A vector can become longer than the largest entry says, since the entries of a row work together: think of"
           " a matrix of ones and the vector (1, 1). How long does this vector become?")
wrong("matrix_norm", "the length of the longest column",
      {"torch.linalg.svdvals(A).max()": "(A**2).sum(dim=0).sqrt().max()"},
      hint="The columns of A show where the vectors (1, 0, ...), (0, 1, ...) go. Others, between these, may become "
           "longer still: try (1, 1) with a matrix of ones. What has the largest value over all directions?")
wrong("matrix_norm", "the largest sum of a row", {"torch.linalg.svdvals(A).max()": "A.abs().sum(dim=1).max()"},
      hint="You add up the absolute values of each row and take the largest sum. That is the norm that fits if vectors"
           " are measured by their largest entry. Here they are measured by Pythagoras. Which values does the text "
           "name for that?")
wrong("matrix_norm", "the largest sum of a column", {"torch.linalg.svdvals(A).max()": "A.abs().sum(dim=0).max()"},
      hint="You add up the absolute values of each column and take the largest sum. That is the norm that fits if "
           "vectors are measured by the L1 norm. Here they are measured by Pythagoras. Which values does the text name"
           " for that?")
wrong("matrix_norm", "the eigenvalues of A", {"torch.linalg.svdvals(A)": "torch.linalg.eigvals(A).abs()"},
      hint="Eigenvalues say how much the vectors grow that keep their direction. Those that turn may grow more, and a "
           "matrix that is not square has no eigenvalues at all. Of which matrix does the text take eigenvalues?")

wrong("row_normalize", "the sums lose their axis", {", keepdim=True": ""},
      hint="The sums of the rows have the shape (m,), and broadcasting lays them along a row: column j is divided by "
           "the sum of row j. With a square matrix there is no error. How can the sums stay a column?")
wrong("row_normalize", "the columns are normalised", {"dim=1": "dim=0"},
      hint="In your result the columns sum to 1. The axis that you name in a sum is the one that is added up and "
           "disappears. Along which axis do the entries of one row lie?")
wrong("row_normalize", "one sum for the whole matrix", {"sum(dim=1, keepdim=True)": "sum()"},
      hint="You divide by the sum of all entries, so that the whole matrix sums to 1. Every row should have a sum of "
           "its own, and be divided by that one. How many sums do you need?")
wrong("row_normalize", "the softmax of each row", {"A / A.sum(dim=1, keepdim=True)": "torch.softmax(A, dim=1)"},
      hint="Your rows sum to 1, but softmax takes the exponential of the entries first, which changes their "
           "proportions. A row of 1 and 3 should become 0.25 and 0.75. What is the only step that is needed?")
wrong("row_normalize", "each row is divided by its length",
      {"A.sum(dim=1, keepdim=True)": "(A**2).sum(dim=1, keepdim=True).sqrt()"},
      hint="Your rows have length 1 in the sense of Pythagoras, but their entries do not sum to 1. Shares of a whole "
           "are wanted, no unit vectors. By what does the formula divide?")
wrong("row_normalize", "each row is divided by its largest entry",
      {"A.sum(dim=1, keepdim=True)": "A.max(dim=1, keepdim=True).values"},
      hint="The largest entry of each row becomes 1, so that the row as a whole sums to more. If shares of a whole are"
           " to sum to 1, by what must each entry be divided?")

wrong("is_symmetric", "that a matrix need not be square is forgotten", {"A.shape[0] == A.shape[1] and ": ""},
      hint="A matrix that is not square has another shape than its transpose. Comparing the two fails with an error, "
           "or, for a single row, broadcasting makes them fit and you say yes. What should be asked first?")
wrong("is_symmetric", "every square matrix counts", {"and torch.allclose(A, A.T)": ""},
      hint="You look at the shape of A and at no entry. Being square is needed for symmetry but it is not enough. With"
           " which other matrix must A be compared?")
wrong("is_symmetric", "only the first row and column are compared",
      {"torch.allclose(A, A.T)": "torch.allclose(A[0], A[:, 0])"},
      hint="You compare the first row with the first column, and say nothing about the rest. A difference further down"
           " goes unnoticed. How can all rows be compared with all columns at once?")
wrong("is_symmetric", "the sums of rows and columns are compared",
      {"torch.allclose(A, A.T)": "torch.allclose(A.sum(dim=0), A.sum(dim=1))"},
      hint="You compare the sum of each row with that of the same column. Different entries can have equal sums, so "
           "this is not enough. Which entries does the definition compare?")
wrong("is_symmetric", "the sign is turned", {"A.T": "-A.T"},
      hint="You compare A with minus its transpose, which is the condition of an antisymmetric matrix. A symmetric one"
           " is the transpose itself. Is there a sign too many?")

wrong("is_antisymmetric", "that a matrix need not be square is forgotten", {"A.shape[0] == A.shape[1] and ": ""},
      hint="A matrix that is not square has another shape than its transpose. Comparing the two fails with an error, "
           "or, for a single row, broadcasting makes them fit and you may say yes. What should be asked first?")
wrong("is_antisymmetric", "the diagonal is not looked at",
      {"torch.allclose(A, -A.T)": "torch.allclose(A.triu(1), -A.T.triu(1))"},
      hint="You compare what is above the diagonal with what is below, and leave the diagonal out. The definition "
           "holds for i = j as well: which number is its own opposite?")
wrong("is_antisymmetric", "whatever is not symmetric counts", {"torch.allclose(A, -A.T)": "not torch.allclose(A, A.T)"},
      hint="Antisymmetric is more than not symmetric: every entry must be the opposite of its mirror image. Most "
           "matrices are neither, and the zero matrix is both. What does the definition compare?")
wrong("is_antisymmetric", "one opposite pair is enough", {"torch.allclose(A, -A.T)": "bool((A == -A.T).any())"},
      hint="You ask whether some entry is the opposite of its mirror image. The definition says for all. One 0 on the "
           "diagonal satisfies yours. Which word of torch asks for all?")
wrong("is_antisymmetric", "the minus is forgotten", {"-A.T": "A.T"},
      hint="You compare A with its transpose, which is the condition of a symmetric matrix. What does the definition "
           "of an antisymmetric one say about the sign of the mirror image?")
wrong("is_antisymmetric", "the entries have to cancel in one sum",
      {"torch.allclose(A, -A.T)": "bool((A + A.T).sum().abs() < 1e-6)"},
      hint="You add up A plus its transpose and ask whether the sum is 0. Positive and negative entries cancel there. "
           "It is each single entry that must be 0. How are all of them asked?")

wrong("is_orthogonal", "that a matrix need not be square is forgotten", {"U.shape[0] != U.shape[1]": "False"},
      hint="A matrix with fewer rows than columns can have perpendicular rows of length 1, and you say yes. It does "
           "not keep the length of every vector, though. What does the text say about the shape?")
wrong("is_orthogonal", "only the lengths of the rows are looked at",
      {
          "torch.allclose(U @ U.T, torch.eye(len(U), dtype=U.dtype))":
              "torch.allclose((U**2).sum(dim=1), torch.ones(len(U), dtype=U.dtype))",
      },
      hint="All rows have length 1, and that is all you ask. Two rows may still point in nearly the same direction. "
           "Which dot products must be 0, and where do they stand in the product of U and its transpose?")
wrong("is_orthogonal", "only the right angles are looked at",
      {"torch.eye(len(U), dtype=U.dtype)": "(U @ U.T).diag().diag()"},
      hint="The rows are perpendicular to each other, and you accept any length, as in 2I. Such a matrix makes vectors"
           " longer. What must stand on the diagonal of the product of U and its transpose?")
wrong("is_orthogonal", "only the determinant is looked at",
      {
          "torch.allclose(U @ U.T, torch.eye(len(U), dtype=U.dtype))":
              "bool((torch.linalg.det(U).abs() - 1).abs() < 1e-6)",
      },
      hint="Orthogonal matrices have the determinant 1 or -1, but so do many others: adding one row to another does "
           "not change it. The determinant measures volume. What about lengths and angles?")
wrong("is_orthogonal", "reflections are left out",
      {"return torch.allclose": "return bool(torch.linalg.det(U) > 0) and torch.allclose"},
      hint="You accept rotations only. A reflection, with the determinant -1, keeps all lengths and angles as well, "
           "and satisfies the equation in the text. Which condition is one too many?")
wrong("is_orthogonal", "rounding is not allowed for", {"torch.allclose": "torch.equal"},
      hint="You ask for the identity to the last digit. The entries of a rotation are rounded, and so are the sums of "
           "their products: a 1 comes out as 0.9999999999999998. Which comparison has a tolerance?")
wrong("is_orthogonal", "the transposition is forgotten", {"U @ U.T": "U @ U"},
      hint="You multiply U with itself. That gives the identity for reflections, which undo themselves, but not for "
           "rotations: turning twice is no way back. What undoes a rotation?")

wrong("is_positive_definite", "an eigenvalue of 0 is accepted", {"> 0": ">= 0"},
      hint="With an eigenvalue 0 there is a vector, not 0 itself, for which the expression is 0, so not positive. Such"
           " a matrix is only called positive semi-definite. Is 0 above 0?")
wrong("is_positive_definite", "one positive eigenvalue is enough", {".all()": ".any()"},
      hint="You say yes as soon as some eigenvalue is positive. In the direction of a negative one, the expression is "
           "negative. The condition is meant for every vector, so for how many eigenvalues?")
wrong("is_positive_definite", "the signs of the entries are looked at", {"torch.linalg.eigvalsh(A)": "A"},
      hint="You ask whether all entries are positive. The matrix of rows (1, 2) and (2, 1) has this, and is not "
           "positive definite; the identity has zeros, and is. Which numbers decide instead of the entries?")
wrong("is_positive_definite", "only the diagonal is looked at", {"torch.linalg.eigvalsh(A)": "A.diagonal()"},
      hint="The diagonal tells the value for (1, 0, ...) and its like only. Large entries beside it can make the "
           "expression negative for other vectors, as in the example of the text. Which numbers know all directions?")
wrong("is_positive_definite", "only the determinant is looked at",
      {"(torch.linalg.eigvalsh(A) > 0).all()": "torch.linalg.det(A) > 0"},
      hint="The determinant is the product of the eigenvalues. Two negative ones have a positive product: minus the "
           "identity of size 2 has determinant 1. What must hold for each eigenvalue on its own?")
wrong("is_positive_definite", "only the trace is looked at", {"(torch.linalg.eigvalsh(A) > 0).all()": "A.trace() > 0"},
      hint="The trace is the sum of the eigenvalues. A large positive one hides a negative one in it. What must hold "
           "for each eigenvalue on its own?")
wrong("is_positive_definite", "the singular values are taken", {"eigvalsh": "svdvals"},
      hint="Singular values are never negative: for a symmetric matrix they are the eigenvalues without their signs. "
           "But the signs are what the question is about. Which function keeps them?")

wrong("permutation_matrix", "the columns are permuted", {"[p]": "[:, p]"},
      hint="You have the transpose, which is also the inverse: it takes the order back. For a swap both are the same, "
           "with [1, 2, 0] they are not. In the formula, does p belong to the row or to the column of the identity?")
wrong("permutation_matrix", "the order is ignored", {"[p]": ""},
      hint="You give the identity, which leaves a vector as it is. Row i should pick the entry whose number stands in "
           "p at place i. How do you choose rows of a matrix by a list of numbers?")
wrong("permutation_matrix", "the matrix holds whole numbers", {"torch.eye(len(p))": "torch.eye(len(p), dtype=p.dtype)"},
      hint="All ones stand where they should, but the matrix is int64 like p. Torch does not multiply it with a vector"
           " of floating-point numbers. Which dtype does the exercise ask for?")
wrong("permutation_matrix", "each row holds a number of p", {"torch.eye(len(p))[p]": "torch.diag(p.float())"},
      hint="You put the numbers of p onto the diagonal, so that entries are multiplied by them. They say where a 1 "
           "stands and never appear in the matrix themselves. In which column is the 1 of row i?")

wrong("eigenvalue_of", "the lengths are divided", {"(v @ A @ v) / (v @ v)": "(A @ v).norm() / v.norm()"},
      hint="You divide the length of Av by the length of v. Lengths are never negative, so the sign is lost: a vector "
           "that is turned round has a negative eigenvalue. Which product keeps the sign?")
wrong("eigenvalue_of", "every vector counts as an eigenvector",
      {" if torch.allclose(A @ v, eigenvalue * v) else None": ""},
      hint="Your candidate is right if v is an eigenvector, but most vectors are none, and you give a number for these"
           " as well. Multiply the candidate with v: what should it be equal to?")
wrong("eigenvalue_of", "the vector 0 gets an eigenvalue", {"return None\n": "return 0.0\n"},
      hint="For the vector 0 the equation is true with any number, so that no number is singled out. That is why it "
           "does not count as an eigenvector. What should come back for it?")
wrong("eigenvalue_of", "the division by the square of v is forgotten", {" / (v @ v)": ""},
      hint="Multiplying both sides of the equation by v from the left gives the eigenvalue times the squared length of"
           " v. For a v of length 1 that is the same. What do you still have to divide by?")
wrong("eigenvalue_of", "rounding is not allowed for",
      {"torch.allclose(A @ v, eigenvalue * v)": "torch.equal(A @ v, eigenvalue * v)"},
      hint="You ask whether both sides agree to the last digit. Eigenvectors that were computed are rounded, so a tiny"
           " difference remains. Which comparison has a tolerance?")
wrong("eigenvalue_of", "one entry that agrees is enough",
      {"torch.allclose(A @ v, eigenvalue * v)": "torch.isclose(A @ v, eigenvalue * v).any()"},
      hint="You are content if a single entry of both sides agrees. For an eigenvector the two vectors agree "
           "everywhere. Which word of torch asks for all entries?")
wrong("eigenvalue_of", "the transpose of A is asked", {"torch.allclose(A @ v,": "torch.allclose(v @ A,"},
      hint="You compare v times A, which is the transpose of A times v. For a symmetric matrix that is the same, for "
           "others it is not. On which side of A does v stand in the equation?")
wrong("eigenvalue_of", "the eigenvalue 0 is taken for none", {"if torch.allclose": "if eigenvalue and torch.allclose"},
      hint="Python takes the number 0 for false, so an eigenvalue of 0 becomes None in your code. A vector that A "
           "turns into 0 is an eigenvector like others. Where do you ask a number whether it is true?")
# fmt: on


@misconception(
    "matvec",
    "the result has the default dtype",
    hint="You collect the dot products in a tensor of zeros, which is float32 unless you say otherwise. Whatever is "
    "written into it becomes float32. Which dtype do A and x have, and where could you hand it over?",
)
def matvec_default_dtype(A, x):
    result = torch.zeros(A.shape[0])
    for i in range(A.shape[0]):
        result[i] = (A[i] * x).sum()
    return result


@misconception(
    "eigenvalue_of",
    "the two vectors are divided entry by entry",
    hint="Where v has a 0, you divide 0 by 0 and get nan, which equals nothing. So you miss eigenvectors such as "
    "(1, 0). What do you get if you multiply both sides of the equation by v from the left instead?",
)
def eigenvalue_entry_by_entry(A, v):
    ratios = (A @ v) / v
    return float(ratios[0]) if torch.allclose(ratios, ratios[0].expand(len(v))) else None


@misconception(
    "eigenvalue_of",
    "the largest eigenvalue of A is given",
    hint="You ask A for its eigenvalues and give the largest, whatever v is. Each eigenvector has an eigenvalue of its "
    "own, and most vectors have none. Where in your code does v play a role?",
)
def largest_eigenvalue(A, v):
    values = torch.linalg.eigvals(A).real
    return float(values[values.abs().argmax()])
