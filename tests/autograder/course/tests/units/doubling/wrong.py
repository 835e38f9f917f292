"""Known mistakes of the engine's test course."""

from autograder.suite import misconception


@misconception(
    "double",
    "squares instead of doubling",
    hint="Two times, not to the power two.",
)
def square(X):
    return X**2


@misconception("double", "adds two", hint="Two times, not two more.")
def add_two(X):
    return X + 2
