"""Known mistakes in working with tensors."""

import numpy as np

from autograder.suite import misconception, wrong

wrong(
    "outer_sum",
    "the first vector is laid out as a row",
    {"a[:, None] + b": "a[None, :] + b[:, None]"},
    hint="Your result is transposed: a runs along the rows and b down the columns. In entry (i, j), a is asked for "
    "its entry i, and i counts rows. A matrix of one column has the shape (m, 1): which of the two vectors needs it?",
)

wrong(
    "outer_sum",
    "both vectors are left without a second axis",
    {"a[:, None] + b": "a + b"},
    hint="Two vectors are added entry by entry: their sizes must fit, and the result is a vector again. Only an axis "
    "of size 1 is stretched. Where does one of the two need such an axis, so that every pair meets?",
)

wrong(
    "outer_sum",
    "the entries are multiplied",
    {"+ b": "* b"},
    hint="This is the table of all products, as in an outer product. The exercise asks for the same table of another "
    "operation. Compare your operator with the one in the formula.",
)

wrong(
    "broadcast_shape",
    "the larger of two sizes is taken",
    {"b if a == 1 else a": "max(a, b)"},
    hint="The larger of 1 and n is n, but only if n is not 0. An axis of size 1 beside one of size 0 gives an axis "
    "without entries. Which of the two sizes is the one that gives way, whatever the other is?",
)

wrong(
    "broadcast_shape",
    "a size may be a multiple of the other",
    {"a != b and a != 1 and b != 1": "max(a, b) % max(1, min(a, b))", "b if a == 1 else a": "max(a, b) * min(a, b, 1)"},
    hint="Nothing is repeated two or three times to make sizes fit: 3 and 6 do not go together, although 6 is twice "
    "3. Only one single size may be stretched. Which one?",
)

wrong(
    "broadcast_shape",
    "the shapes must be equally long",
    {"rank = max(len(s), len(t))": "rank = len(s)\n    if len(t) != rank:\n        raise ValueError('ranks differ')"},
    hint="Shapes of different lengths can go together: a vector of 3 numbers can be added to every row of a matrix "
    "with 3 columns. What is imagined in front of the shorter shape?",
)

wrong(
    "broadcast_shape",
    "the first sizes are lined up",
    {
        "(1,) * (rank - len(s)) + tuple(s)": "tuple(s) + (1,) * (rank - len(s))",
        "(1,) * (rank - len(t)) + tuple(t)": "tuple(t) + (1,) * (rank - len(t))",
    },
    hint="You fill up the shorter shape with ones behind it. The two shapes are compared from their ends: the last "
    "size belongs below the last. At which end of the shorter shape do the ones go?",
)

wrong(
    "broadcast_shape",
    "sizes that do not fit are let through",
    {"a != b and a != 1 and b != 1": "False"},
    hint="For some pairs of shapes there is no common shape, (3,) and (6,) for example, and you give one all the "
    "same. Two sizes fit if they are equal or one of them is 1. What must happen otherwise?",
)

wrong(
    "broadcast_shape",
    "only the second shape is stretched",
    {"a != b and a != 1 and b != 1": "a != b and b != 1"},
    hint="A size 1 in t becomes the size in s, but a 1 in s is refused. Broadcasting treats both shapes alike: "
    "exchanging them changes nothing. Try your function with s and t exchanged.",
)

wrong(
    "broadcast_shape",
    "None comes back where an error is asked for",
    {'raise ValueError(f"sizes {a} and {b} do not fit together")': "return None"},
    hint="You notice that the sizes do not fit, and give back None. The caller asked for a shape and would go on with "
    "None as if it were one. How does Python stop a computation that makes no sense?",
)

wrong(
    "pick",
    "the columns of all labels are taken from every row",
    {"torch.arange(len(y)), y": ":, y"},
    hint="You get n rows of n entries: a colon means all rows, and each of them gives an entry for every label. Each "
    "label belongs to one row only. How are a row number and a column number paired?",
)

wrong(
    "pick",
    "rows are picked instead of entries",
    {"torch.arange(len(y)), y": "y"},
    hint="A single index counts along the first axis, so a label picks a whole row. The label of row i says in which "
    "column of that row to look. Where does the row number come in?",
)

wrong(
    "pick",
    "the label 0 is taken for no label",
    {"return y_hat[torch.arange(len(y)), y]": "return (y > 0) * y_hat[torch.arange(len(y)), y]"},
    hint="Rows with label 0 give 0. Labels are counted from 0, so 0 is a label like any other and stands for the "
    "first column. What does your code do with a label that is 0?",
)

wrong(
    "pick",
    "labels are counted from 1",
    {"torch.arange(len(y)), y": "torch.arange(len(y)), y - 1"},
    hint="You look one column too far to the left, and for label 0 in the last one. The columns of a tensor are "
    "counted from 0, and so are the labels. Which column belongs to label 0?",
)

wrong(
    "pick",
    "rows and columns are exchanged",
    {"torch.arange(len(y)), y": "y, torch.arange(len(y))"},
    hint="The first index counts rows and the second one columns. You use the label as the row and the number of the "
    "example as the column. Which of the two says where in a row to look?",
)

wrong(
    "pick",
    "the largest entry of each row is taken",
    {"y_hat[torch.arange(len(y)), y]": "y_hat.max(dim=1).values"},
    hint="You take the largest entry of each row and never look at y. The entry that is asked for can be a small one: "
    "the score of the true class, however the model likes it. What does y say?",
)

wrong(
    "concat",
    "the two axes are exchanged",
    {"if dim in (1, -1):": "if dim in (0, -2):", "Z.T if dim in (1, -1)": "Z.T if dim in (0, -2)"},
    hint="Along axis 0 the number of rows grows, so Y comes below X; along axis 1 the number of columns grows. You do "
    "it the other way round. Print the shape of your result: which size should have grown?",
)

wrong(
    "concat",
    "negative axes are not recognised",
    {"if dim in (1, -1):": "if dim == 1:", "Z.T if dim in (1, -1)": "Z.T if dim == 1"},
    hint="An axis can be named from the end, too: of two axes, -1 is the last one, the same as 1. In your code one of "
    "the two names leads to the wrong place. Which axis does it take -1 for?",
)

wrong(
    "concat",
    "Y comes first",
    {"Z[: len(X)] = X": "Z[: len(Y)] = Y", "Z[len(X) :] = Y": "Z[len(Y) :] = X"},
    hint="Both parts are there, but in the wrong order: the result begins with Y. It should begin with X, like the "
    "list of arguments. Which part do you write to the beginning?",
)

wrong(
    "concat",
    "the result has the default dtype",
    {"X.new_zeros(": "torch.zeros("},
    hint="A new tensor is float32 unless you say otherwise, and whatever is written into it becomes float32. X and Y "
    "may hold float64 or whole numbers. Where do you make the result, and which dtype should it have?",
)

wrong(
    "set_region",
    "the copy is only a second name for X",
    {"X.clone()": "X"},
    hint="An assignment copies nothing: both names mean one tensor, and what you write through one is seen through "
    "the other. The caller's X is overwritten. How do you get a tensor with memory of its own?",
)

wrong(
    "set_region",
    "the end of a range is included",
    {"rows[1]": "rows[1] + 1", "cols[1]": "cols[1] + 1"},
    hint="Your region is one row and one column too large. As in a slice, the end of a range is the first place that "
    "no longer belongs to it. How many rows are there from 1 to 3, then?",
)

wrong(
    "set_region",
    "rows and columns are exchanged",
    {"rows[0] : rows[1], cols[0] : cols[1]": "cols[0] : cols[1], rows[0] : rows[1]"},
    hint="The first index of a matrix counts its rows and the second one its columns. You have them the other way "
    "round, which shows unless the region is a square on the diagonal. Which range belongs first?",
)

wrong(
    "set_region",
    "whole rows are set",
    {", cols[0] : cols[1]": ""},
    hint="You set all columns of these rows. The region is where the given rows and the given columns meet, and "
    "nothing else changes. Where does your code look at cols?",
)

wrong(
    "set_region",
    "value is added",
    {"= value": "+= value"},
    hint="The region holds its old entries plus the value. It should hold the value itself, whatever was there "
    "before. Which sign is it that writes, and which one adds?",
)

wrong(
    "set_region",
    "everything outside the region becomes 0",
    {"X.clone()": "X * 0"},
    hint="Inside the region all is right, but outside the numbers of X are gone. You begin with a tensor of the right "
    "shape that holds zeros. What should stand outside the region?",
)

wrong(
    "add_in_place",
    "a new tensor is made for the sum",
    {"Y += X": "Y = Y + X"},
    hint="The sum is right, but it lies in new memory: afterwards your name Y means another tensor, and the caller's "
    "Y is as it was. Compare the address of Y before and after. Which operators write into a tensor that is there?",
)

wrong(
    "add_in_place",
    "Y is given new memory",
    {"Y += X": "Y.data = Y + X"},
    hint="Y holds the sum, but at another place in memory: you exchanged what lies behind Y. A larger tensor that Y "
    "is a part of still has the old numbers. How are numbers written into the memory that is there?",
)

wrong(
    "add_in_place",
    "X is written into",
    {"Y += X": "X += Y"},
    hint="You add Y to X, so that X holds the sum and Y is what it was. The tensor to the left of the operator is the "
    "one that is changed. Which one should that be?",
)

wrong(
    "add_in_place",
    "nothing is returned",
    {"return Y": "return None"},
    hint="Y holds the sum, as it should, but the call gives None: a function without a return has no result. The "
    "caller also wants to go on with what the call gives. What should that be?",
)

wrong(
    "add_in_place",
    "a copy is returned",
    {"return Y": "return Y.clone()"},
    hint="Y holds the sum, but what you return is another tensor with the same numbers. Whoever writes into the one "
    "does not reach the other. What could you return that needs no copy?",
)

wrong(
    "shares_memory",
    "the addresses of the first entries are compared",
    {"A.untyped_storage()": "A", "B.untyped_storage()": "B"},
    hint="A slice need not begin where its tensor begins: its first entry has an address of its own, although it lies "
    "in the same memory. What do a tensor and all of its slices have in common?",
)

wrong(
    "shares_memory",
    "the two objects are compared",
    {"A.untyped_storage().data_ptr() == B.untyped_storage().data_ptr()": "A is B"},
    hint="You ask whether both names mean the same object. A slice or a transpose is a new object, but it looks at "
    "memory that was there before. What lies behind the object?",
)

wrong(
    "shares_memory",
    "the numbers are compared",
    {"A.untyped_storage().data_ptr() == B.untyped_storage().data_ptr()": "A.shape == B.shape and bool((A == B).all())"},
    hint="Equal numbers can lie in two places, as in a copy, and a slice has other numbers than the whole. The "
    "question is where the numbers lie and not which ones they are. What tells you the place?",
)


@misconception(
    "shares_memory",
    "common entries are looked for",
    hint="Two parts of one tensor need not have an entry in common, the first row and the second one for example. "
    "Still both lie in one storage, and that is the question here. Look at what the exercise says about storage.",
)
def common_entries(A, B):
    return bool(np.shares_memory(A.numpy(), B.numpy()))


wrong(
    "numpy_copy",
    "the array lies in the memory of X",
    {".copy()": ""},
    hint="Turning a tensor into an array copies nothing: both look at the same numbers. Write into one and look at "
    "the other. Which further step gives the array memory of its own?",
)

wrong(
    "numpy_copy",
    "a tensor that requires a gradient is not thought of",
    {".detach()": ""},
    hint="NumPy cannot record gradients, so torch refuses to turn a tensor that requires one into an array. Read the "
    "error message. What has to be cut off first, and does X stay as it is?",
)

wrong(
    "numpy_copy",
    "a copy is made, but it is a tensor",
    {".numpy().copy()": ".clone()"},
    hint="Your copy is independent, but it is still a tensor of torch. The function is meant for somebody who goes on "
    "with NumPy. Print the type of what you return: which step is missing?",
)

wrong(
    "numpy_copy",
    "the numbers go through a list",
    {"X.detach().numpy().copy()": "np.array(X.tolist())"},
    hint="A list of numbers has no dtype, so NumPy chooses one: all fractions become float64, all whole numbers "
    "int64. The array should have the dtype that X has. Where is it lost?",
)
