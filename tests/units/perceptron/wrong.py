"""Known mistakes in the perceptron."""

from autograder.suite import wrong

# fmt: off

wrong("predict", "the kinds are 0 and 1", {"1.0, -1.0": "1.0, 0.0"},
      hint="You give 0 to the points on the other side. In this unit the two kinds are 1 and −1, and the rule for learning relies "
      "on it: it multiplies by y. Which number should the second kind have?")

wrong("predict", "a point on the line gets 1", {"> 0": ">= 0"},
      hint="Where the score is exactly 0 you answer 1. Somebody has to decide what such a point gets, and the exercise did. What "
      "does it say about points on the line?")

wrong("predict", "a point on the line gets 0", {"torch.where(X @ w + b > 0, 1.0, -1.0)": "torch.sign(X @ w + b)"},
      hint="A sign has three values: for a score of exactly 0 it is 0, which is neither of the two kinds. What should a point on "
      "the line get?")

wrong("predict", "the bias is left out", {"X @ w + b": "X @ w"},
      hint="Your line always goes through the origin. The bias moves it away from there. Where does b come in?")

wrong("predict", "the bias is subtracted", {"X @ w + b": "X @ w - b"},
      hint="The bias is added to the score in this unit, and you take it away, which moves the line to the other side of the "
      "origin. Compare your expression with the one in the exercise: what differs?")

wrong("predict", "the two kinds are exchanged", {"1.0, -1.0": "-1.0, 1.0"},
      hint="Each point gets the kind of the other side. Read the exercise once more: which number belongs to a score above 0?")

wrong("perceptron_loss", "the sign of y is left out", {"-y * (X @ w + b)": "-(X @ w + b)"},
      hint="You look at the score alone. A negative score is right for a point with y = −1 and wrong for one with y = 1. What do "
      "you have to multiply it with?")

wrong("perceptron_loss", "points on the right side are charged", {"-y * (X @ w + b)": "y * (X @ w + b)"},
      hint="Points on their right side cost something, and those on the wrong side nothing. The product of y and the score is "
      "positive if they agree. Which sign belongs in front of it?")

wrong("perceptron_loss", "losses below 0 are kept", {"torch.clamp(-y * (X @ w + b), min=0)": "-y * (X @ w + b)"},
      hint="A point far on its right side gets a negative loss, which would make up for others that are wrong. What is the least "
      "that a point can cost?")

wrong("perceptron_loss", "a margin of 1 is asked for", {"torch.clamp(-y * (X @ w + b), min=0)": "torch.clamp(1 - y * (X @ w + b), min=0)"},
      hint="This is the hinge loss, which also charges points that are right but near the line. The perceptron is content once "
      "they are right. Which number does not stand in the formula?")

wrong("perceptron_loss", "every wrong point costs 1", {"torch.clamp(-y * (X @ w + b), min=0)": "(y * (X @ w + b) < 0).to(X.dtype)"},
      hint="You count the wrong points. A count does not change when the line moves a little, so nothing could be learned from "
      "it. How far off is each of them?")

wrong("perceptron_loss", "the losses are added up", {"min=0)": "min=0).sum()"},
      hint="You give a single number for all points together. The exercise asks for the loss of each point. What is the shape of "
      "your result?")

wrong("perceptron_loss", "the bias is left out", {"X @ w + b": "X @ w"},
      hint="You measure how far points are off from a line through the origin. The bias belongs to the score. Where does b come in?")

wrong("perceptron_grad", "the sum runs over the right points", {"* (X @ w + b) < 0": "* (X @ w + b) > 0"},
      hint="You add up the points for which y and the score agree. These are right and cost nothing. Which sign has the product "
      "for a point on the wrong side?")

wrong("perceptron_grad", "the sum runs over all points", {"wrong = y * (X @ w + b) < 0": "wrong = y * (X @ w + b) == y * (X @ w + b)"},
      hint="Points on their right side are in your sum, too. Their loss is 0 and stays 0 when the line moves a little. Which "
      "points are left?")

wrong("perceptron_grad", "the sign is wrong", {"dw = -(": "dw = (", "db = -y": "db = y"},
      hint="This is the direction of the update, which goes against the derivative. The exercise asks for the derivative itself. "
      "By how much does the loss grow when w grows a little?")

wrong("perceptron_grad", "the mean is taken", {"X[wrong]).sum(dim=0)": "X[wrong]).sum(dim=0) / len(y)", "y[wrong].sum()": "y[wrong].sum() / len(y)"},
      hint="You divide by the number of points. That is the derivative of the mean of the losses. What does the exercise say about "
      "how they are put together?")

wrong("perceptron_grad", "y is left out", {"(y[wrong, None] * X[wrong])": "X[wrong]"},
      hint="You add up the points themselves. A point of the other kind has to push the line the other way. Which number "
      "distinguishes the two kinds?")

wrong("perceptron_grad", "db is the number of wrong points", {"-y[wrong].sum()": "wrong.sum()"},
      hint="You count the wrong points. The loss depends on b with the slope −y, which is 1 for some points and −1 for others. "
      "What has to be added up?")

wrong("perceptron_grad", "db is left at 0", {"db = -y[wrong].sum()": "db = 0.0"},
      hint="The bias never gets a derivative in your code, as if the loss did not depend on it. Write the loss of one wrong point "
      "down: which factor does b have in it?")

wrong("perceptron_grad", "db is a row for each point", {"-y[wrong].sum()": "-y[wrong, None].sum(dim=1)"},
      hint="You give one number for each wrong point. The bias is one number for all of them, so its derivative is one number, "
      "too. What is still to be added up?")

wrong("train_perceptron", "a point on the line counts as right", {"<= 0": "< 0"},
      hint="At the beginning w and b are 0, so that every product is 0: with your condition nothing is ever wrong, and nothing is "
      "ever learned. What should happen to a point on the line?")

wrong("train_perceptron", "the bias is not updated", {"                b = b + float(y_i)\n": ""},
      hint="The line turns, but it always goes through the origin, and some points cannot be separated like that. What else "
      "changes in an update?")

wrong("train_perceptron", "the updates go the wrong way", {"w + y_i * x_i": "w - y_i * x_i", "b + float(y_i)": "b - float(y_i)"},
      hint="Each update makes the point that caused it more wrong than before. Look at the product of y and the score after an "
      "update: should it have grown or shrunk?")

wrong("train_perceptron", "y is left out of the update", {"w + y_i * x_i": "w + x_i", "b + float(y_i)": "b + 1"},
      hint="Every wrong point pulls the line towards itself. One with y = −1 has to push it away. Which factor is missing in your "
      "update?")

wrong("train_perceptron", "there is only one epoch", {"range(max_epochs)": "range(1)"},
      hint="You go through the points once. An update for a late point can make an early one wrong again. When may you stop?")

wrong("train_perceptron", "there is an epoch too many", {"range(max_epochs)": "range(max_epochs + 1)"},
      hint="Where no line separates the points, you make one pass more than allowed. How often does your loop run?")

wrong("train_perceptron", "it stops after the first right point", {"                updates += 1\n": "                updates += 1\n            else:\n                break\n"},
      hint="As soon as one point is right you leave the pass, and the points after it are never looked at. After what may you "
      "stop: a point without an update, or a whole epoch?")

wrong("train_perceptron", "updates are counted once per epoch", {"                updates += 1\n": "                updates = before + 1\n"},
      hint="You count the epochs in which something changed. Asked for is the number of all updates, of which an epoch can have "
      "many. Where does your counter grow?")

wrong("train_perceptron", "the weights of the epoch before are compared",
      {"y_i * (w @ x_i + b) <= 0": "y_i * (old @ x_i + b_old) <= 0", "        before = updates\n": "        before, old, b_old = updates, w, b\n"},
      hint="Within an epoch you go on judging points by the line as it was at its beginning. Each update should count at once: "
      "the next point meets the line that is there by then. Which w and b do you look at?")

wrong("train_perceptron", "updates are divided by the number of points",
      {"w = w + y_i * x_i": "w = w + y_i * x_i / len(X)"},
      hint="Your updates are smaller than the rule says: you divide by the number of points. Each wrong point makes an update of "
      "its own. With which factor does it count?")

wrong("convergence_bound", "the bias is left out of the length", {"(r**2 + 1)": "r**2"},
      hint="This is the bound for a perceptron without a bias. The bias is a weight for an input that is always 1, and makes every "
      "point longer. By how much does its squared length grow?")

wrong("convergence_bound", "the margin is not squared", {"/ rho**2": "/ rho"},
      hint="Half the margin needs four times the updates, not twice as many. Compare your formula with the one in the exercise: "
      "what happens to the margin there?")

wrong("convergence_bound", "the length is not squared", {"(r**2 + 1)": "(r + 1)"},
      hint="You add 1 to the length itself. The bound speaks of squared lengths, in which the parts of a vector are added up. Which "
      "number is missing its square?")

wrong("convergence_bound", "the fraction is upside down", {"(r**2 + 1) / rho**2": "rho**2 / (r**2 + 1)"},
      hint="Your bound falls when the margin shrinks. Points that can only just be separated need more updates. Which of the two "
      "numbers belongs below?")
