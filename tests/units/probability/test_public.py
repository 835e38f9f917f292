"""Public checks: probability."""

import torch

from autograder.suite import check, close, expect, hints, items_of, probe, tensor_of


@probe
def thrown(names, p, n):
    """empirical_frequencies(p, n, generator)"""
    return names.empirical_frequencies(p, n, torch.Generator().manual_seed(0))


@check("empirical_frequencies")
def test_frequencies_of_ten_throws(submission):
    """Ten draws from three outcomes: three shares of tenths that sum to 1, and 0 for the impossible one."""
    share = tensor_of(submission.run(thrown, torch.tensor([0.5, 0.0, 0.5]), 10), shape=(3,)).double()
    close(share.sum(), 1.0, atol=1e-5, what="the sum of the shares")
    expect(((10 * share) - (10 * share).round()).abs().max() < 1e-4, "must be tenths", got=share, what="the shares")
    close(share[1], 0.0, what="the share of the outcome with probability 0")


VALUES, P = torch.tensor([1.0, 2.0, 6.0]), torch.tensor([0.5, 0.25, 0.25])


@check("expectation")
def test_expectation_of_three_values(submission):
    """1, 2 and 6 with probabilities 1/2, 1/4 and 1/4 have the expectation 2.5."""
    close(submission.expectation(VALUES, P), torch.tensor(2.5), what="expectation(values, p)")


@check("variance")
def test_variance_of_three_values(submission):
    """1, 2 and 6 with probabilities 1/2, 1/4 and 1/4 have the variance 4.25."""
    close(submission.variance(VALUES, P), torch.tensor(4.25), what="variance(values, p)")


JOINT = torch.tensor([[0.1, 0.2, 0.1], [0.3, 0.2, 0.1]])


@check("marginals")
def test_marginals_of_two_and_three_values(submission):
    """The rows of the table sum to 0.4 and 0.6, its columns to 0.4, 0.4 and 0.2."""
    of_a, of_b = items_of(submission.marginals(JOINT), 2, what="marginals(P)")
    close(of_a, torch.tensor([0.4, 0.6]), what="the distribution of A")
    close(of_b, torch.tensor([0.4, 0.4, 0.2]), what="the distribution of B")


@check("conditional")
def test_conditional_on_the_first_column(submission):
    """The first column, 0.1 and 0.3, becomes 1/4 and 3/4."""
    close(submission.conditional(JOINT, 0), torch.tensor([0.25, 0.75]), what="conditional(P, 0)")


@check("bayes")
def test_bayes_of_a_rare_disease(submission):
    """0.15 % are sick, and 1 % of the healthy test positive: a positive test makes the disease 13.06 % likely."""
    got = submission.bayes(torch.tensor([0.0015, 0.9985]), torch.tensor([1.0, 0.01]))
    close(got, torch.tensor([0.13060, 0.86940]), atol=1e-4, what="bayes(prior, likelihood)")


@check("is_distribution")
def test_three_claims(submission):
    """(1/2, 1/2) is a distribution; (1/2, 1/4) and (3/2, -1/2) are none."""
    answers = [bool(submission.is_distribution(torch.tensor(p))) for p in ([0.5, 0.5], [0.5, 0.25], [1.5, -0.5])]
    expect(answers == [True, False, False], "must be [True, False, False]", got=answers, what="the three answers")


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "empirical_frequencies",
    question="Which function of torch draws indices with given probabilities, and does it put them back?",
    idea="Draw n indices, count how often each of the k outcomes is among them, and divide by n. Take care that outcomes which "
    "never came up are counted too.",
    formula="shareᵢ = (draws equal to i) / n",
)

hints(
    "expectation",
    question="If 1 comes up in three of four cases and 5 in one, what is the mean of many draws?",
    idea="Each value counts as much as it is likely: multiply entry by entry, and add up.",
    formula="E[X] = Σ pᵢ xᵢ",
)

hints(
    "variance",
    question="How far is each value from the expectation, and how much does each of these distances count?",
    idea="First the expectation, then the squared distance of each value from it, then the expectation of these squares.",
    formula="Var[X] = Σ pᵢ (xᵢ − E[X])²",
)

hints(
    "marginals",
    question="In how many ways can A be 0?",
    idea="Whatever B is: add up the probabilities of all pairs with this value of A. They stand in one row of P.",
    formula="P(A = i) = Σⱼ Pᵢⱼ, P(B = j) = Σᵢ Pᵢⱼ",
)

hints(
    "conditional",
    question="Once you know that B is j, which entries of P still matter?",
    idea="Take the column of j. Its entries have the right proportions, but not the right sum.",
    formula="P(A = i | B = j) = Pᵢⱼ / Σₖ Pₖⱼ",
)

hints(
    "bayes",
    question="Of 100,000 people, how many are sick and positive, and how many healthy and positive?",
    idea="Multiply entry by entry what was believed and how well it explains the observation; then make it sum to 1.",
    formula="posteriorᵢ = priorᵢ likelihoodᵢ / Σₖ priorₖ likelihoodₖ",
)

hints(
    "is_distribution",
    question="Can you find three numbers that sum to 1 and are no distribution?",
    idea="Two conditions, and both must hold: one about every entry, one about their sum. What does a comparison with nan give?",
    formula="pᵢ ≥ 0 for all i, and |Σ pᵢ − 1| ≤ tol",
)
