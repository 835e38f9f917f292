"""The reference agrees with loops over single numbers and with published values."""

import pytest
import torch

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("probability", drafts=True).reference)
drawn = torch.Generator().manual_seed(0)
VALUES = torch.randn(5, dtype=torch.float64, generator=drawn)
P = torch.rand(5, dtype=torch.float64, generator=drawn)
P = P / P.sum()
JOINT = torch.rand(3, 4, dtype=torch.float64, generator=drawn)
JOINT = JOINT / JOINT.sum()


def test_frequencies_are_multinomial():
    n = 100_000
    share = reference.empirical_frequencies(P, n, torch.Generator().manual_seed(1))
    again = reference.empirical_frequencies(P, n, torch.Generator().manual_seed(1))
    assert torch.equal(share, again)
    assert float((share - P).abs().max()) < 0.01
    torch.testing.assert_close((share * n).round(), share * n)


def test_expectation_and_variance_are_loops():
    mean = sum(p * x for p, x in zip(P.tolist(), VALUES.tolist(), strict=True))
    spread = sum(p * (x - mean) ** 2 for p, x in zip(P.tolist(), VALUES.tolist(), strict=True))
    assert float(reference.expectation(VALUES, P)) == pytest.approx(mean)
    assert float(reference.variance(VALUES, P)) == pytest.approx(spread)


def test_marginals_and_conditionals_are_loops():
    of_a, of_b = reference.marginals(JOINT)
    assert of_a.tolist() == pytest.approx([sum(row) for row in JOINT.tolist()])
    assert of_b.tolist() == pytest.approx([sum(column) for column in JOINT.T.tolist()])
    for j in range(4):
        column = JOINT[:, j].tolist()
        assert reference.conditional(JOINT, j).tolist() == pytest.approx([entry / sum(column) for entry in column])


def test_bayes_of_the_published_test():
    """Dive into Deep Learning, 2.6: a positive test makes a disease of 0.15 % of all people 13.06 % likely."""
    posterior = reference.bayes(torch.tensor([0.0015, 0.9985]), torch.tensor([1.0, 0.01]))
    assert float(posterior[0]) == pytest.approx(0.1306, abs=5e-5)


def test_what_is_a_distribution():
    assert reference.is_distribution(torch.tensor([0.25, 0.75]))
    assert reference.is_distribution(torch.tensor([0.25, 0.7501]), 1e-3)
    for wrong in ([0.25, 0.7501], [1.5, -0.5], [float("nan"), 1.0]):
        assert not reference.is_distribution(torch.tensor(wrong))
