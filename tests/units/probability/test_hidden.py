"""Hidden suite: probability."""

import torch

from autograder.suite import (
    binomial_bounds,
    check,
    close,
    contract,
    distributions,
    equal,
    expect,
    given,
    items_of,
    number_of,
    probe,
    settings,
    st,
    tensor_of,
    tensors,
    together,
)

F64 = torch.float64
SIZES = st.integers(2, 6)
EIGHTHS = st.integers(1, 8)


def law(size):
    """A distribution over so many outcomes."""
    return distributions(1, size).map(lambda rows: rows[0])


# empirical_frequencies


@probe
def frequencies(names, p, n, seed, elsewhere):
    """empirical_frequencies(p, n, generator)"""
    torch.manual_seed(elsewhere)
    generator = torch.Generator().manual_seed(seed)
    return [torch.as_tensor(names.empirical_frequencies(p, n, generator)).double() for _ in range(2)]


CALL = "empirical_frequencies(p, n, generator)"


@st.composite
def loaded(draw):
    """A distribution in which one outcome is impossible, none of the others with a round probability."""
    p = draw(law(st.integers(3, 6))).double() + 0.1003
    p[draw(st.integers(0, len(p) - 1))] = 0
    return p / p.sum()


@check("empirical_frequencies", points=2)
@settings(max_examples=12)
@given(p=loaded(), n=st.sampled_from([1, 7, 50]), seed=st.integers(0, 99))
def test_frequencies_are_shares_of_n_draws(submission, p, n, seed):
    """The shares are whole numbers divided by n, they sum to 1, and what is impossible has 0."""
    for share in items_of(submission.run(frequencies, p, n, seed, 0), 2):
        share = tensor_of(share, shape=p.shape, what=CALL)
        counts = share * n
        expect(
            (counts - counts.round()).abs().max() < 1e-4, f"must be whole numbers divided by {n}", got=share, what=CALL
        )
        close(share.sum(), 1.0, atol=1e-5, what=f"{CALL}.sum()")
        equal(share[p == 0], torch.zeros(1, dtype=F64), what="the share of an outcome with probability 0")


@check("empirical_frequencies", points=3)
@settings(max_examples=3)
@given(p=loaded(), seed=st.integers(0, 99))
def test_frequencies_come_near_the_probabilities(submission, p, seed):
    """In 20,000 draws each outcome comes up about as often as its probability says."""
    n = 20_000
    for share in items_of(submission.run(frequencies, p, n, seed, 0), 2):
        share = tensor_of(share, shape=p.shape, what=CALL)
        whole = (share * n - (share * n).round()).abs().max() < 0.01
        expect(whole, f"must be whole numbers divided by {n}", got=share, what=CALL)
        for i, probability in enumerate(p.tolist()):
            low, high = binomial_bounds(n, probability) if probability else (0, 0)
            problem = f"must lie between {low / n:.3f} and {high / n:.3f}, for a probability of {probability:.3f}"
            what = f"the share of outcome {i} in {n} draws"
            expect(low - 0.5 <= float(share[i] * n) <= high + 0.5, problem, got=float(share[i]), what=what)


@check("empirical_frequencies", points=1)
@settings(max_examples=3)
@given(seed=st.integers(0, 99))
def test_the_generator_alone_decides(submission, seed):
    """The same generator gives the same shares, whatever torch.manual_seed said, and its next draws are others."""
    p = torch.full((20,), 0.05, dtype=F64)
    one, following = (
        tensor_of(t, shape=(20,), what=CALL) for t in items_of(submission.run(frequencies, p, 1000, seed, 1), 2)
    )
    other = items_of(submission.run(frequencies, p, 1000, seed, 2), 2)[0]
    equal(other, one, what=f"{CALL} with a generator of the same seed")
    # Counts of 20 outcomes agree by chance once in 10^20 times.
    expect(
        not torch.equal(one, following),
        "must differ from those before",
        what="the shares of the next draws of one generator",
    )


# expectation, variance


@st.composite
def variables(draw, size=SIZES, elements=None):
    """Values and their probabilities, of one dtype."""
    p = draw(law(size))
    if elements is None:
        return draw(tensors((len(p),), dtype=p.dtype, layouts=False)), p
    p = p.double()
    return draw(tensors((len(p),), elements=elements, dtype=F64, layouts=False)), p / p.sum()


contract(
    "expectation",
    inputs=together(variables(), "values", "p"),
    matches="expectation(values, p) is the sum of each value times its probability.",
    also={
        "single": ("There may be a single outcome, which is certain.", together(variables(st.just(1)), "values", "p"))
    },
)


@probe
def expected(names, values, p):
    """expectation(values, p)"""
    return [names.expectation(each, p) for each in (values, 3 * values - 2)]


@check("expectation", points=1)
@settings(max_examples=10)
@given(case=variables())
def test_expectation_is_linear(submission, case):
    """E[3X − 2] is 3 E[X] − 2, and E[X] lies between the least and the largest value."""
    values, p = case
    plain, turned = (
        number_of(each, what="expectation(values, p)") for each in items_of(submission.run(expected, values, p), 2)
    )
    close(turned, 3 * plain - 2, rtol=1e-4, atol=1e-4, what="expectation(3 * values - 2, p)")
    what = "expectation(values, p)"
    expect(values.min() - 1e-3 <= plain <= values.max() + 1e-3, "must lie between the values", got=plain, what=what)
    close(plain, float(p.double() @ values.double()), rtol=1e-4, atol=1e-4, what=what)


# So far from 0 that the squares lose what matters.
FAR = st.integers(-4, 4).map(lambda n: 1e8 + n / 2)

contract(
    "variance",
    inputs=together(variables(), "values", "p"),
    matches="variance(values, p) is the expected squared distance from the expectation.",
    also={
        "far": ("It is right for values near 100 million, too.", together(variables(elements=FAR), "values", "p")),
    },
)


@probe
def varied(names, values, p):
    """variance(values, p)"""
    return [names.variance(each, p) for each in (values, 3 * values - 2, 0 * values + 7)]


@check("variance", points=1)
@settings(max_examples=10)
@given(case=variables())
def test_variance_of_a_stretched_and_shifted_variable(submission, case):
    """Var[3X − 2] is 9 Var[X], and a constant has the variance 0."""
    values, p = case
    found = items_of(submission.run(varied, values, p), 3)
    plain, turned, constant = (number_of(each, what="variance(values, p)") for each in found)
    spread = float(p.double() @ (values.double() - p.double() @ values.double()) ** 2)
    close(plain, spread, rtol=1e-4, atol=1e-4, what="variance(values, p)")
    close(turned, 9 * plain, rtol=1e-3, atol=1e-3, what="variance(3 * values - 2, p)")
    close(constant, 0.0, atol=1e-6, what="variance(values, p) where all values are 7")


# marginals, conditional


@st.composite
def joint(draw, rows=SIZES, columns=SIZES):
    """The joint distribution of two variables."""
    a, b = draw(rows), draw(columns)
    return draw(distributions(1, a * b)).reshape(a, b)


contract(
    "marginals",
    inputs={"P": joint()},
    matches="The distribution of A sums over B, along the rows of P; that of B sums over A.",
    also={"single": ("A or B may have a single value.", {"P": joint(st.integers(1, 2), st.just(1))})},
    returns=["the distribution of A", "the distribution of B"],
    keeps=True,
)


@st.composite
def observed(draw, rows=SIZES, columns=SIZES):
    """A joint distribution, and a value of B."""
    P = draw(joint(rows, columns))
    return P, draw(st.integers(0, P.shape[1] - 1))


contract(
    "conditional",
    inputs=together(observed(), "P", "j"),
    matches="conditional(P, j) is column j of P, divided by its sum.",
    also={"single": ("A or B may have a single value.", together(observed(st.integers(1, 2), st.just(1)), "P", "j"))},
    keeps=True,
)


@check("conditional", points=1)
@settings(max_examples=10)
@given(case=observed())
def test_conditional_sums_to_one(submission, case):
    """It is a distribution, with the proportions of column j."""
    P, j = case
    given_j = tensor_of(submission.conditional(P, j), shape=(len(P),))
    close(given_j.sum(), 1.0, rtol=1e-4, what="conditional(P, j).sum()")
    close(given_j * P[:, j].sum(), P[:, j], rtol=1e-4, what="conditional(P, j) * P[:, j].sum()")


# bayes


@st.composite
def beliefs(draw, size=SIZES, shares=EIGHTHS):
    """Prior and likelihood of one dtype; likelihoods are eighths."""
    prior = draw(law(size))
    numbers = draw(st.lists(shares, min_size=len(prior), max_size=len(prior)).filter(any))
    return prior, torch.tensor(numbers, dtype=prior.dtype) / 8


contract(
    "bayes",
    inputs=together(beliefs(), "prior", "likelihood"),
    matches="The posterior is prior times likelihood, divided by the sum of these products.",
    also={
        "impossible": ("A hypothesis under which the observation is impossible gets 0.", together(beliefs(shares=st.sampled_from([0, 4])), "prior", "likelihood")),
    },
    keeps=True,
)  # fmt: skip


@probe
def learned(names, prior, likelihood):
    """bayes(prior, likelihood)"""
    even = torch.full_like(prior, 0.25)
    return [
        names.bayes(prior, even),
        names.bayes(names.bayes(prior, likelihood), likelihood),
        names.bayes(prior, likelihood**2),
    ]


@check("bayes", points=1)
@settings(max_examples=10)
@given(case=beliefs())
def test_bayes_of_equal_likelihoods_and_of_two_observations(submission, case):
    """Where all hypotheses explain it equally well, nothing changes; two observations count like one of both."""
    prior, likelihood = case
    even, twice, both = items_of(submission.run(learned, prior, likelihood), 3)
    close(even, prior, rtol=1e-4, what="bayes(prior, likelihood) where all likelihoods are 0.25")
    both = tensor_of(both, shape=prior.shape, what="bayes(prior, likelihood**2)")
    close(twice, both, rtol=1e-3, atol=1e-5, what="bayes(bayes(prior, likelihood), likelihood)")


# is_distribution


@probe
def judged(names, p, tol):
    """is_distribution(p, tol)"""
    return bool(names.is_distribution(p, tol))


TOLERANCES = st.sampled_from([1e-6, 1e-3])


@st.composite
def claims(draw, faults):
    """What may be a distribution, and a tolerance: the sum may be off by so many tolerances, or an entry be below 0."""
    p, tol, fault = draw(law(st.integers(3, 5))).double(), draw(TOLERANCES), draw(st.sampled_from(faults))
    p[-1] *= draw(st.integers(0, 1))
    p /= p.sum()
    if fault == "negative":
        p[0], p[1] = p[0] + p[1] + 0.125, -0.125
    elif fault == "nan":
        p[draw(st.integers(0, len(p) - 1))] = float("nan")
    else:
        p[0] += fault * tol
    return p, tol


contract(
    "is_distribution",
    asked=judged,
    call="is_distribution(p, tol)",
    inputs=together(claims([0.0, 0.0, -5.0, 5.0, "negative"]), "p", "tol"),
    matches="It is True where no entry is below 0 and the sum is 1, and False otherwise.",
    also={
        "rounded": ("A sum that is off by less than tol counts as 1.", together(claims([-0.2, 0.2, 5.0]), "p", "tol")),
        "nan": ("What holds a nan is no distribution.", together(claims(["nan", 0.0]), "p", "tol")),
    },
    form=False,
    keeps=True,
)
