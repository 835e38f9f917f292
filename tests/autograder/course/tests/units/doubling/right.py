"""Other correct ways to double."""

from autograder.suite import accepted


@accepted("double", "addition")
def add(X):
    return X + X
