"""Known mistakes in matrix calculus."""

from autograder.suite import wrong

# fmt: off

wrong("numeric_jacobian", "a step is made to one side only", {"(f(x + step) - f(x - step)) / (2 * h)": "(f(x + step) - f(x)) / h"},
      hint="You go to the right and compare with the middle. Where the function is curved, this measures the slope a little beside "
      "the point. What makes the error on both sides cancel?")

wrong("numeric_jacobian", "the way is taken for h", {"/ (2 * h)": "/ h"},
      hint="All your slopes are twice too large. From the left end to the right end the way is longer than one step. How long is it?")

wrong("numeric_jacobian", "the layout is transposed", {"dim=1)": "dim=0)"},
      hint="Your rows belong to the inputs. In numerator layout rows belong to the outputs. What does one pass of your loop give, a "
      "row or a column?")

wrong("numeric_jacobian", "all inputs move at once", {"torch.zeros_like(x)": "torch.ones_like(x) * h"},
      hint="You move all inputs together and measure the sum of their slopes. To see the slope of a single one, the others have to "
      "stay. Where do they move in your code?")

wrong("numeric_jacobian", "the ends are exchanged", {"f(x + step) - f(x - step)": "f(x - step) - f(x + step)"},
      hint="All your slopes have the wrong sign. A slope is what was gained on the way to the right. Which of the two values is "
      "subtracted?")

wrong("numeric_jacobian", "x is moved in place and not quite put back",
      {"        step = torch.zeros_like(x)\n        step[j] = h\n        columns.append((f(x + step) - f(x - step)) / (2 * h))\n":
       "        x[j] += h\n        right = f(x).clone()\n        x[j] -= 2 * h\n        left = f(x).clone()\n        x[j] += h\n        columns.append((right - left) / (2 * h))\n"},
      hint="You write into x, which belongs to the caller, and move it back by arithmetic. Each step is rounded, so that a tiny "
      "difference remains. How can you move a copy instead?")

wrong("numeric_jacobian", "h is not used", {"step[j] = h": "step[j] = 1e-6", "(2 * h)": "2e-6"},
      hint="Your step is always the same, whatever the caller asks for. Where does the argument h come in?")

wrong("numeric_jacobian", "f is called far too often",
      {"columns.append((f(x + step) - f(x - step)) / (2 * h))":
       "columns.append(torch.stack([(f(x + step)[i] - f(x - step)[i]) / (2 * h) for i in range(len(f(x)))]))"},
      hint="You call f anew for each single entry. One call gives all outputs at once, and f may be expensive. How many calls does "
      "one column need?")

wrong("jacobian_shape", "the shape of x is not turned round",
      {"(*y_shape, *x_part)": "(*y_shape, *x_shape)"},
      hint="You append the shape of x as it is. In numerator layout the derivative by a matrix (n, k) ends with k, n. Look at the last "
      "column of the table: in which order do they stand there?")

wrong("jacobian_shape", "the shapes change places", {"(*y_shape, *x_part)": "(*x_part, *y_shape)"},
      hint="You begin with the shape of x. Whose shape comes first is what the layouts are named after: the numerator is above the "
      "line. Is that x or y?")

wrong("jacobian_shape", "ones are kept", {"tuple(size for size in (*y_shape, *x_part) if size > 1)": "(*y_shape, *x_part)"},
      hint="You put the two shapes side by side with all their ones. A vector by a vector is a matrix, with two sizes. Which ones does "
      "the table leave out?")

wrong("jacobian_shape", "the derivative of a scalar is a column", {"        return x_part\n": "        return tuple(x_shape)\n"},
      hint="You give the derivative of a scalar the shape of x itself. That is the denominator layout, in which a gradient is a "
      "column. What does the first row of the table say?")

wrong("jacobian_shape", "a derivative by a scalar loses its one", {"return tuple(y_shape)": "return tuple(n for n in y_shape if n > 1) or (1,)"},
      hint="The derivative of a vector by a scalar is a column, (m, 1), and you drop its one. Look at the first column of the table: "
      "what happens to the shape of y there?")

wrong("jacobian_of_linear", "the layouts are exchanged", {'layout == "numerator"': 'layout == "denominator"'},
      hint="You give the transposed matrix where the matrix itself is asked for. In numerator layout the outputs count the rows. "
      "What do the rows of A count?")

wrong("jacobian_of_linear", "the layout is not looked at", {'A if layout == "numerator" else A.T': "A"},
      hint="You give the same matrix for both layouts. One is the transpose of the other. Where do you look at the argument?")

wrong("jacobian_of_linear", "the rows are added up", {'A if layout == "numerator" else A.T': "A.sum(dim=0)"},
      hint="You add up the slopes of all outputs, as backward does for a vector. The Jacobian keeps each output apart. How many "
      "slopes are there in all?")

wrong("grad_quadratic_form", "A is taken for symmetric", {"(A + A.T) @ x": "2 * A @ x"},
      hint="Twice Ax is right only if A equals its transpose. The variable stands on both sides of A, and each side gives a part of "
      "its own. What does the left one give?")

wrong("grad_quadratic_form", "only one of the two places counts", {"(A + A.T) @ x": "A @ x"},
      hint="Each entry of x occurs twice in the sum, as the left factor and as the right one. You differentiated with respect to one of "
      "them. What does the other give?")

wrong("grad_quadratic_form", "only the transpose counts", {"(A + A.T) @ x": "A.T @ x"},
      hint="This is the part that the right factor gives. Each entry of x also stands on the left of A. Which part is missing?")

wrong("grad_quadratic_form", "the two parts are halved", {"(A + A.T) @ x": "(A + A.T) @ x / 2"},
      hint="Your result is half of what it should be, as if there were a half in front of the function. Check with one number: what is "
      "the derivative of a x²?")

wrong("grad_quadratic_form", "the value is returned", {"(A + A.T) @ x": "x @ A @ x"},
      hint="You return the number xᵀAx itself. Asked for is how it changes with each entry of x. How many numbers is that?")

wrong("grad_quadratic_form", "the transpose is subtracted", {"A + A.T": "A - A.T"},
      hint="You subtract one part from the other. Both places of x pull in their own way, and their effects add up. Which sign "
      "belongs between them?")

wrong("grad_least_squares", "the sign is wrong", {"X @ w - y": "y - X @ w"},
      hint="Your gradient points downhill. It should say in which direction the loss grows; training then goes against it. Which way "
      "round is the error in the formula?")

wrong("grad_least_squares", "the mean is left out", {" / len(X)": ""},
      hint="Your gradient is too large by the number of examples. The loss is divided by it. Where does n stand in the formula?")

wrong("grad_least_squares", "the half is left out", {"X.T @ (X @ w - y) / len(X)": "2 * X.T @ (X @ w - y) / len(X)"},
      hint="Your gradient is twice too large. The 2 of the exponent meets the half in front of the sum. What remains of them?")

wrong("grad_least_squares", "it is divided by the number of features", {"/ len(X)": "/ len(w)"},
      hint="You divide by the number of weights. The loss is a mean over the examples. Which axis of X counts them?")

wrong("grad_least_squares", "the features are left out", {"X.T @ (X @ w - y) / len(X)": "(X @ w - y) / len(X)"},
      hint="This is the derivative with respect to the predictions, one number for each example. By the chain rule it has to be carried "
      "on to the weights. How does a prediction depend on a weight?")

wrong("grad_least_squares", "the loss is returned", {"X.T @ (X @ w - y) / len(X)": "((X @ w - y) ** 2).sum() / (2 * len(X))"},
      hint="You return the loss. Asked for is how it changes with each weight. How many numbers is that?")

wrong("subgradient_abs", "there is one slope at 0", {"return -1.0, 1.0": "return 0.0, 0.0"},
      hint="At 0 you give one slope, as torch does. But many lines touch the tip of the graph from below, not only the flat one. "
      "Between which two slopes do they lie?")

wrong("subgradient_abs", "the kink is not thought of", {"    if x == 0:\n        return -1.0, 1.0\n": ""},
      hint="0 is treated like a negative number, with the slope −1. It lies on neither side. Which slopes are possible there?")

wrong("subgradient_abs", "the ends are exchanged", {"return -1.0, 1.0": "return 1.0, -1.0"},
      hint="The interval is right, but you give its upper end first. In which order does the exercise list the two ends?")

wrong("subgradient_abs", "the value is returned", {"(1.0, 1.0) if x > 0 else (-1.0, -1.0)": "(abs(x), abs(x))"},
      hint="Beside the kink you give |x| itself. Its slope does not depend on how far away x is. What is it on either side?")

wrong("subgradient_abs", "the interval is given everywhere", {"(1.0, 1.0) if x > 0 else (-1.0, -1.0)": "(-1.0, 1.0)"},
      hint="Away from 0 the graph is a straight line, which only one line touches from below. Which slope has it on the side where x "
      "lies?")

wrong("subgradient_relu", "there is one slope at 0", {"return 0.0, 1.0": "return 0.0, 0.0"},
      hint="At 0 you give the slope 0 alone, as torch does. Steeper lines touch the graph from below there, too. How steep may they be?")

wrong("subgradient_relu", "the interval is that of abs", {"return 0.0, 1.0": "return -1.0, 1.0"},
      hint="To the left of 0, where max(0, x) is flat, a falling line lies above the graph. It has to stay below it everywhere. "
      "Which slopes remain?")

wrong("subgradient_relu", "to the left of 0 it falls", {"(0.0, 0.0)": "(-1.0, -1.0)"},
      hint="You take the slope of |x| on the left. There max(0, x) is flat. How steep is a flat line?")

wrong("subgradient_relu", "the kink counts as right of 0", {"return 0.0, 1.0": "return 1.0, 1.0"},
      hint="At 0 you give the slope on the right alone. The slope on the left belongs to the kink, too, and all between them. What are "
      "the two ends?")
