"""Right answers of linear algebra in other styles, the lectures' own among them."""

from autograder.suite import accepted
