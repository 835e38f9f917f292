"""Other correct ways to differentiate automatically, the lectures' own among them."""

import heapq
import math

import torch

from autograder.suite import accepted


@accepted("gradients", "as in the lecture: backward, copy, zero_")
def gradients_of_the_lecture(f, g, x):
    x.requires_grad_(True)
    if x.grad is not None:
        x.grad.zero_()
    y = f(x)
    y.backward()
    first = x.grad.clone()
    x.grad.zero_()
    y = g(x)
    y.backward()
    return first, x.grad


@accepted("gradients", "torch.autograd.grad, in a list")
def gradients_by_grad(f, g, x):
    return [torch.autograd.grad(h(x), x)[0] for h in (f, g)]


@accepted("gradients", "a new leaf for each function")
def gradients_of_leaves(f, g, x):
    a, b = x.detach().clone().requires_grad_(), x.detach().clone().requires_grad_()
    (f(a) + g(b)).backward()
    return a.grad, b.grad


@accepted("gradients", "torch.func")
def gradients_by_func(f, g, x):
    return torch.func.grad(f)(x.detach()), torch.func.grad(g)(x.detach())


@accepted("detach_product", "as in the lecture: u, detach, sum")
def detach_product_of_the_lecture(x):
    x.requires_grad_(True)
    y = x * x
    u = y.detach()
    z = u * x
    z.sum().backward()
    return x.grad


@accepted("detach_product", "under no_grad")
def detach_product_under_no_grad(x):
    x = x.detach().requires_grad_()
    with torch.no_grad():
        u = x**2
    (grad,) = torch.autograd.grad((u * x).sum(), x)
    return grad


@accepted("detach_product", "worked out on paper")
def detach_product_on_paper(x):
    return x * x


@accepted("control_flow_grad", "as in the lecture: f with norm and sum")
def control_flow_of_the_lecture(a):
    def f(a):
        b = a * 2
        while b.norm() < 1000:
            b = b * 2
        if b.sum() > 0:
            c = b
        else:
            c = 100 * b
        return c

    a.requires_grad_(True)
    d = f(a)
    d.backward()
    return a.grad


@accepted("control_flow_grad", "the factor counted with plain numbers")
def control_flow_by_factor(a):
    factor = 2.0
    while abs(float(a)) * factor < 1000:
        factor *= 2
    return torch.tensor(factor if a > 0 else 100 * factor, dtype=a.dtype)


@accepted("control_flow_grad", "the value divided by a")
def control_flow_by_division(a):
    b = a + a
    while abs(b) < 1000:
        b = b + b
    return (b if b > 0 else b * 100) / a


@accepted("accumulated_gradient", "in the manner of the lecture: a sum and a division of the gradients at the end")
def accumulated_of_the_lecture(net, loss, batches):
    for param in net.parameters():
        if param.grad is not None:
            param.grad.zero_()
    n = 0
    for X, y in batches:
        l = loss(net(X), y)
        l.sum().backward()
        n += y.shape[0]
    return [param.grad / n for param in net.parameters()]


@accepted("accumulated_gradient", "weighted means")
def accumulated_by_weights(net, loss, batches):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    optimizer.zero_grad()
    sizes = [X.shape[0] for X, _ in batches]
    for size, (X, y) in zip(sizes, batches):
        l = loss(net(X), y).mean() * size / sum(sizes)
        l.backward()
    return tuple(p.grad.clone() for p in net.parameters())


@accepted("accumulated_gradient", "torch.autograd.grad, added up by hand")
def accumulated_by_grad(net, loss, batches):
    params = list(net.parameters())
    total, count = [torch.zeros_like(p) for p in params], 0
    for X, y in batches:
        losses = loss(net(X), y)
        count += losses.numel()
        for t, g in zip(total, torch.autograd.grad(losses.sum(), params)):
            t += g
    return [t / count for t in total]


@accepted("jvp", "in the manner of the lecture: torch.mv")
def jvp_by_mv(J, t):
    return torch.mv(J, t)


@accepted("jvp", "a loop over outputs")
def jvp_by_rows(J, t):
    return torch.stack([torch.dot(row, t) for row in J])


@accepted("jvp", "a combination of columns, lengths compared")
def jvp_by_columns(J, t):
    assert t.shape == (J.shape[1],)
    result = torch.zeros(J.shape[0], dtype=J.dtype)
    for j in range(len(t)):
        result += t[j] * J[:, j]
    return result


@accepted("vjp", "in the manner of the lecture: torch.mv of the transposed")
def vjp_by_mv(v, J):
    return torch.mv(J.T, v)


@accepted("vjp", "broadcast, lengths compared")
def vjp_by_broadcasting(v, J):
    if len(v) != len(J):
        raise ValueError("one entry for each output is needed")
    return (v.reshape(-1, 1) * J).sum(0)


@accepted("vjp", "weighted rows, lengths compared by zip")
def vjp_by_loop(v, J):
    pairs = zip(v, J, strict=True)
    return sum(weight * row for weight, row in pairs)


class Rules:
    """Python's operators by two-sided rules: `of(function, slopes, *operands)`."""

    def __add__(self, other):
        return self.of(lambda a, b: a + b, lambda a, b: (1, 1), self, other)

    def __sub__(self, other):
        return self.of(lambda a, b: a - b, lambda a, b: (1, -1), self, other)

    def __mul__(self, other):
        return self.of(lambda a, b: a * b, lambda a, b: (b, a), self, other)

    def __truediv__(self, other):
        return self.of(lambda a, b: a / b, lambda a, b: (1 / b, -a / b**2), self, other)

    def __pow__(self, other):
        if isinstance(other, (int, float)):
            return self.of(lambda a: a**other, lambda a: (other * a ** (other - 1),), self)
        return self.of(lambda a, b: a**b, lambda a, b: (b * a ** (b - 1), a**b * math.log(a)), self, other)

    def __rsub__(self, other):
        return self.of(lambda a, b: a - b, lambda a, b: (1, -1), other, self)

    def __rtruediv__(self, other):
        return self.of(lambda a, b: a / b, lambda a, b: (1 / b, -a / b**2), other, self)

    def __rpow__(self, other):
        return self.of(lambda b: other**b, lambda b: (other**b * math.log(other),), self)

    def __neg__(self):
        return self.of(lambda a: -a, lambda a: (-1,), self)

    def log(self):
        return self.of(math.log, lambda a: (1 / a,), self)

    def exp(self):
        return self.of(math.exp, lambda a: (math.exp(a),), self)

    def sin(self):
        return self.of(math.sin, lambda a: (math.cos(a),), self)

    def tanh(self):
        return self.of(math.tanh, lambda a: (1 / math.cosh(a) ** 2,), self)

    __radd__, __rmul__ = __add__, __mul__


@accepted("Dual", "every operator by a rule of its own")
class DualByRules(Rules):
    def __init__(self, value, slope=0):
        self.value, self.slope = value, slope

    @staticmethod
    def of(function, slopes, *operands):
        duals = [each if isinstance(each, DualByRules) else DualByRules(each) for each in operands]
        values = [dual.value for dual in duals]
        return DualByRules(function(*values), sum(s * dual.slope for s, dual in zip(slopes(*values), duals)))


@accepted("Dual", "case by case, with numbers treated apart")
class DualByCases(Operators):
    def __init__(self, value, slope):
        self.value = value
        self.slope = slope

    def __add__(self, other):
        if isinstance(other, (int, float)):
            return DualByCases(self.value + other, self.slope)
        return DualByCases(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other):
        if isinstance(other, (int, float)):
            return DualByCases(self.value * other, self.slope * other)
        return DualByCases(self.value * other.value, self.value * other.slope + other.value * self.slope)

    def __pow__(self, other):
        if isinstance(other, (int, float)):
            return DualByCases(self.value**other, other * self.value ** (other - 1) * self.slope)
        value = self.value**other.value
        by_base = other.value * self.value ** (other.value - 1) * self.slope
        return DualByCases(value, by_base + value * math.log(self.value) * other.slope)

    def log(self):
        return DualByCases(math.log(self.value), self.slope / self.value)

    def exp(self):
        return DualByCases(math.exp(self.value), math.exp(self.value) * self.slope)

    def sin(self):
        return DualByCases(math.sin(self.value), self.slope * math.cos(self.value))

    def tanh(self):
        e = math.exp(-2 * abs(self.value))
        value = math.copysign((1 - e) / (1 + e), self.value)
        return DualByCases(value, self.slope * (1 + value) * (1 - value))


@accepted("Dual", "tensors for numbers, and torch's functions")
class DualOfTensors(Operators):
    def __init__(self, value, slope):
        self.value = torch.as_tensor(value, dtype=torch.float64)
        self.slope = torch.as_tensor(slope, dtype=torch.float64)

    def __add__(self, other):
        value, slope = (other.value, other.slope) if hasattr(other, "slope") else (other, 0)
        return DualOfTensors(self.value + value, self.slope + slope)

    def __mul__(self, other):
        value, slope = (other.value, other.slope) if hasattr(other, "slope") else (other, 0)
        return DualOfTensors(self.value * value, self.slope * value + self.value * slope)

    def __pow__(self, other):
        if hasattr(other, "slope"):
            return (self.log() * other).exp()
        return DualOfTensors(self.value**other, self.slope * other * self.value ** (other - 1))

    def log(self):
        return DualOfTensors(torch.log(self.value), self.slope / self.value)

    def exp(self):
        return DualOfTensors(torch.exp(self.value), self.slope * torch.exp(self.value))

    def sin(self):
        return DualOfTensors(torch.sin(self.value), self.slope * torch.cos(self.value))

    def tanh(self):
        return DualOfTensors(torch.tanh(self.value), self.slope * (1 - torch.tanh(self.value) ** 2))


@accepted("forward_gradient", "lists that are changed in one place")
def forward_gradient_by_lists(f, xs):
    result = []
    for j in range(len(xs)):
        duals = [Dual(x, 0.0) for x in xs]
        duals[j] = Dual(xs[j], 1.0)
        result.append(f(*duals).slope)
    return result


@accepted("forward_gradient", "rows of the identity, a tuple returned")
def forward_gradient_by_rows(f, xs):
    directions = torch.eye(len(xs)).tolist()
    return tuple(f(*[Dual(x, s) for x, s in zip(xs, row)]).slope for row in directions)


@accepted("forward_gradient", "in the manner of the lecture: a function for one direction")
def forward_gradient_by_directions(f, xs):
    def directional(direction):
        return f(*map(Dual, xs, direction)).slope

    return [directional([int(i == j) for i in range(len(xs))]) for j in range(len(xs))]


@accepted("Value", "closures, grads of earlier calls put aside")
class ValueWithClosures(Operators):
    def __init__(self, data, children=()):
        self.data = data
        self.grad = 0
        self._children = set(children)
        self._back = lambda: None

    def _lift(self, other):
        return other if isinstance(other, ValueWithClosures) else ValueWithClosures(other)

    def __add__(self, other):
        other = self._lift(other)
        out = ValueWithClosures(self.data + other.data, (self, other))

        def back():
            self.grad += out.grad
            other.grad += out.grad

        out._back = back
        return out

    def __mul__(self, other):
        other = self._lift(other)
        out = ValueWithClosures(self.data * other.data, (self, other))

        def back():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._back = back
        return out

    def __pow__(self, other):
        if isinstance(other, ValueWithClosures):
            return (self.log() * other).exp()
        return self._function(self.data**other, other * self.data ** (other - 1))

    def _function(self, data, local):
        out = ValueWithClosures(data, (self,))

        def back():
            self.grad += local * out.grad

        out._back = back
        return out

    def log(self):
        return self._function(math.log(self.data), 1 / self.data)

    def exp(self):
        return self._function(math.exp(self.data), math.exp(self.data))

    def sin(self):
        return self._function(math.sin(self.data), math.cos(self.data))

    def tanh(self):
        return self._function(math.tanh(self.data), 1 - math.tanh(self.data) ** 2)

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._children:
                    build(child)
                topo.append(v)

        build(self)
        before = {v: v.grad for v in topo}
        for v in topo:
            v.grad = 0
        self.grad = 1
        for v in reversed(topo):
            v._back()
        for v in topo:
            v.grad += before[v]


@accepted("Value", "numbered as they are made, the latest first")
class ValueWithNumbers(Rules):
    made = 0

    def __init__(self, data, inputs=()):
        self.data, self.grad, self.inputs = data, 0.0, inputs
        ValueWithNumbers.made += 1
        self.number = ValueWithNumbers.made

    @staticmethod
    def of(function, slopes, *operands):
        values = [each if isinstance(each, ValueWithNumbers) else ValueWithNumbers(each) for each in operands]
        data = [value.data for value in values]
        return ValueWithNumbers(function(*data), list(zip(values, slopes(*data))))

    def backward(self):
        waiting, slopes = [(-self.number, self)], {self.number: 1.0}
        while waiting:
            _, value = heapq.heappop(waiting)
            slope = slopes[value.number]
            value.grad += slope
            for source, local in value.inputs:
                if source.number not in slopes:
                    heapq.heappush(waiting, (-source.number, source))
                slopes[source.number] = slopes.get(source.number, 0.0) + slope * local


@accepted("Value", "users counted, without recursion")
class ValueWithCounts(Operators):
    def __init__(self, data, inputs=()):
        self.data = float(data)
        self.grad = 0.0
        self.inputs = inputs

    def __add__(self, other):
        if isinstance(other, ValueWithCounts):
            return ValueWithCounts(self.data + other.data, [(self, 1), (other, 1)])
        return ValueWithCounts(self.data + other, [(self, 1)])

    def __mul__(self, other):
        if isinstance(other, ValueWithCounts):
            return ValueWithCounts(self.data * other.data, [(self, other.data), (other, self.data)])
        return ValueWithCounts(self.data * other, [(self, other)])

    def __pow__(self, other):
        if isinstance(other, ValueWithCounts):
            data = self.data**other.data
            slopes = [(self, other.data * data / self.data), (other, data * math.log(self.data))]
            return ValueWithCounts(data, slopes)
        return ValueWithCounts(self.data**other, [(self, other * self.data ** (other - 1))])

    def log(self):
        return ValueWithCounts(math.log(self.data), [(self, 1 / self.data)])

    def exp(self):
        return ValueWithCounts(math.exp(self.data), [(self, math.exp(self.data))])

    def sin(self):
        return ValueWithCounts(math.sin(self.data), [(self, math.cos(self.data))])

    def tanh(self):
        return ValueWithCounts(math.tanh(self.data), [(self, 1 / math.cosh(self.data) ** 2)])

    def backward(self):
        users, found = {id(self): 0}, [self]
        for value in found:
            for source, _ in value.inputs:
                if id(source) not in users:
                    users[id(source)] = 0
                    found.append(source)
                users[id(source)] += 1
        slopes, ready = {id(self): 1.0}, [self]
        while ready:
            value = ready.pop()
            slope = slopes[id(value)]
            value.grad += slope
            for source, local in value.inputs:
                slopes[id(source)] = slopes.get(id(source), 0.0) + local * slope
                users[id(source)] -= 1
                if users[id(source)] == 0:
                    ready.append(source)


@accepted("cheaper_mode", "the smaller of two counts")
def cheaper_mode_by_runs(inputs, outputs):
    runs = {"forward": inputs, "reverse": outputs}
    if len(set(runs.values())) == 1:
        return "either"
    return min(runs, key=runs.get)


@accepted("cheaper_mode", "three cases")
def cheaper_mode_by_cases(inputs, outputs):
    if inputs < outputs:
        return "forward"
    elif inputs > outputs:
        return "reverse"
    else:
        return "either"


@accepted("cheaper_mode", "in the manner of the lecture: the sign of the difference")
def cheaper_mode_by_sign(inputs, outputs):
    difference = inputs - outputs
    return "either" if not difference else ("reverse" if difference > 0 else "forward")
