# %% [markdown]
# # Automatic differentiation
#
# Training a network needs the slope of its loss in every single parameter. Nobody works these slopes out by hand: the
# computer does, exactly, for whatever you have computed. First you use what torch has for this. It has three habits that
# surprise everybody: it adds gradients up, it can be told to take something for a constant, and it follows loops and
# conditions. Then you look inside, and build two such machines yourself, each in a few lines.
#
# **torch's three steps.** `x.requires_grad_()` asks torch to remember what is computed from `x`. `y.backward()` goes back
# from a number `y`. Then `x.grad` holds the gradient of `y` at `x`.
#
# **Shapes.** Tensors are float32 or float64, and gradients have the shape and dtype of what they belong to. Where a number
# is returned, a Python number or a tensor of one element will do.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check autograd` whenever you like.

# %%
import math

import torch

# %% [markdown]
# ## 1. `gradients(f, g, x)`
#
# The gradients of two functions at the same point, each by itself.
#
# The trap: `backward` does not *set* `x.grad`, it *adds* to what is there. After two calls `x.grad` holds the sum of both
# gradients. This is useful later on; here you have to do something about it.
#
# - `f`, `g`: functions that make a number (a tensor without axes) out of a tensor like `x`.
# - `x`: (n,), with `requires_grad=True` already.
# - returns: a pair, the gradient of `f` at `x` and the gradient of `g` at `x`, both (n,).
# - `x.grad` may hold a gradient from earlier. It must not get into your results. What `x.grad` is afterwards is up to you.


# %%
def gradients(f, g, x):
    """The gradients of f and of g at x.

    x: (n,) -> ((n,), (n,)).
    """
    ### BEGIN SOLUTION
    found = []
    for function in (f, g):
        x.grad = None
        function(x).backward()
        found.append(x.grad)
    return found[0], found[1]
    ### END SOLUTION


# %% [markdown]
# ## 2. `detach_product(x)`
#
# Sometimes a part of a computation should count as a constant, although it was computed from `x`. `u.detach()` has the
# same numbers as `u`, and gradients do not flow through it.
#
# Let $u_i = x_i^2$ and $y = \sum_i u_i x_i$. Return the gradient of $y$ at $x$, with $u$ held constant. (It is not the
# gradient of $\sum_i x_i^3$. Work it out on paper first, then you can check what your code gives.)
#
# - `x`: (n,). Nobody has asked for its gradient yet.
# - returns: (n,).


# %%
def detach_product(x):
    """The gradient of sum(u * x) at x, where u = x * x is held constant.

    x: (n,) -> (n,).
    """
    ### BEGIN SOLUTION
    x = x.clone().requires_grad_()
    u = (x * x).detach()
    torch.dot(u, x).backward()
    return x.grad
    ### END SOLUTION


# %% [markdown]
# ## 3. `control_flow_grad(a)`
#
# A function need not be a formula. This one has a loop and a condition:
#
# 1. Begin with $b = 2a$.
# 2. As long as $|b| < 1000$, double $b$.
# 3. If $b > 0$, then $f(a) = b$. Otherwise $f(a) = 100\,b$.
#
# How often the loop runs depends on $a$. torch does not mind: it remembers the steps that were really taken, and goes back
# along these.
#
# - `a`: a tensor without axes, not 0. Nobody has asked for its gradient yet.
# - returns: the slope of $f$ at `a`, a tensor without axes, too.


# %%
def control_flow_grad(a):
    """The slope at a of the function with a loop and a condition.

    a: () -> ().
    """
    ### BEGIN SOLUTION
    a = a.clone().requires_grad_()
    b = 2 * a
    while b.abs() < 1000:
        b = 2 * b
    if b < 0:
        b = 100 * b
    b.backward()
    return a.grad
    ### END SOLUTION


# %% [markdown]
# ## 4. `accumulated_gradient(net, loss, batches)`
#
# Here the adding-up is welcome. A large batch may not fit into memory. So it is cut into pieces, *micro-batches*; each
# piece goes forward and backward on its own, and the gradients add up to those of the whole batch.
#
# Return the gradient of the **mean loss over all examples** of all pieces together. The pieces differ in size, so the mean
# of their means is something else: an example of a small piece would count more than one of a large piece.
#
# - `net`: an `nn.Module`. `loss(net(X), y)` gives one loss per example, (k,).
# - `batches`: a list of pairs `(X, y)`; the first axis of both counts the k examples of this piece.
# - returns: a list with one gradient for each parameter, in the order of `net.parameters()`.
# - The parameters may hold gradients from earlier. They must not get into your result. What they hold afterwards is up to
#   you.
# - Memory is what this is for: when `net` is called on the next piece, torch must not remember the steps of the piece
#   before any more. (It forgets them in `backward`.)


# %%
def accumulated_gradient(net, loss, batches):
    """The gradients of the mean loss over all examples, from one batch after the other.

    batches: pairs (X, y) -> a list like net.parameters().
    """
    ### BEGIN SOLUTION
    net.zero_grad()
    total = sum(len(y) for X, y in batches)
    for X, y in batches:
        (loss(net(X), y).sum() / total).backward()
    return [p.grad for p in net.parameters()]
    ### END SOLUTION


# %% [markdown]
# ## 5. `jvp(J, t)`
#
# A function with n inputs and m outputs has many slopes, one for each output and each input. They form its *Jacobian*
# matrix $J$ of shape (m, n), where $J_{ij}$ says how fast output $i$ changes with input $j$. A chain of functions has the
# product of their Jacobians, and there are two ways to work along a chain.
#
# *Forward mode* begins at the inputs. Let all of them move at once, input $j$ with speed $t_j$. How fast do the outputs
# move?
#
# $$\operatorname{jvp}(J, t) = J\,t$$
#
# - `J`: (m, n). `t`: (n,), same dtype.
# - returns: (m,).
# - A `t` of any other length must end in an error, of whatever kind. Mind length 1: torch may stretch it silently.


# %%
def jvp(J, t):
    """The Jacobian times a vector of input speeds.

    J: (m, n), t: (n,) -> (m,).
    """
    ### BEGIN SOLUTION
    return J @ t
    ### END SOLUTION


# %% [markdown]
# ## 6. `vjp(v, J)`
#
# *Reverse mode* begins at the outputs. Suppose you know already how much the loss grows with each output: that is $v$. How
# much does it grow with each input?
#
# $$\operatorname{vjp}(v, J) = v^\top J$$
#
# - `v`: (m,). `J`: (m, n), same dtype.
# - returns: (n,).
# - A `v` of any other length must end in an error, of whatever kind. Mind length 1 here, too.


# %%
def vjp(v, J):
    """A vector of slopes in the outputs, times the Jacobian.

    v: (m,), J: (m, n) -> (n,).
    """
    ### BEGIN SOLUTION
    return v @ J
    ### END SOLUTION


# %% [markdown]
# ## Given: `Operators`
#
# Now you build the two modes yourself, on single numbers and without torch. In Python, `a + b` calls `a.__add__(b)`. If
# `a` is a plain number, which cannot do it, `b.__radd__(a)` is called instead.
#
# The class below is given. It makes all other operators out of three that you write: `+`, `*` and `**`. You can see it at
# work in `__sub__`: subtracting means adding the opposite. Both of your classes build on it.


# %%
class Operators:
    """Minus, division, and numbers on the left, made out of +, * and **, log and exp."""

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rsub__(self, other):
        return -self + other

    def __rmul__(self, other):
        return self * other

    def __rtruediv__(self, other):
        return self**-1 * other

    def __rpow__(self, other):
        return (self * math.log(other)).exp()


# %% [markdown]
# ## 7. `Dual(value, slope)`
#
# Forward mode, number by number. A `Dual` holds a value and its slope: how fast the value changes while an input changes.
# Whatever you compute with duals carries the slopes along, by the rules you know from school. With $a'$ for the slope of
# $a$:
#
# $$(a + b)' = a' + b' \qquad (a\,b)' = a'\,b + a\,b' \qquad (a^n)' = n\,a^{n-1}\,a'$$
#
# $$(\ln a)' = a' / a \qquad (e^a)' = e^a\,a' \qquad (\sin a)' = \cos a \cdot a' \qquad
# (\tanh a)' = (1 - \tanh^2 a)\,a'$$
#
# So `Dual(3.0, 1.0) * Dual(3.0, 1.0)` is a `Dual` with value 9 and slope 6.
#
# - `.value`, `.slope`: Python numbers.
# - `+ - * / **`, a minus sign in front, `.log()`, `.exp()`, `.sin()` and `.tanh()` give a new `Dual`.
# - On either side of an operator there may be a plain number. Its slope is 0.
# - In `a ** b` the exponent may be a number: then $a$ may be negative if the number is whole. Or it is a `Dual`: then $a$ is
#   above 0, and $a^b = e^{b \ln a}$, for which you have everything.


# %%
class Dual(Operators):
    """A number with its slope."""

    def __init__(self, value, slope):
        self.value = value
        self.slope = slope

    def __add__(self, other):
        """self + other, where other is a Dual or a number."""
        ### BEGIN SOLUTION
        if not isinstance(other, Dual):
            other = Dual(other, 0.0)
        return Dual(self.value + other.value, self.slope + other.slope)
        ### END SOLUTION

    def __mul__(self, other):
        """self * other, where other is a Dual or a number."""
        ### BEGIN SOLUTION
        if not isinstance(other, Dual):
            other = Dual(other, 0.0)
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)
        ### END SOLUTION

    def __pow__(self, other):
        """self ** other, where other is a Dual or a number."""
        ### BEGIN SOLUTION
        if isinstance(other, Dual):
            return (other * self.log()).exp()
        return Dual(self.value**other, other * self.value ** (other - 1) * self.slope)
        ### END SOLUTION

    def log(self):
        ### BEGIN SOLUTION
        return Dual(math.log(self.value), self.slope / self.value)
        ### END SOLUTION

    def exp(self):
        ### BEGIN SOLUTION
        value = math.exp(self.value)
        return Dual(value, value * self.slope)
        ### END SOLUTION

    def sin(self):
        ### BEGIN SOLUTION
        return Dual(math.sin(self.value), math.cos(self.value) * self.slope)
        ### END SOLUTION

    def tanh(self):
        ### BEGIN SOLUTION
        value = math.tanh(self.value)
        return Dual(value, (1 - value**2) * self.slope)
        ### END SOLUTION


# %% [markdown]
# ## 8. `forward_gradient(f, xs)`
#
# One run with duals gives the slope in one direction. To get the slope in input $j$ alone, let this input move with slope
# 1, and let all others stand still with slope 0. A function of n inputs takes n runs, then.
#
# - `f`: a function of n duals that returns a `Dual`, such as `lambda a, b: a * b + a.sin()`.
# - `xs`: a list of n numbers, where to take the slopes.
# - returns: a list of n numbers, the slope of `f` in each input.
# - `f` is called once for each input, no more.


# %%
def forward_gradient(f, xs):
    """The slopes of f in each of its inputs at xs, by forward mode.

    f: n duals -> a Dual, xs: n numbers -> a list of n numbers.
    """
    ### BEGIN SOLUTION
    slopes = []
    for j in range(len(xs)):
        duals = [Dual(x, 1.0 if i == j else 0.0) for i, x in enumerate(xs)]
        slopes.append(f(*duals).slope)
    return slopes
    ### END SOLUTION


# %% [markdown]
# ## 9. `Value(data)`
#
# Reverse mode, which is what torch does: one run forward, one run back, and you have the slopes in *all* inputs.
#
# Going forward, each new `Value` remembers which values it was computed from, and how fast it changes with each of them:
# its *local* slopes. For $c = a\,b$ these are $b$ for $a$, and $a$ for $b$. They are kept in `inputs`, as pairs of a value
# and a local slope.
#
# Going back, `y.backward()` begins with `y`, whose slope in itself is 1. Each value hands its own slope on to its inputs,
# times the local slope. That is the chain rule. Three things decide whether it works:
#
# - **Add.** A value that is used in two places gets something from both, and needs the sum.
# - **Wait.** A value may hand its slope on only when it has got everything from all who used it. So first find an order in
#   which each value comes after all the values it was computed from, then walk through it from the end.
# - **Start afresh.** `.grad` is where results are added up, as in torch. What an earlier call has left there must not be
#   handed on once more.
#
# What is asked:
#
# - `.data`: a Python number. `.grad`: a number, 0 to begin with.
# - `+ - * / **`, a minus sign in front, `.log()`, `.exp()`, `.sin()` and `.tanh()` give a new `Value`, for the same numbers
#   and exponents as in `Dual`.
# - `y.backward()` adds the slope of `y` in `v` to `v.grad`, for every value `v` that `y` was computed from, for those in
#   between, and for `y` itself. All other values keep their `.grad`. A second call doubles everything.
# - There may be a chain of 200 operations. After `v = v + v` 40 times there are a million million ways from the end to the
#   beginning, and `backward` must still be quick: it visits each value once.
# - You may keep something else than `inputs`, as long as `Value(3.0)` makes a new value.


# %%
class Value(Operators):
    """A number that remembers what it was computed from.

    inputs: pairs (value, local slope).
    """

    def __init__(self, data, inputs=()):
        self.data = data
        self.grad = 0.0
        self.inputs = inputs

    def __add__(self, other):
        """self + other, where other is a Value or a number."""
        ### BEGIN SOLUTION
        if not isinstance(other, Value):
            other = Value(other)
        return Value(self.data + other.data, [(self, 1.0), (other, 1.0)])
        ### END SOLUTION

    def __mul__(self, other):
        """self * other, where other is a Value or a number."""
        ### BEGIN SOLUTION
        if not isinstance(other, Value):
            other = Value(other)
        return Value(self.data * other.data, [(self, other.data), (other, self.data)])
        ### END SOLUTION

    def __pow__(self, other):
        """self ** other, where other is a Value or a number."""
        ### BEGIN SOLUTION
        if isinstance(other, Value):
            return (other * self.log()).exp()
        return Value(self.data**other, [(self, other * self.data ** (other - 1))])
        ### END SOLUTION

    def log(self):
        ### BEGIN SOLUTION
        return Value(math.log(self.data), [(self, 1 / self.data)])
        ### END SOLUTION

    def exp(self):
        ### BEGIN SOLUTION
        data = math.exp(self.data)
        return Value(data, [(self, data)])
        ### END SOLUTION

    def sin(self):
        ### BEGIN SOLUTION
        return Value(math.sin(self.data), [(self, math.cos(self.data))])
        ### END SOLUTION

    def tanh(self):
        ### BEGIN SOLUTION
        data = math.tanh(self.data)
        return Value(data, [(self, 1 - data**2)])
        ### END SOLUTION

    def backward(self):
        """Add the slope of self in each value behind it to that value's grad."""
        ### BEGIN SOLUTION
        order, seen = [], set()

        def visit(value):
            if value not in seen:
                seen.add(value)
                for source, _ in value.inputs:
                    visit(source)
                order.append(value)

        visit(self)
        slopes = dict.fromkeys(order, 0.0)
        slopes[self] = 1.0
        for value in reversed(order):
            for source, local in value.inputs:
                slopes[source] += slopes[value] * local
            value.grad += slopes[value]
        ### END SOLUTION


# %% [markdown]
# ## 10. `cheaper_mode(inputs, outputs)`
#
# You have built both modes. Forward mode takes one run for each input, reverse mode one run back for each output. Suppose
# you want the whole Jacobian of a function with so many inputs and outputs, and that all runs cost the same. Which mode
# takes fewer runs?
#
# - `inputs`, `outputs`: whole numbers, 1 or more.
# - returns: `"forward"`, `"reverse"`, or `"either"` if both take the same number of runs.


# %%
def cheaper_mode(inputs, outputs):
    """Which mode gives a Jacobian of shape (outputs, inputs) in fewer runs: "forward", "reverse" or "either"."""
    ### BEGIN SOLUTION
    if inputs == outputs:
        return "either"
    return "forward" if inputs < outputs else "reverse"
    ### END SOLUTION
