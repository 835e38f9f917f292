"""Known mistakes in automatic differentiation."""

import torch

from autograder.suite import misconception, wrong

# fmt: off

wrong("gradients", "gradients are not cleared",
      {"x.grad = None": "pass", "found.append(x.grad)": "found.append(x.grad.clone())"},
      hint="Your second gradient has the first one in it: torch adds each new gradient to what x.grad holds already. At [0, 1, 2, "
      "3] that makes [1, 3, 5, 7] for a plain sum after a sum of squares. When must x.grad be emptied?")

wrong("gradients", "x.grad is emptied too late",
      {"x.grad = None": "pass", "found.append(x.grad)": "found.append(x.grad)\n        x.grad = None"},
      hint="You empty x.grad between the two calls, which is right, but not before the first. Somebody may have left a gradient "
      "there. What is in x.grad when your function begins?")

wrong("gradients", "the first gradient is filled with zeros and used again",
      {"x.grad = None": "x.grad is not None and x.grad.zero_()"},
      hint="Both of your results are the gradient of g. You kept x.grad itself, then wrote zeros into that very tensor, and torch "
      "added the second gradient there. How do you keep numbers that nobody can write into?")

wrong("gradients", "one tensor is handed out twice", {"x.grad = None": "pass"},
      hint="Both of your results are the same tensor, and it holds the sum of both gradients. You kept x.grad itself, and torch "
      "went on adding into it. How do you keep what it held in between?")

wrong("gradients", "the two gradients are exchanged", {"(f, g)": "(g, f)"},
      hint="Both gradients are right, but the one of g comes first. In which order does the exercise want them?")

wrong("detach_product", "u is not held constant", {".detach()": ""},
      hint="You get three times the square, the gradient of the sum of cubes: torch went back through u as well. Which step should "
      "cut u off from x?")

wrong("detach_product", "the other factor is held constant",
      {"(x * x).detach()": "x * x", "torch.dot(u, x)": "torch.dot(u, x.detach())"},
      hint="You get twice the square: torch went back through u and took the other factor for a constant. Which of the two factors "
      "is to be cut off?")

wrong("detach_product", "the products are returned", {"return x.grad": "return u * x.detach()"},
      hint="You return the products themselves. Asked for is how fast their sum grows with each entry of x. Where does torch leave "
      "that?")

wrong("detach_product", "the mean is taken instead of the sum", {"torch.dot(u, x)": "(u * x).mean()"},
      hint="Your gradient is too small by the number of entries, since you went backward from a mean. What does the formula do with "
      "the products?")

wrong("control_flow_grad", "1000 is not enough to stop", {"b.abs() < 1000": "b.abs() <= 1000"},
      hint="Where the doubling reaches 1000 exactly, you double once more. Read the second step again: below which size does it go "
      "on?")

wrong("control_flow_grad", "negative numbers are not made larger", {"b = 100 * b": "pass"},
      hint="For a positive a your slope is right, for a negative one it is 100 times too small. What does the third step do with a b "
      "that is not above 0?")

wrong("control_flow_grad", "the two branches are exchanged", {"if b < 0:": "if b > 0:"},
      hint="You multiply positive numbers by 100 and leave negative ones alone. Which of the two does the third step change?")

wrong("control_flow_grad", "b begins with a", {"b = 2 * a": "b = 1 * a"},
      hint="Mostly the loop makes up for it, but where a is large the loop does not run at all, and your slope is half of the right "
      "one. With what does b begin?")

wrong("control_flow_grad", "the value is returned", {"return a.grad": "return b.detach()"},
      hint="You return what the function gives. Asked for is its slope: how fast that grows with a. Where does torch leave it?")

wrong("control_flow_grad", "the doubling is hidden from torch", {"b = 2 * b": "b.data = 2 * b.data"},
      hint="The value of b is right, but you changed it behind torch's back, which therefore knows of a single doubling. Which way of "
      "doubling does torch see?")

wrong("accumulated_gradient", "the mean of the pieces' means is taken",
      {"loss(net(X), y).sum() / total": "loss(net(X), y).mean() / len(batches)"},
      hint="You average within each piece, then over the pieces. An example in a small piece then counts more than one in a large "
      "piece. By which number should every single loss be divided?")

wrong("accumulated_gradient", "the pieces' means are added up", {"loss(net(X), y).sum() / total": "loss(net(X), y).mean()"},
      hint="You go backward from the mean of each piece, and torch adds these up: too much by as many times as there are pieces, "
      "and more than that where sizes differ. By which number should every single loss be divided?")

wrong("accumulated_gradient", "the losses are not divided", {" / total": ""},
      hint="You have the gradient of the sum of all losses. The mean is smaller by the number of examples. Where does that number "
      "come in?")

wrong("accumulated_gradient", "the losses are divided by the number of pieces", {"sum(len(y) for X, y in batches)": "len(batches)"},
      hint="You divide by how many pieces there are. The mean goes over examples, and a piece holds several. How many examples are "
      "there in all?")

wrong("accumulated_gradient", "old gradients are not cleared", {"net.zero_grad()\n    total": "total"},
      hint="If the parameters hold gradients from earlier, these are in your result: torch adds to what is there. What has to be done "
      "before the first piece?")

wrong("accumulated_gradient", "gradients are cleared before every piece", {"(loss(net(X)": "net.zero_grad()\n        (loss(net(X)"},
      hint="Each piece wipes out what the pieces before have left, so that only the last one counts. How often must the gradients be "
      "cleared?")


@misconception("accumulated_gradient", "all pieces wait for one backward",
               hint="The gradients are right, but you add up the losses and go backward once, at the end. Until then torch remembers "
               "the steps of all pieces, which is just as much memory as one large batch takes. When could you go backward instead?")
def backward_at_the_end(net, loss, batches):
    net.zero_grad()
    total = sum(loss(net(X), y).sum() for X, y in batches)
    (total / sum(len(y) for X, y in batches)).backward()
    return [p.grad for p in net.parameters()]


@misconception("accumulated_gradient", "the pieces are put together again",
               hint="The gradients are right, but you join all pieces to one batch, the very batch that does not fit into memory. What "
               "could be done with a piece on its own?")
def all_in_one_batch(net, loss, batches):
    net.zero_grad()
    X, y = (torch.cat(parts) for parts in zip(*batches))
    loss(net(X), y).mean().backward()
    return [p.grad for p in net.parameters()]


wrong("jvp", "the Jacobian is transposed", {"J @ t": "J.T @ t"},
      hint="You multiply by the transposed Jacobian, which wants a vector with one entry for each output. A t has one for each input. "
      "Which axis of J counts the inputs?")

wrong("jvp", "a vector of length 1 is stretched", {"J @ t": "(J * t).sum(dim=1)"},
      hint="For vectors that fit you are right. But a single entry is used for all inputs, silently, where there should be an error. "
      "Which operation checks the lengths instead of stretching?")

wrong("jvp", "the sum runs over the outputs", {"J @ t": "(J * t).sum(dim=0)"},
      hint="You get one number for each input. The outputs are what moves at the end, so there should be one for each of them. Over "
      "which axis of J must the sum run?")

wrong("jvp", "the products are not added up", {"J @ t": "J * t"},
      hint="You have each slope times the speed of its input, a whole matrix. An output moves because of all inputs together. What is "
      "left to be done in each row?")

wrong("vjp", "the Jacobian comes first", {"v @ J": "J @ v"},
      hint="J times v is forward mode: it wants one entry for each input. Here v has one for each output. On which side of J does v "
      "stand in the formula?")

wrong("vjp", "a vector of length 1 is stretched", {"v @ J": "(v[:, None] * J).sum(dim=0)"},
      hint="For vectors that fit you are right. But a single entry is used for all outputs, silently, where there should be an error. "
      "Which operation checks the lengths instead of stretching?")

wrong("vjp", "the sum runs over the inputs", {"v @ J": "(v[:, None] * J).sum(dim=1)"},
      hint="You get one number for each output. Reverse mode ends at the inputs, so there should be one for each of them. Over which "
      "axis of J must the sum run?")

wrong("vjp", "the products are not added up", {"v @ J": "v[:, None] * J"},
      hint="You have each slope times the weight of its output, a whole matrix. An input acts on all outputs together. What is left "
      "to be done in each column?")

wrong("Dual", "the slopes are multiplied", {"self.slope * other.value + self.value * other.slope": "self.slope * other.slope"},
      hint="The slope of a product is not the product of the slopes: a times a has slope 2a, not 1. How does the rule for products "
      "go?")

wrong("Dual", "only the first factor has a slope", {"self.slope * other.value + self.value * other.slope": "self.slope * other.value"},
      hint="In a product both factors move, and you look at the first alone. Which second term does the rule for products have?")

wrong("Dual", "plain numbers have slope 1",
      {"other = Dual(other, 0.0)\n        return Dual(self.value +": "other = Dual(other, 1.0)\n        return Dual(self.value +",
       "other = Dual(other, 0.0)\n        return Dual(self.value *": "other = Dual(other, 1.0)\n        return Dual(self.value *"},
      hint="You give a plain number the slope 1, as if it moved along with the input. How fast does the number 3 change?")

wrong("Dual", "plain numbers are not expected",
      {"if not isinstance(other, Dual):\n            other = Dual(other, 0.0)\n        return Dual(self.value +": "return Dual(self.value +",
       "if not isinstance(other, Dual):\n            other = Dual(other, 0.0)\n        return Dual(self.value *": "return Dual(self.value *"},
      hint="Your operators ask the other operand for its value and slope, and a plain number has neither. What could be made of the "
      "number first?")

wrong("Dual", "the power keeps its exponent", {"(other - 1)": "other"},
      hint="The slope of a square is twice the number, not twice its square. By how much does the exponent fall in the rule for "
      "powers?")

wrong("Dual", "the exponent is taken for a plain number",
      {"if isinstance(other, Dual):\n            return (other * self.log()).exp()\n        return Dual(self.value**other": "return Dual(self.value**other"},
      hint="Where the exponent is a Dual, you raise a plain number to it and put the Dual that comes out into another one. Both base and "
      "exponent may move. How can a power be written with exp and log?")

wrong("Dual", "the power forgets the slope of its base", {"(other - 1) * self.slope": "(other - 1)"},
      hint="Your power is right as long as its base has slope 1. If the base moves twice as fast, so does the power. Where does the slope "
      "of the base come in?")

wrong("Dual", "the chain rule is forgotten",
      {"(other - 1) * self.slope": "(other - 1)", "self.slope / self.value": "1 / self.value", "value * self.slope)": "value)",
       "math.cos(self.value) * self.slope": "math.cos(self.value)", "(1 - value**2) * self.slope": "1 - value**2"},
      hint="Your slopes are right as long as the operand itself has slope 1. If it moves twice as fast, so does the result. Where does "
      "the slope of the operand come in?")

wrong("Dual", "the slope of sin has the wrong sign", {"math.cos(self.value)": "-math.cos(self.value)"},
      hint="The sine of 0 grows, and with you it falls. It is the cosine that gets a minus sign. What is the slope of the sine?")

wrong("Dual", "tanh is not squared", {"1 - value**2": "1 - value"},
      hint="The slope of tanh is 1 minus its square, and the square is missing. For large inputs tanh is flat on both sides: is yours?")

wrong("Dual", "an operand is changed",
      {"return Dual(self.value + other.value, self.slope + other.slope)":
       "self.value, self.slope = self.value + other.value, self.slope + other.slope\n        return self"},
      hint="You write the sum into the first operand and return that. Whoever uses the operand later finds another number in it. What "
      "should a sum leave alone?")

wrong("forward_gradient", "all inputs move at once", {"else 0.0": "else 1.0"},
      hint="With slope 1 in every input you get the sum of all slopes, in each run again. How should the other inputs behave while you "
      "look at one?")

wrong("forward_gradient", "an input moves as fast as it is large", {"1.0 if i == j": "x if i == j"},
      hint="The input in question has its own value as its slope, so your result is too large by that factor. How fast does an input "
      "change with itself?")

wrong("forward_gradient", "the values are returned", {".slope)": ".value)"},
      hint="You note the value that f gives, and it is the same in each run. What else does a Dual hold?")

wrong("forward_gradient", "f is run once more than needed", {"slopes = []": "f(*(Dual(x, 0.0) for x in xs))\n    slopes = []"},
      hint="The slopes are right, but f runs once more than there are inputs, and f may be expensive. Which of your runs gives no "
      "slope?")

wrong("forward_gradient", "the slopes come in reverse order", {"return slopes": "return slopes[::-1]"},
      hint="All slopes are there, the last one first. To which input does each place of the list belong?")

wrong("Value", "what comes back is overwritten", {"slopes[source] += slopes[value] * local": "slopes[source] = slopes[value] * local"},
      hint="A value that is used in two places gets something back from both, and with you the second wipes out the first. What has to "
      "be done with the two?")

wrong("Value", "values hand on before they have everything",
      {"order.append(value)": "pass", "reversed(order)": "order",
       "visit(self)\n        slopes": "order = [self]\n        for value in order:\n            for source, _ in value.inputs:\n"
       "                if source not in order:\n                    order.append(source)\n        slopes"},
      hint="You walk from the end, nearest values first. A value can be near the end by one way and far by another: then it hands on "
      "what it has before the rest arrives. In which order has everyone got everything?")

wrong("Value", "the second call hands on what the first one left",
      {"slopes = dict.fromkeys(order, 0.0)": "pass", "slopes[self] = 1.0": "self.grad += 1.0",
       "slopes[source] += slopes[value] * local": "source.grad += value.grad * local", "value.grad += slopes[value]": "pass"},
      hint="One call is right. In a second one the values in between still hold the grad of the first, and hand it on once more. Where "
      "could a call keep its own slopes apart from grad?")

wrong("Value", "the second call begins with 1 but hands on what is left in between",
      {"slopes = dict.fromkeys(order, 0.0)": "pass", "slopes[self] = 1.0": "self.grad = 1.0",
       "slopes[source] += slopes[value] * local": "source.grad += value.grad * local", "value.grad += slopes[value]": "pass"},
      hint="You set the grad of the result to 1, but the values in between still hold the grad of the first call, and hand it on once "
      "more. Where could a call keep its own slopes apart from grad?")

wrong("Value", "grad is set instead of added to", {"value.grad += slopes[value]": "value.grad = slopes[value]"},
      hint="After a second call every grad should have doubled, as in torch, and yours is as before. What happens to what grad held "
      "already?")

wrong("Value", "only the inputs get a grad", {"value.grad += slopes[value]": "value.grad += slopes[value] * (not value.inputs)"},
      hint="The values in between stay at 0. The slope of the result in each of them is asked for, too. For which values do you set "
      "grad?")

wrong("Value", "the result itself gets no grad", {"value.grad += slopes[value]": "value.grad += slopes[value] * (value is not self)"},
      hint="The result is left out, although its slope in itself is asked for, too. How fast does a number grow with itself?")

wrong("Value", "each factor gets its own number back", {"(self, other.data), (other, self.data)": "(self, self.data), (other, other.data)"},
      hint="If one factor grows by 1, the product grows by the other factor. With you it is the factor itself. Which number belongs to "
      "whom?")

wrong("Value", "a difference hands back a plus to both",
      {"def log(self):": "def __sub__(self, other):\n        other = other if isinstance(other, Value) else Value(other)\n"
       "        return Value(self.data - other.data, [(self, 1.0), (other, 1.0)])\n\n    def log(self):"},
      hint="In a minus b, what comes back to b must change its sign, and with you it does not. In ln a + a b − sin b at (2, 5) that "
      "gives 2.283 where 1.716 is right. What is the slope of a minus b in b?")

wrong("Value", "the slope of sin has the wrong sign", {"math.cos(self.data)": "-math.cos(self.data)"},
      hint="The sine of 0 grows, and with you it falls. In ln a + a b − sin b at (2, 5) that gives 2.283 where 1.716 is right. What is "
      "the slope of the sine?")

wrong("Value", "the power keeps its exponent", {"(other - 1)": "other"},
      hint="The slope of a square is twice the number, not twice its square. By how much does the exponent fall in the rule for "
      "powers?")

wrong("Value", "the exponent is taken for a plain number",
      {"if isinstance(other, Value):\n            return (other * self.log()).exp()\n        return Value(self.data**other": "return Value(self.data**other"},
      hint="Where the exponent is a Value, you raise a plain number to it and put the Value that comes out into another one. Slopes go back "
      "to both base and exponent. How can a power be written with exp and log?")

wrong("Value", "tanh is not squared", {"1 - data**2": "1 - data"},
      hint="The slope of tanh is 1 minus its square, and the square is missing. For large inputs tanh is flat on both sides: is yours?")

wrong("Value", "plain numbers are not expected",
      {"if not isinstance(other, Value):\n            other = Value(other)\n        return Value(self.data +": "return Value(self.data +",
       "if not isinstance(other, Value):\n            other = Value(other)\n        return Value(self.data *": "return Value(self.data *"},
      hint="Your operators ask the other operand for its data, and a plain number has none. What could be made of the number first?")

wrong("cheaper_mode", "forward mode is taken for many inputs", {"inputs < outputs": "inputs > outputs"},
      hint="You have the two modes the wrong way round. Forward mode needs a run for every input, so a million parameters would need a "
      "million runs. Which mode needs one run for one loss?")

wrong("cheaper_mode", "a draw goes to reverse mode", {'return "either"': 'return "reverse"'},
      hint="With as many inputs as outputs both modes take the same number of runs. Which of the three answers says so?")

wrong("cheaper_mode", "reverse mode is always taken", {'return "either"': 'return "reverse"', '"forward" if': '"reverse" if'},
      hint="Reverse mode is the right choice for training, with its many parameters and one loss. But a function of one input and many "
      "outputs is another matter. How many runs does each mode take there?")
