"""Other correct ways to write probability."""

import math

import torch

from autograder.suite import accepted


@accepted("empirical_frequencies", "counted in a loop")
def frequencies_by_loop(p, n, generator):
    counts = torch.zeros(len(p))
    for draw in torch.multinomial(p, n, replacement=True, generator=generator):
        counts[draw] += 1
    return counts / n


@accepted("empirical_frequencies", "uniform numbers and edges")
def frequencies_by_edges(p, n, generator):
    edges = torch.cumsum(p / p.sum(), dim=0)
    draws = torch.searchsorted(edges, torch.rand(n, generator=generator, dtype=p.dtype), right=True).clamp(
        max=len(p) - 1
    )
    return torch.stack([(draws == i).double().mean() for i in range(len(p))])


@accepted("empirical_frequencies", "one-hot rows")
def frequencies_by_one_hot(p, n, generator):
    draws = p.multinomial(n, True, generator=generator)
    return torch.eye(len(p))[draws].sum(0) / n


@accepted("expectation", "dot product")
def expectation_by_dot(values, p):
    return torch.dot(values, p)


@accepted("expectation", "a loop")
def expectation_by_loop(values, p):
    total = torch.zeros((), dtype=values.dtype)
    for x, q in zip(values, p):
        total += x * q
    return total


@accepted("expectation", "divided by the sum of the weights")
def expectation_by_average(values, p):
    return (values * p).sum() / p.sum()


@accepted("variance", "by its own expectation")
def variance_by_expectation(values, p):
    return expectation((values - expectation(values, p)) ** 2, p)


@accepted("variance", "dot product")
def variance_by_dot(values, p):
    d = values - p.dot(values)
    return p.dot(d * d)


@accepted("variance", "a loop")
def variance_by_loop(values, p):
    mu = sum(q * x for q, x in zip(p, values))
    return sum(q * (x - mu) ** 2 for q, x in zip(p, values))


@accepted("marginals", "a list")
def marginals_as_list(P):
    return [torch.sum(P, 1), torch.sum(P, 0)]


@accepted("marginals", "einsum")
def marginals_by_einsum(P):
    return torch.einsum("ij->i", P), torch.einsum("ij->j", P)


@accepted("marginals", "loops")
def marginals_by_loops(P):
    return torch.stack([row.sum() for row in P]), torch.stack([column.sum() for column in P.T])


@accepted("conditional", "by the marginal of B")
def conditional_by_marginal(P, j):
    _, of_b = marginals(P)
    return P[:, j] / of_b[j]


@accepted("conditional", "all columns at once")
def conditional_of_all(P, j):
    return (P / P.sum(0))[:, j]


@accepted("conditional", "transposed")
def conditional_transposed(P, j):
    column = P.T[j].clone()
    column /= column.sum()
    return column


@accepted("bayes", "a dot product below")
def bayes_by_dot(prior, likelihood):
    return likelihood * prior / prior.dot(likelihood)


@accepted("bayes", "in logarithms")
def bayes_in_logarithms(prior, likelihood):
    return torch.softmax(prior.log() + likelihood.log(), dim=0)


@accepted("bayes", "a loop")
def bayes_by_loop(prior, likelihood):
    evidence = sum(p * q for p, q in zip(prior, likelihood))
    return torch.stack([p * q / evidence for p, q in zip(prior, likelihood)])


@accepted("is_distribution", "nothing below 0")
def is_distribution_by_min(p, tol=1e-6):
    if torch.isnan(p).any() or p.min() < 0:
        return False
    return torch.abs(p.sum() - 1).item() <= tol


@accepted("is_distribution", "a tensor of truth")
def is_distribution_as_tensor(p, tol=1e-6):
    return (p >= 0).all() & ((p.sum() - 1).abs() <= tol)


@accepted("is_distribution", "math.isclose")
def is_distribution_by_isclose(p, tol=1e-6):
    return all(x >= 0 for x in p.tolist()) and math.isclose(sum(p.tolist()), 1.0, rel_tol=0.0, abs_tol=tol)
